package wasm_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy/wasm"
	"github.com/rapidbyte/rbt/runtime"
)

// TestRunStreams copies five tables in one run with a module that always fails:
// each decision names the policy that its stream's search began with.
func TestRunStreams(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, few)
	p := load(t, wasm.File(t, "unreachable"), options(wasm.Interpreter, wasm.Limits{}))
	defer p.Close()
	cfg := config(src, dst, p)
	cfg.Streams = nil
	for i := range 5 {
		table := fmt.Sprintf("orders%d", i)
		src.Exec(t, "CREATE TABLE "+table+" (LIKE orders INCLUDING ALL); INSERT INTO "+table+" SELECT * FROM orders; ANALYZE "+table)
		cfg.Streams = append(cfg.Streams, runtime.Stream{StreamSpec: tunetest.Stream(table)})
	}
	seen := tunetest.Record(&cfg)
	tunetest.MustRun(t, cfg)
	var got []string
	for _, d := range tunetest.Of[runtime.AutotuneDecision](seen) {
		got = append(got, d.Policy.Name)
	}
	module, other := p.Module().Name, p.Info().Name
	if diff := cmp.Diff([]string{module, module, module, other, other}, got); diff != "" || module == other {
		t.Errorf("who decided (-want +got):\n%s", diff)
	}
	if faults := tunetest.Of[runtime.AutotuneFault](seen); len(faults) != 3 {
		t.Errorf("faults: %v", faults)
	}
}
