// Writes into table.json what Go's encoding/pem makes of each text: go run main.go, in this folder.
package main

import (
	"encoding/json"
	"encoding/pem"
	"os"
)

type block struct {
	Label   string            `json:"label"`
	Headers map[string]string `json:"headers"`
	Bytes   []byte            `json:"bytes"`
}

type row struct {
	Text   string  `json:"text"`
	Blocks []block `json:"blocks"`
}

func main() {
	var rows []row
	content, err := os.ReadFile("table.json")
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(content, &rows); err != nil {
		panic(err)
	}
	for i := range rows {
		rows[i].Blocks = []block{}
		for rest := []byte(rows[i].Text); ; {
			var found *pem.Block
			found, rest = pem.Decode(rest)
			if found == nil {
				break
			}
			rows[i].Blocks = append(rows[i].Blocks, block{found.Type, found.Headers, found.Bytes})
		}
	}
	file, err := os.Create("table.json")
	if err != nil {
		panic(err)
	}
	file.WriteString("[\n")
	for i, each := range rows {
		line, err := json.Marshal(each)
		if err != nil {
			panic(err)
		}
		file.Write(line)
		if i < len(rows)-1 {
			file.WriteString(",")
		}
		file.WriteString("\n")
	}
	file.WriteString("]\n")
}
