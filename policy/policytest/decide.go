package policytest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Outcome is what a policy decides for one stream of a trace.
type Outcome struct {
	Stream string
	Knobs  []policy.Knob
	// Decision is how the probe phase ends. Of a stream that is not tuned it has
	// the baseline as the winner, and the reason of the skip.
	Decision policy.Decision
	Recorded *policy.Decision // what the run decided; nil where the trace does not say
	Skip     *policy.Skip     // why the stream is not tuned; nil where it is
	Fault    *policy.Fault    // what ended the probe phase, where something did
	// Windows is how many were played, Borrowed how many of them belong to
	// another setting than the one that was asked for; Loans say which.
	Windows, Borrowed int
	Loans             []Loan
	// Unknown says why the trace cannot tell what the policy would decide; empty
	// where it can.
	Unknown string
}

// Counterfactual says which windows stand for others that nobody measured; empty
// where all are the recorded ones.
func (o Outcome) Counterfactual() string {
	if o.Borrowed == 0 {
		return ""
	}
	var loans []string
	for _, l := range o.Loans {
		loans = append(loans, fmt.Sprintf("%s from %s (%d)", o.turned(l.Setting), o.turned(l.From), l.Windows))
	}
	return fmt.Sprintf("%d of %d windows are borrowed, since the run did not measure what is asked for: %s",
		o.Borrowed, o.Windows, strings.Join(loans, ", "))
}

// turned is what a setting has otherwise than the baseline.
func (o Outcome) turned(s policy.Setting) string {
	turned := policy.Setting{}
	for name, v := range s {
		if v != o.Decision.Baseline[name] {
			turned[name] = v
		}
	}
	if len(turned) == 0 {
		return "the baseline"
	}
	return settingText(turned, o.Knobs)
}

// Decide plays the probe phase of every stream with p, over the windows that the
// trace has, and says what p decides. As long as p tries what was tried in the
// run, every window is the one that was measured. What was not tried has no
// windows; it borrows those of the nearest setting, and the outcome says so: what
// such a decision is worth nobody has measured.
func (t *Trace) Decide(ctx context.Context, p policy.Policy) ([]Outcome, error) {
	return t.DecideWith(ctx, p, t.Config())
}

// DecideWith is Decide with another config of the policy.
func (t *Trace) DecideWith(ctx context.Context, p policy.Policy, config json.RawMessage) ([]Outcome, error) {
	var out []Outcome
	for _, s := range t.Streams {
		o := Outcome{
			Stream: s.Name(), Knobs: s.Knobs, Recorded: s.Decision, Skip: s.Skip,
			Decision: policy.Decision{Stream: s.Name(), Policy: p.Info(), Baseline: s.Baseline, Winner: s.Baseline, Pins: s.Pins},
		}
		switch {
		case s.Skip != nil:
			o.Decision.Reason, o.Decision.Detail = s.Skip.Reason, s.Skip.Detail
		case len(s.windows) == 0 || t.Run.Budget == nil || len(s.Baseline) == 0:
			o.Unknown = t.unknown(s)
		default:
			s.play(ctx, p, t.spec(s, p.Info(), config), &o)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		out = append(out, o)
	}
	return out, nil
}

// unknown says why nothing can be played.
func (t *Trace) unknown(s *Stream) string {
	switch {
	case s.kept != "":
		return "the trace has no window of it: " + s.kept
	case t.Run.Off != "":
		return "tuning was off " + t.Run.Off
	case len(s.windows) == 0 && t.Cut != "":
		return "the trace has no window of it: " + t.Cut
	case len(s.windows) == 0:
		return "the trace has no window of it"
	}
	return "the trace lacks the record of the run, or of the stream"
}

// spec is what the stream's probe phase started from.
func (t *Trace) spec(s *Stream, info policy.Info, config json.RawMessage) probe.Spec {
	spec := probe.Spec{
		Facts: s.Facts, Policy: info, Pins: s.Pins, Baseline: s.Baseline, Budget: budgetOf(*t.Run.Budget),
		Guards: probe.Guards{MaxMemory: t.Run.MaxMemory + probe.OwnMemory},
		Seed:   probe.SeedOf(t.Run.Seed, s.Name()),
		Config: config,
	}
	if len(s.Calls) > 0 { // the record of the stream has not all that connectors know
		var asked struct{ Facts *policy.Facts }
		if json.Unmarshal(s.Calls[0].Input, &asked) == nil && asked.Facts != nil {
			spec.Facts = *asked.Facts
		}
	}
	for _, k := range s.Knobs {
		if _, has := s.Baseline[k.Name]; has {
			spec.Knobs = append(spec.Knobs, k)
		}
	}
	return spec
}

// budgetOf is the budget as the trace has it. What it has not no pipeline file
// can change.
func budgetOf(recorded trace.Budget) probe.Budget {
	b := probe.DefaultBudget()
	b.Seconds, b.Rows, b.StrictRows = recorded.Seconds, recorded.Rows, recorded.StrictRows
	b.MaxFraction, b.LostTime = recorded.MaxFraction, recorded.LostTime
	b.MinWindows, b.Lead = recorded.MinWindows, recorded.Lead
	b.MinBytesPerLane, b.MinRoundTrips = recorded.MinBytesPerLane, recorded.MinRoundTrips
	return b
}

// play does what the scheduler says until it locks, or ctx ends.
func (s *Stream) play(ctx context.Context, p policy.Policy, spec probe.Spec, o *Outcome) {
	phase, w := probe.New(spec), newWorld(s, spec.Knobs)
	for ctx.Err() == nil {
		a := phase.Next()
		switch {
		case a.Lock != nil:
			o.Decision = *a.Lock
			if f, failed := phase.Fault(); failed {
				o.Fault = &f
			}
			o.count(w)
			return
		case a.Run != nil && w.over(s):
			phase.Ended()
		case a.Run != nil:
			phase.Measured(w.run(a.Run))
		case a.Propose != nil:
			put(ctx, p, phase, opPropose, a.Propose)
		default:
			put(ctx, p, phase, opScore, a.Score)
		}
	}
}

// put asks p and hands the answer to the scheduler.
func put(ctx context.Context, p policy.Policy, phase *probe.Scheduler, op string, request any) {
	input, err := json.Marshal(request)
	if err != nil { // it is made of numbers and text
		phase.Failed(policy.Fault{Reason: policy.FaultController, Detail: err.Error()})
		return
	}
	output, err := ask(ctx, p, op, input)
	if err != nil {
		phase.Failed(policy.Fault{Reason: reasonOf(err), Detail: err.Error()})
		return
	}
	switch output := output.(type) {
	case policy.Proposal:
		phase.Proposed(output)
	case policy.Scores:
		phase.Scored(output)
	}
}

// count notes which windows were played.
func (o *Outcome) count(w *world) {
	o.Windows = w.played
	for _, l := range w.loans {
		o.Borrowed += l.Windows
		o.Loans = append(o.Loans, *l)
	}
}
