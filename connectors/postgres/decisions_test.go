package postgres

import (
	"math"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
)

// aDecision has text that a policy may have made up.
var aDecision = policy.Decision{
	Stream:   "public.t",
	Policy:   policy.Info{Name: "builtin", Version: "1"},
	Baseline: policy.Setting{"parallelism": policy.IntValue(4), knobMode: policy.EnumValue(modeCtid)},
	Winner:   policy.Setting{"parallelism": policy.IntValue(8), knobMode: policy.EnumValue(modeCtid)},
	Reason:   policy.BecauseLead,
	Detail:   "parallelism 4 → 8 \x00\xff \\u0000 é",
	Lead:     0.382, Low: 0.31, High: 0.45,
	Windows: 4, Masked: map[string]int{policy.MaskCheckpoint: 1, policy.MaskRetry: 2},
	ProbeRows: 1000, ProbeSeconds: 1.5, LostSeconds: 0.41,
}

func TestNoteTuning(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	l := b.begin(t)
	defer l.Close()
	note := func(tuning connectors.Tuning) {
		t.Helper()
		tuning.Stream, tuning.Generation = "public.t", 2
		for range 2 { // nobody heard of the first one
			if err := l.NoteTuning(t.Context(), tuning); err != nil {
				t.Error(err)
			}
		}
	}
	note(connectors.Tuning{Skip: &policy.Skip{Stream: "public.t", Reason: policy.SkippedSmall, Detail: "one part"}})
	note(connectors.Tuning{Fault: &policy.Fault{Stream: "public.t", Reason: policy.FaultTimeout, Detail: "100 ms"}})
	note(connectors.Tuning{Decision: &aDecision})
	again := aDecision
	again.Masked, again.Winner = nil, aDecision.Baseline
	note(connectors.Tuning{Decision: &again})
	const line = `select concat_ws(' ', stream, generation, attempt, kind, reason, detail, policy, baseline, winner->>'parallelism')
		from _rbt.decisions order by number`
	base := `{"parallelism": 4, "partition_mode": "ctid"}`
	diff(t, [][]string{
		{"public.t 2 1 skipped stream-too-small one part"},
		{"public.t 2 1 fault policy-timeout 100 ms"},
		{"public.t 2 1 decision lead parallelism 4 → 8 ?\uFFFD \\u0000 é builtin " + base + " 8"},
		{"public.t 2 1 decision lead parallelism 4 → 8 ?\uFFFD \\u0000 é builtin " + base + " 4"},
	}, b.dst.Query(t, line))
	diff(t, [][]string{
		{"0.382", "0.31", "0.45", "4", "3", "1000", "1.5", "0.41", "1"},
		{"0.382", "0.31", "0.45", "4", "0", "1000", "1.5", "0.41", "NULL"},
	}, b.dst.Query(t, `select lead, low, high, windows, masked, probe_rows, probe_secs, lost_secs, record->'masked'->'checkpoint'
		from _rbt.decisions where kind = 'decision' order by number`))
	bad := aDecision
	bad.Lead = math.NaN()
	if err := l.NoteTuning(t.Context(), connectors.Tuning{Stream: "public.t", Decision: &bad}); err == nil || connectors.Retryable(err) {
		t.Errorf("a lead that is no number: %v", err)
	}
	b.dst.Exec(t, "DELETE FROM _rbt.runs")
	diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from _rbt.decisions"))
}

// TestNoteTuningInLatin1 holds that a policy's words need not fit the
// database's encoding.
func TestNoteTuningInLatin1(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Cluster(t, pgcluster.Options{})
	pgtest.On(t, cluster).Exec(t, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	b := &bench{dst: &pgtest.DB{Name: "latin", DSN: cluster.DSN("latin") + "&client_encoding=UTF8"}}
	b.dest = b.destination(DestinationOptions{})
	l := b.begin(t)
	defer l.Close()
	if err := l.NoteTuning(t.Context(), connectors.Tuning{Stream: "public.t", Decision: &aDecision}); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{`parallelism 4 ? 8 ?? \u0000 ?`}}, b.dst.Query(t, "select detail from _rbt.decisions"))
}
