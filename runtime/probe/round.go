package probe

import (
	"maps"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// round compares challengers with the leader: a window of the leader, one of a
// challenger, one of the leader, one of the next challenger, and so on, so that
// each challenger's window lies between two of the leader's. The order of the
// challengers is drawn anew each time around.
type round struct {
	challengers []*candidate
	live        []*candidate // those that are not judged yet
	turns       []*candidate // whose turn is still to come, this time around
	confirms    bool         // the one challenger is the baseline, for a last time
	most        int          // windows for each challenger
	share       float64      // of the budget, until which it may go on

	unscored bool // windows were measured since the last scores
	due      bool // scores are to be asked for
	over     bool
}

// enlist makes challengers of the settings that are worth a round: not the
// leader, not twice the same, not invalid, not one that lost against this very
// leader.
func (s *Scheduler) enlist(settings []policy.Setting) []*candidate {
	var challengers []*candidate
	for _, set := range settings {
		c := s.find(set)
		if c == nil {
			c = &candidate{id: len(s.candidates), setting: set}
			s.candidates = append(s.candidates, c)
		} else if c == s.leader || c.invalid != "" || c.rival == s.leader || slices.Contains(challengers, c) {
			continue
		}
		c.enter(s.rounds, s.leader)
		challengers = append(challengers, c)
	}
	return challengers
}

func (s *Scheduler) find(set policy.Setting) *candidate {
	i := slices.IndexFunc(s.candidates, func(c *candidate) bool { return maps.Equal(c.setting, set) })
	if i < 0 {
		return nil
	}
	return s.candidates[i]
}

// begin starts a round. Where the budget cannot hold the first window of even
// one challenger, they stay untried: such a window is enough to show a setting
// that is far ahead.
func (s *Scheduler) begin(challengers []*candidate) {
	now := s.spent(work{})
	s.round = &round{
		challengers: challengers,
		live:        slices.Clone(challengers),
		most:        windowsPerRound,
		share:       now + (s.patience()-now)/float64(s.knobsToTry(challengers)+1),
	}
	if s.spent(s.leastCost(challengers)) > s.patience() {
		for _, c := range challengers {
			c.settle(policy.Untried, "the budget was too small for it")
		}
		s.ranOut = true
		s.round = nil
	}
}

// leastCost is what the first window of the cheapest challenger costs, and the
// leader's after it. To ask for two of the challenger's left a stream of 22 s on
// a link of 40 ms with its 4 lanes where 16 take a third of the time (measured),
// and has 0.3 points more mean regret at that length (simulated).
func (s *Scheduler) leastCost(challengers []*candidate) work {
	least := work{seconds: math.Inf(1)}
	for _, c := range challengers {
		first := s.expect(c, s.size(c))
		first.add(s.expect(s.leader, s.size(s.leader)))
		if first.seconds < least.seconds {
			least = first
		}
	}
	return least
}

// knobsToTry counts the knobs that no candidate before this round has turned.
// Each gets an equal share of what is left of the budget, and one share is kept
// for further steps.
func (s *Scheduler) knobsToTry(challengers []*candidate) int {
	n := 0
	for _, k := range s.tunable {
		turned := slices.ContainsFunc(s.candidates, func(c *candidate) bool {
			return c.setting[k.Name] != s.spec.Baseline[k.Name] && !slices.Contains(challengers, c)
		})
		if !turned {
			n++
		}
	}
	return n
}

// turn is whose window is next; nil ends the round.
func (s *Scheduler) turn() *candidate {
	r := s.round
	if s.last != s.leader {
		return s.leader
	}
	r.turns = slices.DeleteFunc(r.turns, func(c *candidate) bool { return !slices.Contains(r.live, c) })
	if len(r.turns) == 0 {
		for _, c := range r.live {
			if c.fresh < r.most {
				r.turns = append(r.turns, c)
			}
		}
		s.random.Shuffle(len(r.turns), func(i, j int) { r.turns[i], r.turns[j] = r.turns[j], r.turns[i] })
	}
	if len(r.turns) == 0 {
		return nil
	}
	next := r.turns[0]
	r.turns = r.turns[1:]
	return next
}

// lacking says whether a challenger has fewer windows than it needs.
func (r *round) lacking(minWindows int) bool {
	return slices.ContainsFunc(r.live, func(c *candidate) bool { return c.fresh < minWindows })
}

// promising says whether a challenger seems to be ahead.
func (r *round) promising() bool {
	return slices.ContainsFunc(r.live, func(c *candidate) bool { return c.fresh > 0 && c.lead.above(worth, 0) })
}

// stop ends the round once what was measured is scored.
func (r *round) stop() { r.over, r.due = true, r.unscored }

// drop takes c out of the round.
func (r *round) drop(c *candidate) {
	r.live = slices.DeleteFunc(r.live, func(l *candidate) bool { return l == c })
}
