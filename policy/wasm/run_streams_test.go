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
	var streams []runtime.Stream
	for i := range 5 {
		table := fmt.Sprintf("orders%d", i)
		src.Exec(t, "CREATE TABLE "+table+" (LIKE orders INCLUDING ALL); INSERT INTO "+table+" SELECT * FROM orders; ANALYZE "+table)
		streams = append(streams, runtime.Stream{StreamSpec: tunetest.Stream(table)})
	}
	var p *wasm.Policy
	decided := func(seen *tunetest.Recorder) (by []string) {
		for _, d := range tunetest.Of[runtime.AutotuneDecision](seen) {
			by = append(by, d.Policy.Name)
		}
		return by
	}
	want := func() []string {
		module, other := p.Module().Name, p.Info().Name
		return []string{module, module, module, other, other}
	}
	// On a busy machine a stream may not ask, or begin before the last one has failed.
	enough := func(seen *tunetest.Recorder) bool { return cmp.Equal(want(), decided(seen)) }
	_, seen := tunetest.MustRunUntil(t, enough, func() runtime.Config {
		anew := load(t, wasm.File(t, "unreachable"), options(wasm.Interpreter, wasm.Limits{}))
		t.Cleanup(func() { anew.Close() })
		p = anew // one that has failed three times is not asked any more
		cfg := config(src, dst, p)
		cfg.Streams = streams
		return cfg
	})
	if diff := cmp.Diff(want(), decided(seen)); diff != "" || p.Module().Name == p.Info().Name {
		t.Errorf("who decided (-want +got):\n%s", diff)
	}
	if faults := tunetest.Of[runtime.AutotuneFault](seen); len(faults) != 3 {
		t.Errorf("faults: %v", faults)
	}
}
