package policies_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// asConfigured asks a module with its config, as a run does.
type asConfigured struct{ *module }

func (m asConfigured) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	r.Config = m.config
	return m.Policy.Propose(ctx, r)
}

func (m asConfigured) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	r.Config = m.config
	return m.Policy.Score(ctx, r)
}

// TestTraces holds what the modules answer and decide over their traces, and
// makes the traces anew where RBT_UPDATE is set.
func TestTraces(t *testing.T) {
	for _, tc := range []struct {
		dir, config string
		environment int // of sim.Named
	}{
		{"frugal", `{"min_speed":0.4}`, 3}, // lanes in each other's way
		{"steady", `{"weight":3}`, 6},      // checkpoints
		{"ladder", `{}`, 1},                // a slow link
	} {
		t.Run(tc.dir, func(t *testing.T) {
			p := asConfigured{load(t, tc.dir, tc.config)}
			orders := filepath.Join(tc.dir, "testdata", "orders.jsonl")
			if os.Getenv("RBT_UPDATE") != "" {
				e := sim.Named()[tc.environment]
				e.Name = "public.orders"
				if _, err := policytest.Record(orders, policytest.Recorder{Policy: p, Config: p.config}, e, 120, 3); err != nil {
					t.Fatal(err)
				}
			}
			policytest.Replay(t, p, orders)
			policytest.Expect(t, p, orders)
		})
	}
}
