// Command jujuc is the Go side of the unit agent's socket, with nothing but net/rpc and encoding/gob of the standard library: a server as the
// unit agent has it, and a client as the executables of the hook tools have it. Tests compare with it what was written without Go.
//
//	jujuc serve SOCKET 3.6|4.0 CONTEXT   prints a line when it serves
//	jujuc call SOCKET 3.6|4.0            a request a line in JSON, an answer a line in JSON
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/rpc"
	"os"

	"jujuc/agent"
	"jujuc/juju36"
	"jujuc/juju40"
)

func main() {
	var err error
	switch os.Args[1] {
	case "serve":
		err = serve(os.Args[2], os.Args[3], os.Args[4])
	case "call":
		err = call(os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serve(path, line, context string) error {
	// What net/rpc says of connections that it gives up.
	log.SetOutput(io.Discard)
	var service any = juju40.New(context)
	if line == "3.6" {
		service = juju36.New(context)
	}
	server := rpc.NewServer()
	if err := server.RegisterName("Jujuc", service); err != nil {
		return err
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	fmt.Println("serving")
	server.Accept(listener)
	return nil
}

type answer struct {
	Error  string
	Code   int
	Stdout []byte
	Stderr []byte
}

func call(path, line string) error {
	client, err := rpc.Dial("unix", path)
	if err != nil {
		return err
	}
	defer client.Close()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var req any = &juju40.Request{}
		if line == "3.6" {
			req = &juju36.Request{}
		}
		if err := json.Unmarshal(lines.Bytes(), req); err != nil {
			return err
		}
		var resp agent.ExecResponse
		told := answer{}
		if err := client.Call("Jujuc.Main", req, &resp); err != nil {
			told.Error = err.Error()
		}
		told.Code, told.Stdout, told.Stderr = resp.Code, resp.Stdout, resp.Stderr
		if err := out.Encode(told); err != nil {
			return err
		}
	}
	return lines.Err()
}
