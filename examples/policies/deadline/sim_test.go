package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// untuned copies with so many lanes throughout.
type untuned struct{ lanes int64 }

func (u untuned) Name() string { return fmt.Sprint(u.lanes, " lanes") }

func (u untuned) Tune(_ *sim.Stream, spec probe.Spec) policy.Decision {
	return policy.Decision{Baseline: spec.Baseline, Winner: spec.Baseline.With(with(u.lanes))}
}

// stream is what became of one, played under the policy, under the built-in
// policy, and with every number of lanes.
type stream struct {
	own, builtin sim.Trial
	lanes        []sim.Trial // of 1, 2, 3, …
}

const (
	seconds   = 120 // that a stream takes at best
	workerCap = 16
)

// play plays streams in all environments that have a name.
func play(t *testing.T, finishWithin float64) []stream {
	t.Helper()
	config := json.RawMessage(fmt.Sprintf(`{"finish_within":"%.0fs"}`, finishWithin))
	p, err := guest.Native(New, config, builtin.New())
	if err != nil {
		t.Fatal(err)
	}
	tuners := []sim.Tuner{sim.Scheduled{Policy: p}, sim.Scheduled{Policy: builtin.New()}}
	for n := range int64(workerCap) {
		tuners = append(tuners, untuned{n + 1})
	}
	trials, err := sim.Bench{
		Environments: sim.Named(), Tuners: tuners, Lengths: []float64{seconds}, Runs: 4, Seed: 1, Priors: true,
	}.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []stream
	for c := range slices.Chunk(trials, len(tuners)) {
		out = append(out, stream{own: c[0], builtin: c[1], lanes: c[2:]})
	}
	return out
}

// TestFewestLanes holds that streams finish in time, with hardly more lanes than
// that takes.
func TestFewestLanes(t *testing.T) {
	for _, times := range []float64{1.5, 2, 3, 6} {
		limit := times * seconds
		late, more, all := 0, int64(0), play(t, limit)
		for _, s := range all {
			if s.own.Seconds > limit {
				late++
			}
			fewest := slices.IndexFunc(s.lanes, func(l sim.Trial) bool { return l.Seconds <= limit }) + 1
			more += s.own.Decision.Winner[parallelism].Int - int64(fewest)
		}
		mean := float64(more) / float64(len(all))
		t.Logf("within %.0f s: %d of %d are late, %.2f lanes more than it takes", limit, late, len(all), mean)
		if late > 1 || mean > 1.3 {
			t.Errorf("within %.0f s: %d of %d are late, %.2f lanes more than it takes", limit, late, len(all), mean)
		}
	}
}

// TestTooLittleTime holds that a stream that cannot finish in time is about as
// fast as under the built-in policy.
func TestTooLittleTime(t *testing.T) {
	own, best := 0.0, 0.0
	for _, s := range play(t, 0.7*seconds) {
		own += s.own.Seconds
		best += s.builtin.Seconds
	}
	if own > 1.03*best {
		t.Errorf("streams that are late take %.0f s, and %.0f s under the built-in policy", own, best)
	}
}
