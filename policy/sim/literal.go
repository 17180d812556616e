package sim

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Literal tunes as the design was first approved, by the letter, to compare
// with: every combination of the candidate sets in turn, two windows in
// succession each, within 200 000 rows in all; bytes that count when a flush is
// complete; an exponentially weighted mean per combination. It stops when the
// best is 8 % ahead of the next, or at the end of the budget, and takes the
// best.
type Literal struct{}

// Name is how tables call it.
func (Literal) Name() string { return "approved, literally" }

const (
	literalRows     = 200_000
	literalFraction = 0.15
	literalSeconds  = 30
	literalWindows  = 2
	literalLead     = 0.08
	literalWeight   = 0.5 // of the newest window
)

// arm is a combination, and how far its lanes are.
type arm struct {
	cell
	pending []float64 // MB of each lane since its last flush
	mean    float64   // MB/s
	windows int
}

// Tune tries all combinations.
func (Literal) Tune(s *Stream, spec probe.Spec) policy.Decision {
	random := rand.New(rand.NewPCG(spec.Seed, 2))
	var arms []*arm
	for _, c := range s.env.sets() {
		arms = append(arms, &arm{cell: c, pending: make([]float64, int(c.lanes))})
	}
	rows := min(literalRows, literalFraction*float64(spec.Facts.Rows))
	share := 1 / float64(literalWindows*len(arms))
	mb := share * rows * s.env.Row / 1000
	d := Untuned{}.Tune(s, spec)
	for {
		for _, a := range arms {
			clear(a.pending)
			for range literalWindows {
				if s.moved+mb > rows*s.env.Row/1000+1e-6 || s.now > literalSeconds || s.done() {
					return decide(d, arms)
				}
				a.measure(s, random, mb, share*literalSeconds)
			}
		}
		if best, next := ranked(arms); best.mean > (1+literalLead)*next.mean {
			return decide(d, arms)
		}
	}
}

// measure plays a window of at most that many MB and seconds.
func (a *arm) measure(s *Stream, random *rand.Rand, mb, seconds float64) {
	began, from := s.now, s.moved
	s.change(a.cell)
	s.move(a.cell, a.flush, 1, mb, seconds)
	counted := 0.0
	for i := range a.pending {
		a.pending[i] += (s.moved - from) / a.lanes * max(0, 1+laneSpread*random.NormFloat64())
		flushed := a.flush * math.Floor(a.pending[i]/a.flush)
		a.pending[i] -= flushed
		counted += flushed
	}
	rate := counted / (s.now - began)
	if a.windows++; a.windows == 1 {
		a.mean = rate
	} else {
		a.mean += literalWeight * (rate - a.mean)
	}
}

// ranked are the best arm and the next.
func ranked(arms []*arm) (best, next *arm) {
	sorted := slices.SortedStableFunc(slices.Values(arms), func(a, b *arm) int { return cmp.Compare(b.mean, a.mean) })
	return sorted[0], sorted[1]
}

// decide takes the best arm, or the baseline where no window saw a flush.
func decide(d policy.Decision, arms []*arm) policy.Decision {
	best, _ := ranked(arms)
	if best.mean > 0 {
		d.Winner, d.Reason = best.setting(), policy.BecauseLead
	}
	return d
}
