// Package main is a policy that has each stream finish in time with as few lanes
// as that takes; see README.md.
package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
)

func main() {} // never called: rbt calls what exports.go exports

const parallelism = "parallelism"

// Policy is the policy, and its config.
type Policy struct {
	// FinishWithin is how long copying a stream may take.
	FinishWithin guest.Duration `json:"finish_within"`
	// Margin is by what share a setting must be faster than it has to: rates
	// are never what they were.
	Margin float64 `json:"margin"`
}

// New returns the policy with the defaults of its config.
func New() *Policy { return &Policy{Margin: 0.1} }

// Info says who the policy is.
func (*Policy) Info() policy.Info { return policy.Info{Name: "deadline", Version: "1.0.0"} }

// Check says what is wrong with the config.
func (p *Policy) Check() error {
	switch {
	case p.FinishWithin.Duration <= 0:
		return fmt.Errorf(`finish_within must say how long a stream may take, such as "20m"`)
	case p.Margin < 0 || p.Margin > 10:
		return fmt.Errorf("margin must be from 0 to 10, not %g", p.Margin)
	}
	return nil
}

// Propose looks for a faster setting as long as the best is too slow, and then
// for fewer lanes.
func (p *Policy) Propose(r policy.ProposeRequest) (policy.Proposal, error) {
	leader := slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return maps.Equal(e.Setting, r.Leader) })
	k := slices.IndexFunc(r.Knobs, func(k policy.Knob) bool { return k.Name == parallelism })
	if leader < 0 {
		return policy.Proposal{}, nil
	}
	paces, known := p.paces(r.Facts, r.Evidence, leader)
	if !known || !paces[leader].likely() {
		return builtin.New().Propose(context.Background(), r)
	}
	if k < 0 {
		return policy.Proposal{Note: "it finishes in time, and its lanes are pinned"}, nil
	}
	return fewer(r, r.Knobs[k], paces, paces[leader]), nil
}

// fewer proposes two numbers of lanes between the most that were too few and
// the leader's: as many as there must be if each does what it does now, and
// half way further down, since fewer lanes are less in each other's way.
func fewer(r policy.ProposeRequest, lanes policy.Knob, paces []pace, leader pace) policy.Proposal {
	at, tooFew := r.Leader[parallelism].Int, lanes.Min-1
	for i, e := range r.Evidence {
		if n := e.Setting[parallelism].Int; n < at && len(e.Windows) > 0 && !paces[i].likely() {
			tooFew = max(tooFew, n)
		}
	}
	needed := min(max(int64(math.Ceil(float64(at)/leader.speed)), tooFew+1), at-1)
	var out policy.Proposal
	for _, n := range slices.Compact([]int64{needed, (tooFew + needed + 1) / 2}) {
		s := policy.Setting{parallelism: policy.IntValue(n)}
		if n > tooFew && !tried(r.Evidence, r.Leader.With(s)) {
			out.Candidates = append(out.Candidates, s)
		}
	}
	out.Note = fmt.Sprintf("%d lanes are %.1f times as fast as it takes", at, leader.speed)
	return out
}

func tried(evidence []policy.Evidence, s policy.Setting) bool {
	return slices.ContainsFunc(evidence, func(e policy.Evidence) bool { return maps.Equal(e.Setting, s) })
}

// Score gives a setting that is too slow the share of the rows that it would
// copy in time, which is at most 1, and one that is fast enough its thrift, which
// is at least 1. Between the two, chance decides. Thrift is the root of how many
// times as many lanes others have: with the number itself a setting that may
// be too slow would be worth so much, or so little, that it is never clear which.
func (p *Policy) Score(r policy.ScoreRequest) (policy.Scores, error) {
	leader := slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return e.ID == r.Leader })
	if leader < 0 {
		return policy.Scores{}, fmt.Errorf("there is no candidate %d", r.Leader)
	}
	paces, known := p.paces(r.Facts, r.Evidence, leader)
	if !known {
		return builtin.New().Score(context.Background(), r)
	}
	most := 1.0
	for _, e := range r.Evidence {
		most = max(most, float64(e.Setting[parallelism].Int))
	}
	var out policy.Scores
	for i, e := range r.Evidence {
		thrift := math.Sqrt(most / float64(max(e.Setting[parallelism].Int, 1)))
		value, stderr := paces[i].score(thrift)
		out.Scores = append(out.Scores, policy.Score{ID: e.ID, Value: value, StdErr: stderr})
	}
	return out, nil
}
