// Package main is the built-in policy as a module; see README.md.
package main

import (
	"context"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

func main() {} // never called: rbt calls what exports.go exports

// Policy is the built-in policy. It has no config.
type Policy struct{}

// New returns the policy.
func New() Policy { return Policy{} }

// Info says who the policy is: what the built-in one says.
func (Policy) Info() policy.Info { return builtin.New().Info() }

// Propose says what to try next.
func (Policy) Propose(r policy.ProposeRequest) (policy.Proposal, error) {
	return builtin.New().Propose(context.Background(), r)
}

// Score compares all candidates with the leader.
func (Policy) Score(r policy.ScoreRequest) (policy.Scores, error) {
	return builtin.New().Score(context.Background(), r)
}
