package policies_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
)

// variation is how much rates vary from window to window, in Go.
type variation struct{ squares, steps, cv, err float64 }

func variationOf(windows []policy.Window) (v variation) {
	var before *policy.Window
	for i := range windows {
		w := &windows[i]
		if rate := w.BytesPerSecond(); !(rate > 0) {
			continue
		}
		if before != nil && w.Seq-before.Seq <= 8 {
			step := math.Log(w.BytesPerSecond() / before.BytesPerSecond())
			v.squares += step * step / 2
			v.steps++
		}
		before = w
	}
	return v
}

// steadyInGo is steady in Go, but for the unit of its scores.
func steadyInGo(t rapid.TB, r policy.ScoreRequest, weight float64) []ratio {
	squares, steps := 4*0.08*0.08, 4.0
	var all []variation
	for _, e := range r.Evidence {
		v := variationOf(e.Windows)
		squares, steps = squares+v.squares, steps+v.steps
		all = append(all, v)
	}
	for i := range all {
		v := &all[i]
		v.cv = math.Sqrt((4*squares/steps + v.squares) / (4 + v.steps))
		v.err = weight * v.cv / math.Sqrt(2*(4+v.steps)) / (1 + weight*v.cv)
	}
	leader := leaderOf(r)
	out := compared(t, r, tookSeconds)
	for i := range out {
		out[i].log += math.Log1p(weight*all[leader].cv) - math.Log1p(weight*all[i].cv)
		if i != leader {
			out[i].err = math.Hypot(out[i].err, math.Hypot(all[i].err, all[leader].err))
		}
	}
	return out
}

func TestSteadyAsInGo(t *testing.T) {
	plain, strict := loadFor(t, quickest(), "steady", ""), loadFor(t, quickest(), "steady", `{"weight":7.5}`)
	rapid.Check(t, func(t *rapid.T) {
		r := evidenceThatRan().Draw(t, "request")
		agree(t, plain, r, steadyInGo(t, r, 1))
		agree(t, strict, r, steadyInGo(t, r, 7.5))
	})
}

// alternating are windows of a candidate, each between two of the baseline. The
// rates of both go up and down by those shares.
func alternating(times int, base, baseBy, rate, by float64) []ran {
	windows := []ran{{0, base * (1 - baseBy), 100}}
	for i := range times {
		sign := float64(1 - 2*(i%2))
		windows = append(windows, ran{1, rate * (1 + sign*by), 100}, ran{0, base * (1 + sign*baseBy), 100})
	}
	return windows
}

// TestSteady holds that what varies less may be slower, and by how much.
func TestSteady(t *testing.T) {
	for _, tc := range []struct {
		name   string
		weight float64
		ran    []ran
		want   string
	}{
		{"the same", 1, alternating(12, 100, 0.05, 100, 0.05), "100 100"},
		{"faster", 1, alternating(12, 100, 0.05, 120, 0.05), "100 120"},
		{"as fast, and more even", 1, alternating(12, 100, 0.3, 100, 0.02), "100 128"},
		{"slower, and more even", 3, alternating(12, 100, 0.3, 90, 0.02), "100 143"},
		{"faster, and more uneven", 3, alternating(12, 100, 0.02, 110, 0.3), "100 68"},
		{"it does not matter", 0, alternating(12, 100, 0.02, 110, 0.3), "100 105"},
		{"two windows say less", 1, alternating(2, 100, 0.3, 100, 0.02), "100 114"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := load(t, "steady", fmt.Sprintf(`{"weight":%g}`, tc.weight))
			ratios, _ := decided(t, m, played(0, tc.ran...))
			if got := percent(ratios); got != tc.want {
				t.Errorf("scores are %s, want %s", got, tc.want)
			}
		})
	}
}

// TestSteadyForgivesDrift holds that a rate which changes slowly is a steady one.
func TestSteadyForgivesDrift(t *testing.T) {
	var windows []ran
	for i := range 40 {
		windows = append(windows, ran{i % 2, 100 * math.Exp(-float64(i)/40), 100})
	}
	m := load(t, "steady", `{"weight":1}`)
	r := played(0, windows...)
	scores, err := m.Score(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scores.Scores {
		if cv := -s.Ties[0]; cv > 0.08 {
			t.Errorf("candidate %d varies by %.3f", s.ID, cv)
		}
	}
}

// TestSteadyStreams holds that it costs little where all settings vary alike.
func TestSteadyStreams(t *testing.T) {
	own, other := streams(t, loadFor(t, quickest(), "steady", ""))
	took, others := 0.0, 0.0
	for i := range own {
		t.Logf("%-16s %4.0f s, and %4.0f s under the built-in policy", own[i].Environment, own[i].Seconds, other[i].Seconds)
		took, others = took+own[i].Seconds, others+other[i].Seconds
	}
	if took > 1.1*others {
		t.Errorf("%.0f s, and %.0f s under the built-in policy", took, others)
	}
}
