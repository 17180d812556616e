// Package main is a policy that copies fast as long as the source hardly notices;
// see README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
)

func main() {} // never called: rbt calls what exports.go exports

const parallelism = "parallelism"

// Policy is the policy, and its config.
type Policy struct {
	// Allow is how much longer than an idle one the source may take to answer.
	Allow guest.Duration `json:"allow"`
	// Strength is how hard more than that is punished: with 1, twice as much
	// halves the score.
	Strength float64 `json:"strength"`
}

// New returns the policy with the defaults of its config.
func New() *Policy {
	return &Policy{Allow: guest.Duration{Duration: 2 * time.Millisecond}, Strength: 1}
}

// Info says who the policy is.
func (*Policy) Info() policy.Info { return policy.Info{Name: "gentle", Version: "1.0.0"} }

// Check says what is wrong with the config.
func (p *Policy) Check() error {
	switch {
	case p.Allow.Duration <= 0:
		return errors.New(`allow must be above 0, such as "2ms"`)
	case !(p.Strength > 0 && p.Strength <= 10):
		return fmt.Errorf("strength must be above 0 and at most 10, not %g", p.Strength)
	}
	return nil
}

// Propose finds the number of lanes first, and then turns the other knobs as
// the built-in policy does.
func (p *Policy) Propose(r policy.ProposeRequest) (policy.Proposal, error) {
	var others []policy.Knob
	for _, k := range r.Knobs {
		if k.Name != parallelism {
			others = append(others, k)
			continue
		}
		if out := p.lanes(r, k); len(out.Candidates) > 0 {
			return out, nil
		}
	}
	r.Knobs = others
	return builtin.New().Propose(context.Background(), r)
}

// Score punishes the built-in policy's scores for the load on the source. Of a
// setting whose load nobody knows yet it does not say that it is better than the
// leader.
func (p *Policy) Score(r policy.ScoreRequest) (policy.Scores, error) {
	out, err := builtin.New().Score(context.Background(), r)
	leader := slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return e.ID == r.Leader })
	if err != nil || leader < 0 {
		return out, err
	}
	source := p.listen(r.Facts, r.Evidence)
	base := source.loads[leader]
	if !base.known {
		return out, nil
	}
	most := out.Scores[leader].Value
	for i := range out.Scores {
		s, l := &out.Scores[i], source.loads[i]
		if !l.known {
			l = base
			s.Value = min(s.Value, most)
		}
		off := math.Hypot(s.StdErr/s.Value, math.Hypot(p.doubt(source, l), p.doubt(source, base)))
		s.Value *= p.share(source, l.delay)
		s.StdErr = off * s.Value
		s.Ties = []float64{-l.delay}
	}
	return out, nil
}

// share is what is left of a score where the source answers so much later.
func (p *Policy) share(s source, delay float64) float64 {
	return math.Pow(s.allowed/max(delay, s.allowed), p.Strength)
}

// doubt is the standard error of the share, as a part of it: half of how far the
// shares are from each other if the delay is one error less, or more.
func (p *Policy) doubt(s source, l load) float64 {
	return (p.share(s, l.delay-l.err) - p.share(s, l.delay+l.err)) / 2 / p.share(s, l.delay)
}

// lanes proposes numbers of lanes: fewer once, and then as long as the source is
// slow to answer under all that was tried; more while it is not slow, up to where
// it was.
func (p *Policy) lanes(r policy.ProposeRequest, k policy.Knob) (out policy.Proposal) {
	source := p.listen(r.Facts, r.Evidence)
	leader := slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return maps.Equal(e.Setting, r.Leader) })
	if leader < 0 || !source.loads[leader].known {
		return out
	}
	at, fewest, tooMany, tried := r.Leader[parallelism].Int, leader, k.Max+1, map[int64]bool{}
	for i, e := range r.Evidence {
		n := e.Setting[parallelism].Int
		tried[n] = true
		if source.slow(i) {
			tooMany = min(tooMany, n)
		}
		if n < r.Evidence[fewest].Setting[parallelism].Int {
			fewest = i
		}
	}
	propose := func(n int64) {
		if !tried[n] {
			out.Candidates = append(out.Candidates, policy.Setting{parallelism: policy.IntValue(n)})
		}
	}
	if fewest == leader || source.slow(leader) && source.slow(fewest) {
		propose(max(r.Evidence[fewest].Setting[parallelism].Int/2, k.Min))
	}
	if !source.slow(leader) && (source.noted || fewest != leader) {
		propose(between(at, tooMany, k.Max))
	}
	out.Note = fmt.Sprintf("under %d lanes the source takes %.1f ms longer to answer", at, 1000*source.loads[leader].delay)
	return out
}

// between is half as many lanes again, or what is half way to too many if that
// is less.
func between(at, tooMany, most int64) int64 {
	if more := min(int64(math.Round(1.5*float64(at))), most); more < tooMany {
		return more
	}
	return max((at+tooMany)/2, at)
}
