package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy/sim"
)

func TestBenchTable(t *testing.T) {
	b := policyBench{Reports: []sim.Report{{
		Tuner: "builtin", Seconds: 60, Regret: sim.Spread{Mean: 0.0512, Median: -0.001, P95: 1.2}, Stable: 1,
	}}}
	want := `| stream | policy  | regret | median |   p95 | of all | median | p95 | cost | below |  same | noise |
|-------:|---------|-------:|-------:|------:|-------:|-------:|----:|-----:|------:|------:|------:|
|   60 s | builtin |    5.1 |   -0.1 | 120.0 |    0.0 |    0.0 | 0.0 |  0.0 |   0.0 | 100.0 |   0.0 |
`
	if diff := cmp.Diff(want, b.table()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
