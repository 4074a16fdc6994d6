// Package agent answers requests for hook tools, whichever layout they had.
package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"sync"
)

// Request has all fields that any line of Juju has.
type Request struct {
	ContextId   string
	Dir         string
	CommandName string
	Args        []string
	StdinSet    bool
	Stdin       []byte
	Token       string
}

// ExecResponse has the fields of github.com/juju/utils/exec.ExecResponse.
type ExecResponse struct {
	Code   int
	Stdout []byte
	Stderr []byte
}

// Agent runs one call at a time.
type Agent struct {
	mu         sync.Mutex
	ContextID  string
	WrongToken func(token string) bool
	// WrongContext words the refusal of another context.
	WrongContext func(wanted, got string) string
}

func badRequest(format string, values ...any) error {
	return fmt.Errorf("bad request: "+format, values...)
}

// Run refuses what the unit agent refuses, in its order and words.
func (a *Agent) Run(req Request, resp *ExecResponse) error {
	if req.CommandName == "" {
		return badRequest("command not specified")
	}
	if !filepath.IsAbs(req.Dir) {
		return badRequest("Dir is not absolute")
	}
	if a.WrongToken(req.Token) {
		return badRequest("token does not match")
	}
	if req.ContextId != a.ContextID {
		return badRequest("%s", a.WrongContext(a.ContextID, req.ContextId))
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch req.CommandName {
	case "relation-ids":
		resp.Stdout = []byte("[]\n")
	case "config-get":
		// Shows what has arrived.
		text, err := json.Marshal(map[string]any{
			"args": req.Args, "dir": req.Dir, "stdin-set": req.StdinSet, "stdin": string(req.Stdin),
		})
		if err != nil {
			return err
		}
		resp.Stdout = append(text, '\n')
	case "relation-get":
		// As many bytes as are asked for.
		size, err := strconv.Atoi(req.Args[0])
		if err != nil {
			return err
		}
		resp.Stdout = bytes.Repeat([]byte("x"), size)
	case "state-set":
		if !req.StdinSet {
			return errors.New("hook tool requires stdin, none supplied")
		}
		resp.Stdout = fmt.Appendf(nil, "%d bytes\n", len(req.Stdin))
	case "is-leader":
		resp.Code = 1
		resp.Stderr = []byte("ERROR leadership status unknown: \xff é\n")
	case "status-set":
		resp.Code = -300
	default:
		return badRequest("unknown command: %s", req.CommandName)
	}
	return nil
}
