package main

import (
	"os"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// config is the policy's in all tests here.
const config = `{"finish_within":"5m"}`

// orders is a trace of a stream of two minutes that has five, in the simulator.
const orders = "testdata/orders.jsonl"

// TestTrace holds what the policy answers and decides, and makes the trace anew
// where RBT_UPDATE is set.
func TestTrace(t *testing.T) {
	p := native(t)
	if os.Getenv("RBT_UPDATE") != "" {
		e := sim.Named()[0]
		e.Name = "public.orders"
		if _, err := policytest.Record(orders, policytest.Recorder{Policy: p, Config: []byte(config)}, e, 120, 1); err != nil {
			t.Fatal(err)
		}
	}
	policytest.Replay(t, p, orders)
	policytest.Expect(t, p, orders)
}

// TestModule holds that the policy decides the same as a module.
func TestModule(t *testing.T) {
	module := guesttest.Build(t, ".")
	if _, err := guesttest.Load(t, module, `{}`, nil); err == nil || err.Error() != `describe: bad_settings: finish_within must say how long a stream may take, such as "20m"` {
		t.Errorf("a wrong config: %v", err)
	}
	p, err := guesttest.Load(t, module, config, nil)
	if err != nil {
		t.Fatal(err)
	}
	guesttest.Same(t, native(t), p, sim.Named()[:2])
	policytest.Replay(t, p, orders)
	policytest.Expect(t, p, orders)
}

func native(t *testing.T) policy.Policy {
	t.Helper()
	p, err := guest.Native(New, []byte(config), builtin.New())
	if err != nil {
		t.Fatal(err)
	}
	return p
}
