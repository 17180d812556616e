package main

import (
	"context"

	"github.com/rapidbyte/rbt/policy"
)

// noPolicy proposes nothing, so that every stream keeps its baseline.
type noPolicy struct{}

func (noPolicy) Info() policy.Info { return policy.Info{Name: "none"} }

func (noPolicy) Propose(context.Context, policy.ProposeRequest) (policy.Proposal, error) {
	return policy.Proposal{}, nil
}

func (noPolicy) Score(context.Context, policy.ScoreRequest) (policy.Scores, error) {
	return policy.Scores{}, nil
}
