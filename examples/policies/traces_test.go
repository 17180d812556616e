package policies_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

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
			module, err := os.ReadFile(filepath.Join(tc.dir, guests()[tc.dir]))
			if err != nil {
				t.Fatal(err)
			}
			p, err := guesttest.Load(t, module, tc.config, nil)
			if err != nil {
				t.Fatal(err)
			}
			orders := filepath.Join(tc.dir, "testdata", "orders.jsonl")
			if os.Getenv("RBT_UPDATE") != "" {
				e := sim.Named()[tc.environment]
				e.Name = "public.orders"
				if _, err := policytest.Record(orders, policytest.Recorder{Policy: p, Config: json.RawMessage(tc.config)}, e, 120, 3); err != nil {
					t.Fatal(err)
				}
			}
			policytest.Replay(t, p, orders)
			policytest.Expect(t, p, orders)
		})
	}
}
