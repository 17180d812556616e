package probe_test

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// seldom says yes one time in n. (rapid's numbers are mostly small.)
func seldom(t *rapid.T, n int, what string) bool {
	return rapid.Uint64().Draw(t, what)%uint64(n) == uint64(n)-1
}

// anyPolicy proposes and scores anything at all, or as the built-in one does.
type anyPolicy struct {
	t      *rapid.T
	silly  bool // what it proposes is seldom of use
	unfair bool // its scores have little to do with the windows
}

func (anyPolicy) Info() policy.Info { return policy.Info{Name: "any"} }

func (p anyPolicy) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	if seldom(p.t, 50, "fails") {
		return policy.Proposal{}, errors.New("no")
	}
	if !p.silly {
		return builtin.New().Propose(ctx, r)
	}
	return policy.Proposal{
		Candidates: rapid.SliceOfN(rapid.Custom(anySetting), 1, 40).Draw(p.t, "candidates"),
		State:      rapid.String().Draw(p.t, "state"),
	}, nil
}

// extremes are scores that are numbers, and of which little else may be true.
var extremes = []float64{math.SmallestNonzeroFloat64, 1e-300, 1e300, 1.01e+306, math.MaxFloat64}

func (p anyPolicy) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	s, err := builtin.New().Score(ctx, r)
	for i := range s.Scores {
		if p.unfair {
			s.Scores[i].Value = rapid.OneOf(rapid.Float64Range(0.1, 10), rapid.SampledFrom(extremes)).Draw(p.t, "value")
			s.Scores[i].StdErr = rapid.OneOf(rapid.Float64Range(-1, 10), rapid.SampledFrom(extremes)).Draw(p.t, "stderr")
			s.Scores[i].Ties = rapid.SliceOfN(rapid.Float64(), 0, 3).Draw(p.t, "ties")
		}
		if seldom(p.t, 500, "nonsense") {
			s.Scores[i] = policy.Score{ID: rapid.Int().Draw(p.t, "id"), Value: rapid.Float64().Draw(p.t, "any value"),
				StdErr: rapid.Float64().Draw(p.t, "any stderr")}
		}
	}
	return s, err
}

func anySetting(t *rapid.T) policy.Setting {
	name := rapid.SampledFrom([]string{"parallelism", "partition_mode", "copy_flush_bytes", "copy_format", "turbo"})
	value := rapid.Custom(func(t *rapid.T) policy.Value {
		return policy.Value{
			Int:  rapid.OneOf(rapid.Int64Range(-2, 40), rapid.Int64Range(0, 64*mib), rapid.Int64()).Draw(t, "int"),
			Name: rapid.SampledFrom([]string{"", "", "ctid", "range", "mod", "text", "binary", "?"}).Draw(t, "name"),
		}
	})
	return rapid.MapOfN(name, value, 0, 3).Draw(t, "setting")
}

// anySpec is a stream of any size, known or not, with any pins.
func anySpec(t *rapid.T) probe.Spec {
	s := orders()
	size := rapid.SampledFrom([]int64{12e9, 12e9, 12e9, 1e12, 12e6, math.MaxInt64, -1, 0, 1})
	s.Facts.Rows, s.Facts.Bytes = size.Draw(t, "rows"), size.Draw(t, "bytes")
	for _, k := range s.Knobs {
		if seldom(t, 4, "pin "+k.Name) {
			s.Pins[k.Name] = s.Baseline[k.Name]
		}
	}
	s.Budget.Rows = rapid.SampledFrom([]int64{200_000, 0, 0, 1000}).Draw(t, "budget rows")
	s.Budget.StrictRows = seldom(t, 4, "strict")
	s.Budget.LostTime = rapid.SampledFrom([]float64{0.03, 0, 0.5}).Draw(t, "lost time")
	s.Budget.Seconds = rapid.SampledFrom([]float64{30, 1e12, 0}).Draw(t, "seconds")
	s.Budget.MaxFraction = rapid.SampledFrom([]float64{0.15, 0}).Draw(t, "max fraction")
	s.Budget.MinWindows = rapid.SampledFrom([]int{2, 0, 1, 4}).Draw(t, "min windows")
	s.Seed = rapid.Uint64().Draw(t, "seed")
	return s
}

// anyWorld is one in which odd things happen.
func anyWorld(t *rapid.T) world {
	w := world{
		policy: anyPolicy{t, rapid.Bool().Draw(t, "silly"), rapid.Bool().Draw(t, "unfair")},
		rate:   byLanes(9),
		noise:  rapid.SampledFrom([]float64{0, 0.05, 0.2}).Draw(t, "noise"),
		size:   rapid.SampledFrom([]int64{0, 0, 0, mib, 1000 * mib}).Draw(t, "size"),
	}
	rare := rapid.SampledFrom([]int{1000, 20, 3}).Draw(t, "how rare oddities are")
	w.touch = func(_ int, w *policy.Window) {
		if seldom(t, rare, "odd") {
			makeOdd(t, w)
		}
	}
	if rapid.Bool().Draw(t, "bad clock") {
		w.clock = func(now float64) float64 {
			return rapid.SampledFrom([]float64{now, now, now, 0, -1, 1e-9, math.NaN(), math.Inf(1), math.Inf(-1)}).Draw(t, "clock")
		}
	}
	return w
}

// makeOdd changes a window to something odd.
func makeOdd(t *rapid.T, w *policy.Window) {
	switch rapid.SampledFrom([]string{"mask", "time", "bytes", "moved", "trip", "memory", "trouble"}).Draw(t, "what is odd") {
	case "mask":
		w.Masked = rapid.SampledFrom([]string{policy.MaskCheckpoint, policy.MaskRetry, policy.MaskShort, policy.MaskClock, "?"}).Draw(t, "masked")
	case "time":
		w.Seconds = rapid.Float64().Draw(t, "seconds")
	case "bytes":
		w.Bytes = rapid.Int64().Draw(t, "bytes")
	case "moved":
		w.MovedRows, w.MovedBytes = rapid.Int64().Draw(t, "moved rows"), rapid.Int64().Draw(t, "moved bytes")
	case "trip":
		w.SourceRoundTrip = rapid.Float64().Draw(t, "the source's round trip")
		w.RoundTrip, w.WarmUp = rapid.Float64().Draw(t, "round trip"), rapid.Float64().Draw(t, "warm-up")
	case "memory":
		w.PeakMemory = rapid.Int64().Draw(t, "memory")
	case "trouble":
		w.Retries, w.Errors = rapid.Int().Draw(t, "retries"), map[string]int{"timeout": rapid.Int().Draw(t, "errors")}
	}
}

// TestAnything tries any answers and any windows: the phase ends, and whatever
// ran was within the guardrails.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := anySpec(t)
		w := anyWorld(t)
		got := w.play(t, spec)
		for _, r := range got.runs {
			checkGuards(t, spec, r.Setting)
			if r.Bytes <= 0 {
				t.Fatalf("a window of %d bytes", r.Bytes)
			}
		}
		checkGuards(t, spec, got.decision.Winner)
		checkDecision(t, spec, got.decision)
		if got.actions > 2000 {
			t.Fatalf("%d actions", got.actions)
		}
	})
}

// checkGuards fails where a setting is not one that may run.
func checkGuards(t *rapid.T, spec probe.Spec, s policy.Setting) {
	if len(s) != len(spec.Knobs) {
		t.Fatalf("%v does not have every knob", s)
	}
	for _, k := range spec.Knobs {
		if err := k.Check(s[k.Name]); err != nil {
			t.Fatal(err)
		}
		if pin, ok := spec.Pins[k.Name]; ok && s[k.Name] != pin {
			t.Fatalf("%s is pinned to %s, not %s", k.Name, k.Format(pin), k.Format(s[k.Name]))
		}
	}
}

// checkDecision fails where a decision does not add up.
func checkDecision(t *rapid.T, spec probe.Spec, d policy.Decision) {
	windows := 0
	for i, v := range d.Candidates {
		windows += v.Windows
		if v.ID != i || v.Outcome == "" || v.Leader < 0 || v.Leader >= len(d.Candidates) {
			t.Fatalf("verdict %+v", v)
		}
		for _, x := range []float64{v.Score, v.StdErr, v.Rate, v.Lead, v.Low, v.High} {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				t.Fatalf("verdict %+v", v) // it could not be written down
			}
		}
		if v.Low > v.Lead || v.Lead > v.High {
			t.Fatalf("candidate %d leads by %g, from %g to %g", i, v.Lead, v.Low, v.High)
		}
	}
	if windows != d.Windows {
		t.Fatalf("%d windows, but %d of candidates", d.Windows, windows)
	}
	atBase := cmp.Equal(d.Winner, spec.Baseline)
	switch d.Reason {
	case policy.BecauseLead:
		if atBase {
			t.Fatal("the baseline leads over itself")
		}
	case policy.BecauseNoLead, policy.BecauseBudget, policy.BecauseFault, policy.BecauseNothing:
		if !atBase {
			t.Fatalf("%s, but the winner is %v", d.Reason, d.Winner)
		}
	}
	for _, x := range []float64{d.Lead, d.Low, d.High, d.ProbeSeconds, d.LostSeconds} {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			t.Fatalf("decision %+v", d)
		}
	}
}

// TestBudgets tries the built-in policy on streams of all sizes: no bound is
// passed by more than the window that reaches it.
func TestBudgets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := orders()
		spec.Seed = rapid.Uint64().Draw(t, "seed")
		spec.Facts.Bytes = int64(mib) * rapid.Int64Range(100, 200_000).Draw(t, "MiB")
		spec.Facts.Rows = spec.Facts.Bytes / rowBytes
		spec.Budget.Seconds = rapid.Float64Range(1, 30).Draw(t, "seconds")
		spec.Budget.Rows = rapid.Int64Range(10_000, 10_000_000).Draw(t, "rows")
		spec.Budget.StrictRows = true
		w := world{noise: 0.1, rate: byLanes(rapid.Int64Range(1, 16).Draw(t, "lanes"))}
		got := w.play(t, spec)
		last := got.last
		d := got.decision
		if most := spec.Budget.Seconds + last.WarmUp + last.Seconds; d.ProbeSeconds > most {
			t.Fatalf("%.1f s, at most %.1f s", d.ProbeSeconds, most)
		}
		if most := spec.Budget.Rows + last.MovedRows; d.ProbeRows > most {
			t.Fatalf("%d rows, at most %d", d.ProbeRows, most)
		}
		if most := spec.Budget.MaxFraction*float64(spec.Facts.Rows) + float64(last.MovedRows); float64(d.ProbeRows) > most {
			t.Fatalf("%d rows, at most %.0f", d.ProbeRows, most)
		}
	})
}

// TestSame shows that the same inputs lead to the same phase, window by window.
func TestSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spec := orders()
		spec.Seed = rapid.Uint64().Draw(t, "seed")
		w := world{noise: rapid.Float64Range(0, 0.2).Draw(t, "noise"), rate: byLanes(9)}
		if diff := cmp.Diff(w.play(t, spec), w.play(t, spec), cmp.AllowUnexported(outcome{})); diff != "" {
			t.Fatalf("two phases differ:\n%s", diff)
		}
	})
}
