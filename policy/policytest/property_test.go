package policytest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
)

// TestReplayOfAPhase holds that the policy that made a trace answers all of its
// questions as it did, and that the trace's windows lead it to the same decision,
// in whatever environment, and also where the stream ends in its probe phase.
func TestReplayOfAPhase(t *testing.T) {
	environments := append(sim.Named(), sim.Draw(3, 20)...)
	rapid.Check(t, func(r *rapid.T) {
		e := environments[rapid.IntRange(0, len(environments)-1).Draw(r, "environment")]
		e.Estimate *= rapid.SampledFrom([]float64{1, 1, 1, 20}).Draw(r, "estimate")
		seconds := rapid.SampledFrom([]float64{5, 60, 120, 1000}).Draw(r, "seconds")
		path, decided := record(t, e, builtin.New(), seconds, rapid.Uint64().Draw(r, "seed"))
		tr := load(t, path)
		outcomes, err := tr.Decide(context.Background(), builtin.New())
		if err != nil {
			r.Fatal(err)
		}
		if skip := tr.Streams[0].Skip; skip != nil {
			if outcomes[0].Skip != skip || outcomes[0].Decision.Reason != skip.Reason {
				r.Fatalf("a skipped stream: %+v", outcomes[0])
			}
			return
		}
		replayed, err := tr.Replay(context.Background(), builtin.New())
		if err != nil || replayed.Asked != tr.Calls() || len(replayed.Differences) > 0 {
			r.Fatalf("%v, %d of %d calls, differences %v", err, replayed.Asked, tr.Calls(), replayed.Differences)
		}
		// A trace has its times to the microsecond.
		if diff := cmp.Diff(decided, outcomes[0].Decision, cmpopts.EquateApprox(0, 1e-5), cmpopts.EquateEmpty()); diff != "" {
			r.Fatalf("-decided +replayed:\n%s", diff)
		}
		if outcomes[0].Borrowed > 0 || outcomes[0].Windows != len(tr.Streams[0].windows) {
			r.Fatalf("%d windows, %d borrowed; the trace has %d", outcomes[0].Windows, outcomes[0].Borrowed, len(tr.Streams[0].windows))
		}
	})
}
