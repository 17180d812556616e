package main

import (
	"slices"
	"testing"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// play plays streams on sources with so many processors, each under this policy
// and then under the built-in one.
func play(t *testing.T, cpus float64) [][]sim.Trial {
	t.Helper()
	p, err := guest.Native(New, nil, builtin.New())
	if err != nil {
		t.Fatal(err)
	}
	environments := sim.Named()
	for i := range environments {
		environments[i].SourceCPUs = cpus
	}
	trials, err := sim.Bench{
		Environments: environments, Tuners: []sim.Tuner{sim.Scheduled{Policy: p}, sim.Scheduled{Policy: builtin.New()}},
		Lengths: []float64{120}, Runs: 4, Seed: 1, Priors: true,
	}.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(trials, 2))
}

// TestSmallSource holds that lanes stay low where eight of them fill a source of
// one processor. Noise may hide it from a stream or two.
func TestSmallSource(t *testing.T) {
	low, all := 0, 0
	for _, trial := range play(t, 1) {
		own, other := trial[0], trial[1]
		switch own.Environment {
		case "E2 wan-40ms", "E3 net-1g", "E7 ckpt-saw": // the link or the log is full before
			continue
		}
		lanes := own.Decision.Winner[parallelism].Int
		t.Logf("%-16s %2d lanes, %2d under the built-in policy", own.Environment, lanes, other.Decision.Winner[parallelism].Int)
		if all++; lanes <= 4 {
			low++
		}
	}
	if all != 20 || low < 17 {
		t.Errorf("%d of %d streams have four lanes or fewer", low, all)
	}
}

// TestLargeSource holds that a source with room costs nothing.
func TestLargeSource(t *testing.T) {
	own, other := 0.0, 0.0
	for _, trial := range play(t, 32) {
		own += trial[0].Seconds
		other += trial[1].Seconds
	}
	t.Logf("%.0f s, and %.0f s under the built-in policy", own, other)
	if own > 1.03*other {
		t.Errorf("%.0f s, and %.0f s under the built-in policy", own, other)
	}
}
