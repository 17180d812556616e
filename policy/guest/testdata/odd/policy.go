// Package main is a policy that does what its config says, to see how the kit
// takes it.
package main

import (
	"errors"
	"os"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/guest"
)

func main() {}

// Policy is odd.
type Policy struct {
	Do string `json:"do"`
}

// New returns the policy.
func New() *Policy { return &Policy{Do: "answer"} }

// Info says who it is.
func (*Policy) Info() policy.Info { return policy.Info{Name: "odd", Version: "0.1.0"} }

// calls shows that no two calls share an instance.
var calls int64

// Propose does as the config says.
func (p *Policy) Propose(r policy.ProposeRequest) (policy.Proposal, error) {
	calls++
	switch p.Do {
	case "fail":
		return policy.Proposal{}, errors.New("nothing comes to mind")
	case "panic":
		panic("on purpose")
	case "exit":
		os.Exit(3)
	case "log":
		guest.Log(guest.LevelWarn, "about "+r.Facts.Stream)
	}
	return policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(calls)}}, State: r.State + "x"}, nil
}
