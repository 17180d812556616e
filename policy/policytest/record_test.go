package policytest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/trace"
)

// record has p tune a simulated stream, and returns the trace's path and the
// decision.
func record(t testing.TB, e sim.Environment, p policy.Policy, seconds float64, seed uint64) (string, policy.Decision) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	return path, recordTo(t, path, Recorder{Policy: p}, e, seconds, seed)
}

func recordTo(t testing.TB, path string, r Recorder, e sim.Environment, seconds float64, seed uint64) policy.Decision {
	t.Helper()
	d, err := Record(path, r, e, seconds, seed)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// load reads a trace.
func load(t testing.TB, path string) *Trace {
	t.Helper()
	tr, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// wan is a simulated stream that many lanes and large flushes are good for.
func wan() sim.Environment {
	e := sim.Named()[1]
	e.Name = "public.orders"
	return e
}

// orders is a trace of such a stream, and of one that is too small to be tuned.
const orders = "testdata/orders.jsonl"

// TestOrders makes that trace anew where RBT_UPDATE is set: the built-in policy
// has to have changed its mind for a reason.
func TestOrders(t *testing.T) {
	if os.Getenv("RBT_UPDATE") == "" {
		Replay(t, builtin.New(), orders)
		Expect(t, builtin.New(), orders)
		return
	}
	countries := trace.Stream{
		Stream: "public.countries", Facts: policy.Facts{Stream: "public.countries", Rows: 200, Bytes: 16 << 10},
		Knobs:    []policy.Knob{{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16, Default: policy.IntValue(4)}},
		Baseline: policy.Setting{"parallelism": policy.IntValue(4)},
		Skip:     &policy.Skip{Stream: "public.countries", Reason: policy.SkippedSmall, Detail: "15 % of about 0.0 MiB cannot hold 6 windows of 5.0 MiB"},
	}
	recordTo(t, orders, Recorder{Policy: builtin.New(), Also: []trace.Record{countries}}, wan(), 60, 1)
}
