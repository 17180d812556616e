package sim

import (
	"context"
	"fmt"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Tuner plays the probe phase of a stream. The rest of the stream runs with the
// winner of its decision.
type Tuner interface {
	Name() string
	Tune(s *Stream, spec probe.Spec) policy.Decision
}

// Untuned keeps the baseline.
type Untuned struct{}

// Name is how tables call it.
func (Untuned) Name() string { return "untuned" }

// Tune decides for the baseline at once.
func (Untuned) Tune(_ *Stream, spec probe.Spec) policy.Decision {
	return policy.Decision{Baseline: spec.Baseline, Winner: spec.Baseline, Reason: policy.BecauseNothing}
}

// Scheduled asks a policy, as rbt does: the runtime's own probe scheduler says
// when.
type Scheduled struct{ Policy policy.Policy }

// Name is the policy's.
func (t Scheduled) Name() string { return t.Policy.Info().Name }

// Tune does what the scheduler says until it locks.
func (t Scheduled) Tune(s *Stream, spec probe.Spec) policy.Decision {
	spec.Policy = t.Policy.Info()
	if _, ok := probe.Eligible(spec); !ok {
		return Untuned{}.Tune(s, spec)
	}
	phase := probe.New(spec)
	for seq := 1; ; {
		switch a := phase.Next(); {
		case a.Lock != nil:
			return *a.Lock
		case a.Run != nil:
			w := s.Window(seq, a.Run)
			seq++
			if s.done() {
				phase.Ended()
			} else {
				phase.Measured(w, s.now)
			}
		default:
			t.ask(phase, a)
		}
	}
}

// ask has the policy answer. It takes no time: the leader goes on meanwhile.
func (t Scheduled) ask(phase *probe.Scheduler, a probe.Action) {
	if a.Propose != nil {
		p, err := t.Policy.Propose(context.Background(), *a.Propose)
		if err != nil {
			phase.Failed(policy.Fault{Reason: policy.FaultError, Detail: err.Error()})
			return
		}
		phase.Proposed(p)
		return
	}
	scores, err := t.Policy.Score(context.Background(), *a.Score)
	if err != nil {
		phase.Failed(policy.Fault{Reason: policy.FaultError, Detail: err.Error()})
		return
	}
	phase.Scored(scores)
}

// spec is what the probe phase of a stream of that many MB starts from.
func (e *Environment) spec(size float64, priors bool, seed uint64) probe.Spec {
	return probe.Spec{
		Facts: policy.Facts{
			Stream: e.Name,
			Rows:   int64(e.Estimate * 1000 * size / e.Row),
			Bytes:  int64(e.Estimate * size * (1 << 20)),
			Notes:  map[string]string{"source.round_trip_secs": fmt.Sprint(e.RoundTrip / 1000)}, // of the idle source
		},
		Knobs:    e.Knobs(),
		Baseline: e.Baseline(priors),
		Guards:   probe.Guards{MaxMemory: bytes(e.Memory)},
		Budget:   probe.DefaultBudget(),
		Seed:     seed,
	}
}
