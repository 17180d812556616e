package builtin

import (
	"context"

	"github.com/rapidbyte/rbt/policy"
)

// version changes when the same questions may be answered differently.
const version = "2"

// Policy is the built-in policy.
type Policy struct{}

var _ policy.Policy = Policy{}

// New returns the built-in policy. It has no options: what may be chosen are
// the budget and the pins.
func New() Policy { return Policy{} }

// Info says who the policy is.
func (Policy) Info() policy.Info { return policy.Info{Name: "builtin", Version: version} }

// Propose says which values of which knob to try next.
func (Policy) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	return propose(r), nil
}

// Score compares all candidates with the leader.
func (Policy) Score(_ context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	return score(r), nil
}
