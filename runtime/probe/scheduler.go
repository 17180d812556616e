package probe

import (
	"github.com/rapidbyte/rbt/policy"
)

// Scheduler is the probe phase of one stream. Not for concurrent use.
type Scheduler struct {
	spec     Spec
	decision *policy.Decision
}

// New begins a probe phase.
func New(s Spec) *Scheduler { return &Scheduler{spec: s} }

// Next says what to do now. It says the same until it is told the outcome.
func (s *Scheduler) Next() Action {
	if s.decision == nil {
		s.decision = &policy.Decision{Stream: s.spec.Facts.Stream, Baseline: s.spec.Baseline, Winner: s.spec.Baseline, Reason: policy.BecauseNothing}
	}
	return Action{Lock: s.decision}
}

// Proposed answers Action.Propose.
func (s *Scheduler) Proposed(p policy.Proposal) {}

// Scored answers Action.Score.
func (s *Scheduler) Scored(p policy.Scores) {}

// Measured answers Action.Run. elapsed is the time since the stream began, in
// seconds, fillers included.
func (s *Scheduler) Measured(w policy.Window, elapsed float64) {}

// Leader is the best setting so far: what the stream runs with while the policy
// is being asked.
func (s *Scheduler) Leader() policy.Setting { return s.spec.Baseline }

// Ended says that the stream has no more rows.
func (s *Scheduler) Ended() {}

// Failed ends the phase with the baseline: the policy, or what carries out the
// actions, failed.
func (s *Scheduler) Failed(f policy.Fault) {}

// Fault is what ended the phase, where something did.
func (s *Scheduler) Fault() (policy.Fault, bool) { return policy.Fault{}, false }

// Eligible says why the stream is not worth a probe phase, or nothing.
func Eligible(s Spec) (policy.Skip, bool) { return policy.Skip{}, true }
