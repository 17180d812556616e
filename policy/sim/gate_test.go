package sim

import (
	"testing"

	"github.com/rapidbyte/rbt/policy/builtin"
)

// The gate: what the built-in policy reached when it was tuned last, with a
// little room, so that a change that makes it worse is noticed. Of how good the
// policy is on environments that nobody has looked at, docs/rationale.md has
// the record.

// gateSeed draws the environments of the gate. Much was chosen with a look at
// them.
const gateSeed = 1

// play runs a bench of the built-in policy and, to compare, of the literal one.
func play(t *testing.T, b Bench) (tuned, literal map[float64]Report) {
	t.Helper()
	b.Tuners = []Tuner{Scheduled{builtin.New()}, Literal{}}
	reports, err := b.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tuned, literal = map[float64]Report{}, map[float64]Report{}
	for _, r := range reports {
		t.Logf("%4.0f s %-19s regret %5.1f %% (median %5.1f, p95 %5.1f), of all %5.1f, cost %4.1f, below %4.1f, stable %3.0f, false leads %4.1f",
			r.Seconds, r.Tuner, 100*r.Regret.Mean, 100*r.Regret.Median, 100*r.Regret.P95, 100*r.RegretOfAll.Mean,
			100*r.Cost.Mean, 100*r.Below, 100*r.Stable, 100*r.FalseLeads)
		if r.Tuner == b.Tuners[0].Name() {
			tuned[r.Seconds] = r
		} else {
			literal[r.Seconds] = r
		}
	}
	return tuned, literal
}

// limits of a gate, as shares.
type limits struct{ mean, p95, below, falseLeads float64 }

func (l limits) check(t *testing.T, name string, r Report) {
	t.Helper()
	for _, tc := range []struct {
		what       string
		got, limit float64
	}{
		{"the mean regret", r.Regret.Mean, l.mean},
		{"the regret of 95 %", r.Regret.P95, l.p95},
		{"the share below the baseline", r.Below, l.below},
		{"the share taken in by noise", r.FalseLeads, l.falseLeads},
	} {
		if tc.got > tc.limit {
			t.Errorf("%s, %.0f s: %s is %.3f, the limit %.3f", name, r.Seconds, tc.what, tc.got, tc.limit)
		}
	}
}

func TestGateDrawn(t *testing.T) {
	tuned, literal := play(t, Bench{
		Environments: Draw(gateSeed, 30), Lengths: []float64{60, 120, 1000}, Runs: 4, Seed: gateSeed, Priors: true,
	})
	for seconds, l := range map[float64]limits{
		60:   {0.04, 0.10, 0.01, 0.01},
		120:  {0.027, 0.085, 0.01, 0.03},
		1000: {0.013, 0.06, 0.01, 0.02},
	} {
		l.check(t, "drawn", tuned[seconds])
		if better, worse := tuned[seconds].Regret.Mean, literal[seconds].Regret.Mean; better > worse {
			t.Errorf("%.0f s: the rules taken by the letter have a regret of %.3f, less than %.3f", seconds, worse, better)
		}
	}
}

func TestGateNamed(t *testing.T) {
	tuned, _ := play(t, Bench{
		Environments: Named(), Lengths: []float64{60, 120, 1000}, Runs: 10, Seed: gateSeed, Priors: true,
	})
	for seconds, l := range map[float64]limits{
		60:   {-0.015, 0.05, 0.13, 0.01}, // what is best in credit-cliff changes after the probe phase: one of eight
		120:  {-0.02, 0.085, 0.13, 0.01},
		1000: {-0.025, 0.08, 0.03, 0.01},
	} {
		l.check(t, "named", tuned[seconds])
	}
}
