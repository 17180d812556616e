package policies_test

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/wasm"
	"github.com/rapidbyte/rbt/runtime"
)

const orders = `
	CREATE TABLE orders (id int8 PRIMARY KEY, customer int, total numeric, at timestamptz, note text);
	INSERT INTO orders SELECT i, i % 1000, i / 3.0, '2026-01-01'::timestamptz + i * interval '1 second', repeat('x', i % 150)
		FROM generate_series(1, 200000) i;
	ANALYZE orders;`

// TestRuns copies a table between real servers under each policy: its rows
// arrive, the policy has its say, and nothing is wrong with it.
func TestRuns(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, orders)
	for dir, config := range map[string]string{
		"frugal": `{"min_speed":0.4}`, "steady": `{"weight":3}`, "ladder": `{}`,
		"gentle": `{"allow":"2ms"}`, "deadline": `{"finish_within":"20m"}`, "builtin": `{}`,
	} {
		t.Run(dir, func(t *testing.T) {
			t.Parallel()
			dst := pgtest.New(t)
			p := loadForRun(t, dir, config)
			cfg := tunetest.Tuned(tunetest.Config(src.DSN, dst.DSN, tunetest.Stream("orders")), p)
			cfg.Autotune.Config, cfg.Autotune.CallTimeout = json.RawMessage(config), time.Minute
			seen := tunetest.Record(&cfg)
			tunetest.MustRun(t, cfg)
			tunetest.SameRows(t, src, dst, "orders")
			for _, f := range tunetest.Of[runtime.AutotuneFault](seen) {
				t.Errorf("%s: %s", f.Reason, f.Detail)
			}
			decisions := tunetest.Of[runtime.AutotuneDecision](seen)
			if len(decisions) != 1 || decisions[0].Policy.Name != dir {
				t.Fatalf("%+v", decisions)
			}
			t.Logf("%s: %s", decisions[0].Reason, decisions[0].Detail)
			if calls := tunetest.Of[runtime.PolicyCalled](seen); len(calls) < 2 {
				t.Errorf("the policy was asked %d times", len(calls))
			}
		})
	}
}

// loadForRun loads the policy of a folder, for which those in Go are built.
func loadForRun(t *testing.T, dir, config string) *wasm.Policy {
	t.Helper()
	if _, checkedIn := guests()[dir]; checkedIn {
		return load(t, dir, config).Policy
	}
	p, err := wasm.Load(t.Context(), guesttest.Build(t, dir), wasm.Options{
		Config: json.RawMessage(config), Fallback: builtin.New(), Engine: quickest(),
		Limits: wasm.Limits{Load: time.Minute, Call: time.Minute},
	})
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(dir), err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}
