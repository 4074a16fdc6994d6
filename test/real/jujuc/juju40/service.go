// Package juju40 has the service of the unit agent as Juju 4.0 has it.
package juju40

import (
	"fmt"

	"jujuc/agent"
)

// Request is what a hook tool sends.
type Request struct {
	ContextId   string
	Dir         string
	CommandName string
	Args        []string
	StdinSet    bool
	Stdin       []byte
}

// Jujuc is the service.
type Jujuc struct{ agent *agent.Agent }

// New serves one hook.
func New(contextID string) *Jujuc {
	return &Jujuc{&agent.Agent{
		ContextID:    contextID,
		WrongToken:   func(string) bool { return false },
		WrongContext: func(_, got string) string { return fmt.Sprintf("wrong context ID; got %q", got) },
	}}
}

// Main runs one hook tool.
func (j *Jujuc) Main(req Request, resp *agent.ExecResponse) error {
	return j.agent.Run(agent.Request{
		ContextId: req.ContextId, Dir: req.Dir, CommandName: req.CommandName,
		Args: req.Args, StdinSet: req.StdinSet, Stdin: req.Stdin,
	}, resp)
}
