package probe_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// broken is the built-in policy with its answers changed.
type broken struct {
	builtin.Policy
	proposal func(*policy.Proposal) error
	scores   func(*policy.Scores) error
}

func (b broken) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	p, err := b.Policy.Propose(ctx, r)
	if b.proposal != nil {
		err = b.proposal(&p)
	}
	return p, err
}

func (b broken) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	s, err := b.Policy.Score(ctx, r)
	if b.scores != nil {
		err = b.scores(&s)
	}
	return s, err
}

// proposing always proposes the same.
func proposing(candidates ...policy.Setting) broken {
	return broken{proposal: func(p *policy.Proposal) error {
		p.Candidates = candidates
		return nil
	}}
}

// scoring gives the last candidate another score.
func scoring(change func(*policy.Score)) broken {
	return broken{scores: func(s *policy.Scores) error {
		change(&s.Scores[len(s.Scores)-1])
		return nil
	}}
}

// TestPolicies shows what becomes of policies that are no good. However they
// misbehave, the winner is the baseline.
func TestPolicies(t *testing.T) {
	value := func(v float64) broken { return scoring(func(s *policy.Score) { s.Value = v }) }
	for _, tc := range []struct {
		name   string
		policy policy.Policy
		reason string // of the decision
		fault  string
		detail string // of the fault
	}{
		{"proposes nothing", proposing(), policy.BecauseNothing, "", ""},
		{"always the baseline", proposing(orders().Baseline), policy.BecauseNothing, "", ""},
		{"always the worst", proposing(one("partition_mode", policy.EnumValue("mod"))), policy.BecauseNoLead, "", ""},
		{"only what cannot be run", proposing(one("turbo", policy.IntValue(1)), one("partition_mode", policy.EnumValue("hash"))),
			policy.BecauseFault, policy.FaultCandidates, "no candidate that was proposed can be run"},
		{"fails to propose", broken{proposal: func(*policy.Proposal) error { return errors.New("out of ideas") }},
			policy.BecauseFault, policy.FaultError, "out of ideas"},
		{"fails to score", broken{scores: func(*policy.Scores) error { return errors.New("out of numbers") }},
			policy.BecauseFault, policy.FaultError, "out of numbers"},
		{"NaN", value(math.NaN()), policy.BecauseFault, policy.FaultScores, "candidate 1: the score must be a finite number above 0"},
		{"Inf", value(math.Inf(1)), policy.BecauseFault, policy.FaultScores, "candidate 1: the score must be a finite number above 0"},
		{"-Inf", value(math.Inf(-1)), policy.BecauseFault, policy.FaultScores, "candidate 1: the score must be a finite number above 0"},
		{"zero", value(0), policy.BecauseFault, policy.FaultScores, "candidate 1: the score must be a finite number above 0"},
		{"below zero", value(-1), policy.BecauseFault, policy.FaultScores, "candidate 1: the score must be a finite number above 0"},
		{"NaN for an error", scoring(func(s *policy.Score) { s.StdErr = math.NaN() }),
			policy.BecauseFault, policy.FaultScores, "candidate 1: the standard error must be a finite number"},
		{"an unknown id", scoring(func(s *policy.Score) { s.ID = 17 }),
			policy.BecauseFault, policy.FaultScores, "candidate 1 is not scored"},
		{"the same id twice", scoring(func(s *policy.Score) { s.ID = 0 }),
			policy.BecauseFault, policy.FaultScores, "candidate 0 is scored twice"},
		{"one score too many", broken{scores: func(s *policy.Scores) error {
			s.Scores = append(s.Scores, policy.Score{ID: 9, Value: 1})
			return nil
		}}, policy.BecauseFault, policy.FaultScores, "candidate 9 was not asked for"},
		{"no scores", broken{scores: func(s *policy.Scores) error {
			s.Scores = nil
			return nil
		}}, policy.BecauseFault, policy.FaultScores, "candidate 0 is not scored"},
		{"tie-breaks without sense", scoring(func(s *policy.Score) { s.Ties = []float64{math.NaN(), math.Inf(1)} }),
			policy.BecauseNoLead, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := only(orders(), "partition_mode")
			got := world{policy: tc.policy, rate: byMode(100, 90, 80)}.play(t, spec)
			if got.decision.Reason != tc.reason || got.fault.Reason != tc.fault || got.fault.Detail != tc.detail {
				t.Errorf("got %s, fault %q: %s\nwant %s, fault %q: %s", got.decision.Reason, got.fault.Reason, got.fault.Detail,
					tc.reason, tc.fault, tc.detail)
			}
			if diff := cmp.Diff(spec.Baseline, got.decision.Winner); diff != "" {
				t.Errorf("the winner is not the baseline:\n%s", diff)
			}
		})
	}
}

// TestFaultAfterALead shows that a fault undoes what was won before.
func TestFaultAfterALead(t *testing.T) {
	spec := only(orders(), "parallelism")
	p := broken{scores: func(s *policy.Scores) error {
		if len(s.Scores) > 3 {
			return errors.New("too many")
		}
		return nil
	}}
	got := world{policy: p, rate: byLanes(16)}.play(t, spec)
	if got.decision.Reason != policy.BecauseFault || difference(spec, got.decision.Winner) != "baseline" || got.decision.Lead != 0 {
		t.Errorf("got %s: %s", got.decision.Reason, difference(spec, got.decision.Winner))
	}
	if got.fault.Stream != "orders" {
		t.Errorf("the fault is of stream %q", got.fault.Stream)
	}
}

// TestUnasked shows that answers to questions that were not asked are a fault
// of the loop, and that nothing matters after the lock.
func TestUnasked(t *testing.T) {
	s := probe.New(orders())
	s.Scored(policy.Scores{})
	f, ok := s.Fault()
	if !ok || f.Reason != policy.FaultController || f.Detail != "scores came unasked" {
		t.Errorf("fault %v %v", f, ok)
	}
	before := *s.Next().Lock
	s.Proposed(policy.Proposal{})
	s.Measured(policy.Window{}, 1)
	s.Ended()
	s.Failed(policy.Fault{Reason: policy.FaultTimeout})
	if diff := cmp.Diff(before, *s.Next().Lock); diff != "" {
		t.Errorf("the decision changed:\n%s", diff)
	}
}

// TestMetrics shows that no metric must be there: a phase with one missing ends
// as it does with all of them, or in the baseline.
func TestMetrics(t *testing.T) {
	for name, lose := range map[string]func(*policy.Window){
		"none":                       func(*policy.Window) {},
		"rows":                       func(w *policy.Window) { w.Rows, w.MovedRows = 0, 0 },
		"lanes":                      func(w *policy.Window) { w.Lanes = 0 },
		"warmup_secs":                func(w *policy.Window) { w.WarmUp = 0 },
		"start_secs":                 func(w *policy.Window) { w.Start = 0 },
		"moved_bytes and moved_rows": func(w *policy.Window) { w.MovedBytes, w.MovedRows = 0, 0 },
		"round_trip_secs":            func(w *policy.Window) { w.RoundTrip = 0 },
		"source_round_trip_secs":     func(w *policy.Window) { w.SourceRoundTrip = 0 },
		"source_wait_secs":           func(w *policy.Window) { w.SourceWait = 0 },
		"write_wait_secs":            func(w *policy.Window) { w.WriteWait = 0 },
		"dest_flush_secs":            func(w *policy.Window) { w.FlushWait = 0 },
		"cpu_secs":                   func(w *policy.Window) { w.CPU = 0 },
		"peak_memory_bytes":          func(w *policy.Window) { w.PeakMemory = 0 },
		"flushes":                    func(w *policy.Window) { w.Flushes = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			spec := only(orders(), "parallelism", "copy_flush_bytes")
			got := world{rate: byLanes(6), touch: func(_ int, w *policy.Window) {
				w.PeakMemory, w.CPU, w.FlushWait, w.Flushes = 100*mib, w.Seconds, w.Seconds, 3
				w.SourceWait, w.WriteWait = w.Seconds, w.Seconds
				lose(w)
				w.Missing = []string{name}
			}}.play(t, spec)
			if want := "parallelism 6"; difference(spec, got.decision.Winner) != want {
				t.Errorf("the winner is %s, want %s", difference(spec, got.decision.Winner), want)
			}
		})
	}
	t.Run("bytes", func(t *testing.T) {
		spec := only(orders(), "parallelism")
		got := world{touch: func(_ int, w *policy.Window) { w.Bytes = 0 }}.play(t, spec)
		if got.decision.Reason != policy.BecauseBudget || difference(spec, got.decision.Winner) != "baseline" {
			t.Errorf("got %s: %s", got.decision.Reason, got.decision.Detail)
		}
	})
}

// endless proposes sixteen settings a round, none of them twice.
type endless struct{ builtin.Policy }

func (endless) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	var p policy.Proposal
	for i := range int64(16) {
		p.Candidates = append(p.Candidates, one("copy_flush_bytes", policy.IntValue(mib+16*int64(r.Round)+i)))
	}
	return p, nil
}

// TestEndless shows that a phase ends even if nothing else ends it: no budget,
// a clock that stands still, and a policy that never has enough.
func TestEndless(t *testing.T) {
	spec := orders()
	spec.Facts.Rows, spec.Facts.Bytes = -1, -1
	spec.Budget = probe.Budget{Seconds: 1e9, MinWindows: 5}
	for name, w := range map[string]world{
		"equal":  {policy: endless{}, clock: func(float64) float64 { return 0 }},
		"noisy":  {policy: endless{}, clock: func(float64) float64 { return 0 }, noise: 0.3},
		"masked": {policy: endless{}, clock: func(float64) float64 { return 0 }, touch: alternately},
	} {
		t.Run(name, func(t *testing.T) {
			got := w.play(t, spec)
			if len(got.runs) > 400 || got.actions > 1000 {
				t.Errorf("%d windows, %d actions", len(got.runs), got.actions)
			}
		})
	}
}

// alternately masks every other window, so that no reason is usual.
func alternately(n int, w *policy.Window) {
	w.Masked = []string{"", "a", "", "b", "", "c"}[n%6]
}
