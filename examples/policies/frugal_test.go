package policies_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
)

// ratio is the logarithm of what a candidate is worth over the leader, and its
// standard error.
type ratio struct{ log, err float64 }

// compared has the built-in policy compare candidates by what their windows took.
func compared(t rapid.TB, r policy.ScoreRequest, took func(policy.Window) float64) []ratio {
	t.Helper()
	r.Evidence = slices.Clone(r.Evidence)
	for i := range r.Evidence {
		e := &r.Evidence[i]
		e.Windows = slices.Clone(e.Windows)
		for j, w := range e.Windows {
			e.Windows[j].Seconds = took(w)
		}
	}
	scores, err := builtin.New().Score(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	unit := scores.Scores[leaderOf(r)].Value
	var out []ratio
	for _, s := range scores.Scores {
		out = append(out, ratio{math.Log(s.Value / unit), s.StdErr / s.Value})
	}
	return out
}

func leaderOf(r policy.ScoreRequest) int {
	return max(slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return e.ID == r.Leader }), 0)
}

func tookSeconds(w policy.Window) float64 { return w.Seconds }

func tookCPU(w policy.Window) float64 {
	if slices.Contains(w.Missing, "cpu_secs") {
		return 0
	}
	return w.CPU
}

// bar is what frugal wants candidates to reach, in Go.
type bar struct {
	ratios       []ratio
	best, leader int
	allowed      float64
}

func (b bar) below(i int) float64 {
	return max(b.ratios[b.best].log-b.allowed-b.ratios[i].log, 0)
}

func (b bar) doubt(i int) float64 {
	switch own, leaders := b.below(i) > 0, b.below(b.leader) > 0; {
	case own && leaders:
		return b.ratios[i].err
	case own:
		return math.Hypot(b.ratios[i].err, b.ratios[b.best].err)
	case leaders:
		return b.ratios[b.best].err
	}
	return 0
}

// frugalInGo is frugal in Go, but for the unit of its scores.
func frugalInGo(t rapid.TB, r policy.ScoreRequest, minSpeed, slack float64) []ratio {
	speed, cpu := compared(t, r, tookSeconds), compared(t, r, tookCPU)
	for _, e := range r.Evidence {
		known := slices.ContainsFunc(e.Windows, func(w policy.Window) bool { return tookCPU(w) > 0 && w.Bytes > 0 })
		if !known {
			cpu = make([]ratio, len(speed))
		}
	}
	fast := bar{speed, 0, leaderOf(r), -math.Log(minSpeed)}
	for i := range speed {
		if speed[i].log > speed[fast.best].log {
			fast.best = i
		}
	}
	cheap := bar{cpu, fast.best, leaderOf(r), math.Log1p(slack)}
	for i := range slices.Backward(cpu) {
		if fast.below(i) == 0 && cpu[i].log >= cpu[cheap.best].log {
			cheap.best = i
		}
	}
	var out []ratio
	for i, s := range speed {
		less := fast.below(i) - fast.below(fast.leader) + cheap.below(i) - cheap.below(cheap.leader)
		log := max(-300, min(s.log-8*less, 300)) // what a score can be
		out = append(out, ratio{log, math.Hypot(s.err, 8*math.Hypot(fast.doubt(i), cheap.doubt(i)))})
	}
	return out
}

// agree holds that a module decides as its counterpart in Go does.
func agree(t *rapid.T, m *module, r policy.ScoreRequest, want []ratio) {
	ratios, errors := decided(t, m, r)
	for i, w := range want {
		if !near(math.Log(ratios[i]), w.log) || !near(errors[i], w.err) {
			t.Fatalf("candidate %d: %v ± %v, want %v ± %v\n%s", i, math.Log(ratios[i]), errors[i], w.log, w.err, marshal(t, r))
		}
	}
}

func TestFrugalAsInGo(t *testing.T) {
	plain, strict := loadFor(t, quickest(), "frugal", ""), loadFor(t, quickest(), "frugal", `{"min_speed":0.9,"slack":0}`)
	rapid.Check(t, func(t *rapid.T) {
		r := evidenceThatRan().Draw(t, "request")
		agree(t, plain, r, frugalInGo(t, r, 0.5, 0.05))
		agree(t, strict, r, frugalInGo(t, r, 0.9, 0))
	})
}

// TestFrugal holds what frugal prefers. Candidate 0 is the baseline at 100 % of
// the rate and of the CPU time for a byte.
func TestFrugal(t *testing.T) {
	for _, tc := range []struct {
		name, config string
		candidates   []ran // besides the baseline
		want         string
	}{
		{"the same", "", []ran{{rate: 100, cpu: 100}}, "100 100"},
		{"as cheap, and faster", "", []ran{{rate: 150, cpu: 100}}, "100 150"},
		{"hardly dearer, and faster", "", []ran{{rate: 150, cpu: 104}}, "100 150"},
		{"much dearer, and faster", "", []ran{{rate: 150, cpu: 130}}, "100 27"},
		{"cheaper, and slower", "", []ran{{rate: 70, cpu: 80}}, "100 282"},
		{"cheaper, and too slow", "", []ran{{rate: 30, cpu: 50}}, "100 1"},
		{"cheaper, and slow as it may be", `{"min_speed":0.25}`, []ran{{rate: 30, cpu: 50}}, "100 5198"},
		{"a baseline that is too slow", "", []ran{{rate: 400, cpu: 110}, {rate: 300, cpu: 100}}, "100 70579 76800"},
		{"all count", `{"slack":0}`, []ran{{rate: 150, cpu: 104}}, "100 110"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := load(t, "frugal", tc.config)
			windows := inTurn(3, append([]ran{{rate: 100, cpu: 100}}, tc.candidates...)...)
			ratios, _ := decided(t, m, played(0, windows...))
			if got := percent(ratios); got != tc.want {
				t.Errorf("scores are %s, want %s", got, tc.want)
			}
		})
	}
}

// TestFrugalWithoutCPU holds that frugal says so, and goes by throughput.
func TestFrugalWithoutCPU(t *testing.T) {
	r := played(0, inTurn(2, ran{rate: 100, cpu: 100}, ran{rate: 120, cpu: 50})...)
	for i := range r.Evidence[1].Windows {
		r.Evidence[1].Windows[i].Missing = []string{"cpu_secs"}
	}
	m := load(t, "frugal", "")
	ratios, _ := decided(t, m, r)
	if got := percent(ratios); got != "100 120" {
		t.Errorf("scores are %s", got)
	}
	if want := "WARN: the CPU time is not known: scores are by bytes per second alone"; len(m.logged) != 1 || m.logged[0] != want {
		t.Errorf("logged %q, want %q", m.logged, want)
	}
}

// streams plays a stream of two minutes in each of the simulator's named
// environments, under a module and under the built-in policy.
func streams(t *testing.T, m *module) (own, other []sim.Trial) {
	t.Helper()
	trials, err := sim.Bench{
		Environments: sim.Named(), Tuners: []sim.Tuner{sim.Scheduled{Policy: m}, sim.Scheduled{Policy: builtin.New()}},
		Lengths: []float64{120}, Runs: 1, Seed: 1, Priors: true,
	}.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i, trial := range trials {
		if trial.Decision.Reason == policy.BecauseFault {
			t.Errorf("%s: %s: %s", trial.Environment, trial.Tuner, trial.Decision.Detail)
		}
		if i%2 == 0 {
			own = append(own, trial)
		} else {
			other = append(other, trial)
		}
	}
	return own, other
}

// TestFrugalStreams holds that where no setting takes less CPU time than another,
// as in the simulator, frugal is as fast as the built-in policy.
func TestFrugalStreams(t *testing.T) {
	own, other := streams(t, loadFor(t, quickest(), "frugal", ""))
	took, others := 0.0, 0.0
	for i := range own {
		t.Logf("%-16s %4.0f s, and %4.0f s under the built-in policy", own[i].Environment, own[i].Seconds, other[i].Seconds)
		took, others = took+own[i].Seconds, others+other[i].Seconds
	}
	if took > 1.1*others {
		t.Errorf("%.0f s, and %.0f s under the built-in policy", took, others)
	}
}
