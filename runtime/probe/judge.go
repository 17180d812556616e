package probe

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// enter makes c a challenger of rival.
func (c *candidate) enter(round int, rival *candidate) {
	c.round, c.rival, c.fresh, c.lead = round, rival, 0, lead{}
	c.settle(policy.Untried, "")
}

// settle notes what became of c. The baseline stays the baseline.
func (c *candidate) settle(outcome, detail string) {
	if c.id != 0 {
		c.outcome, c.detail = outcome, detail
	}
}

// scored notes the policy's score. Where the policy does not know how sure it
// is, the number of windows says.
func (c *candidate) scored(sc policy.Score, leads bool) {
	c.score = sc
	switch {
	case leads:
		c.err = 0
	case sc.StdErr > 0:
		c.err = min(sc.StdErr/sc.Value, mostError)
	default:
		c.err = priorNoise / math.Sqrt(float64(len(c.windows)))
	}
}

// wrong says why a score cannot be used, or nothing.
func wrong(sc policy.Score) string {
	switch {
	case math.IsNaN(sc.Value) || math.IsInf(sc.Value, 0) || sc.Value <= 0:
		return "the score must be a finite number above 0"
	case math.IsNaN(sc.StdErr) || math.IsInf(sc.StdErr, 0):
		return "the standard error must be a finite number"
	}
	return ""
}

// judge draws conclusions from new scores: who is out, who leads at once, and
// whether the round is over.
func (s *Scheduler) judge() {
	r := s.round
	for _, c := range r.live {
		c.lead = c.over(s.leader)
	}
	if r.confirms {
		s.judgeBaseline()
		return
	}
	var ahead []*candidate
	for _, c := range slices.Clone(r.live) {
		switch enough := c.fresh >= s.spec.Budget.MinWindows; {
		case c.fresh == 0:
		case c.lead.reversed().atOnce():
			s.drop(c, "far behind")
		case enough && !c.lead.above(worth, -s.doubt(c)):
			s.drop(c, "not ahead")
		case c.tasted && c.lead.atOnce():
			s.repeat = c // a whole window, before another of the slow leader
		case !c.tasted && c.lead.atOnce(), enough && c.lead.ahead(s.spec.Budget.Lead, stableErrors):
			ahead = append(ahead, c)
		}
	}
	s.adopt(ahead)
	if len(r.live) == 0 {
		r.stop()
	}
}

// doubt is by how many standard errors a challenger may fall short and stay.
func (s *Scheduler) doubt(c *candidate) float64 {
	if c.fresh > s.spec.Budget.MinWindows {
		return 0
	}
	return dropErrors
}

// close ends the round that is over.
func (s *Scheduler) close() {
	if s.round.confirms {
		s.closeConfirm()
		return
	}
	s.held = true
	var ahead []*candidate
	for _, c := range s.round.live {
		if c.fresh >= s.spec.Budget.MinWindows && c.lead.ahead(worth, adoptErrors) {
			ahead = append(ahead, c)
		}
	}
	s.adopt(ahead)
	for _, c := range s.round.live {
		switch {
		case c.fresh == 0:
			c.settle(policy.Untried, "the budget held no window for it")
		case c.fresh < s.spec.Budget.MinWindows:
			c.settle(policy.Undecided, "the budget ended before it was measured often enough")
		default:
			c.settle(policy.Dropped, "not clearly ahead")
		}
	}
	s.round = nil
}

func (s *Scheduler) drop(c *candidate, why string) {
	s.round.drop(c)
	c.settle(policy.Dropped, why)
}

// adopt makes the best of those that are ahead the leader. The others of the
// round are from then on compared with it, or dropped if it is clear that they
// are not ahead of it.
func (s *Scheduler) adopt(ahead []*candidate) {
	if len(ahead) == 0 {
		return
	}
	best := ahead[0]
	for _, c := range ahead[1:] {
		if s.better(c, best) {
			best = c
		}
	}
	s.round.drop(best)
	best.settle(policy.Adopted, "")
	s.leader, s.confirmed = best, false
	s.led = append(s.led, best)
	for _, c := range slices.Clone(s.round.live) {
		if c.fresh > 0 && !c.over(best).above(worth, -s.doubt(c)) {
			s.drop(c, "behind the new leader")
		} else {
			c.rival = best
		}
	}
}
