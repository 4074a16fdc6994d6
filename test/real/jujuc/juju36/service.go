// Package juju36 has the service of the unit agent as Juju 3.6 has it.
package juju36

import (
	"fmt"

	"jujuc/agent"
)

// Request is what a hook tool sends. A unit on a machine has no token.
type Request struct {
	ContextId   string
	Dir         string
	CommandName string
	Args        []string
	StdinSet    bool
	Stdin       []byte
	Token       string
}

// Jujuc is the service.
type Jujuc struct{ agent *agent.Agent }

// New serves one hook.
func New(contextID string) *Jujuc {
	return &Jujuc{&agent.Agent{
		ContextID:  contextID,
		WrongToken: func(token string) bool { return token != "" },
		WrongContext: func(wanted, got string) string {
			return fmt.Sprintf("expected context id %q, got %q", wanted, got)
		},
	}}
}

// Main runs one hook tool.
func (j *Jujuc) Main(req Request, resp *agent.ExecResponse) error {
	return j.agent.Run(agent.Request(req), resp)
}
