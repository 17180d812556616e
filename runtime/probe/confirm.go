package probe

import "github.com/rapidbyte/rbt/policy"

// conclude ends the search. A leader that is not far ahead of the baseline is
// compared with it once more: the best of many noisy numbers tends to be one
// that was lucky.
func (s *Scheduler) conclude() {
	base := s.candidates[0]
	switch {
	case s.leader == base && s.ranOut && len(s.candidates) > 1:
		s.lock(policy.BecauseBudget, s.account("nothing was clearly better before the budget ended"))
	case s.leader == base && len(s.candidates) == 1:
		s.lock(policy.BecauseNothing, "the policy proposed nothing")
	case s.leader == base:
		s.lock(policy.BecauseNoLead, s.account("nothing was clearly better than the baseline"))
	case s.confirmed || s.leader.over(base).above(confirmLead, confirmErrors):
		s.lock(policy.BecauseLead, s.story())
	default:
		base.enter(s.rounds, s.leader)
		s.round = &round{
			challengers: []*candidate{base}, live: []*candidate{base},
			confirms: true, most: confirmWindows,
		}
	}
}

// judgeBaseline ends the confirmation once it is clear that the leader is
// ahead, or behind.
func (s *Scheduler) judgeBaseline() {
	base := s.candidates[0]
	if base.fresh < s.spec.Budget.MinWindows {
		return
	}
	if l := s.leader.over(base); l.above(0, confirmErrors) || l.reversed().above(0, 0) {
		s.round.stop()
	}
}

// closeConfirm lets the leader win, or the baseline.
func (s *Scheduler) closeConfirm() {
	base := s.candidates[0]
	s.round, s.confirmed = nil, true
	if !s.leader.over(base).above(0, confirmErrors) {
		s.leader.settle(policy.Dropped, "not confirmed against the baseline")
		s.leader = base
	}
	s.conclude()
}
