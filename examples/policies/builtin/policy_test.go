package main

import (
	"testing"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// orders is a trace of what the built-in policy said itself.
const orders = "../../../policy/policytest/testdata/orders.jsonl"

// wan is the trace of a run over the slow link of bench/tune.
const wan = "testdata/wan.jsonl"

// TestNative holds that the kit changes nothing.
func TestNative(t *testing.T) {
	p, err := guest.Native(New, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	guesttest.Same(t, builtin.New(), p, sim.Named())
	policytest.Replay(t, p, orders)
	policytest.Replay(t, p, wan)
	policytest.Expect(t, p, wan)
}

// TestModule holds that the policy decides the same as a module.
func TestModule(t *testing.T) {
	p, err := guesttest.Load(t, guesttest.Build(t, "."), `{}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if propose, score := p.Halves(); !propose || !score {
		t.Errorf("it has the halves %v and %v", propose, score)
	}
	guesttest.Same(t, builtin.New(), p, sim.Named())
	policytest.Replay(t, p, orders)
	policytest.Replay(t, p, wan)
	policytest.Expect(t, p, wan)
}

// TestConfig holds that there is none.
func TestConfig(t *testing.T) {
	_, err := guest.Native(New, []byte(`{"lanes":8}`), nil)
	if want := `there is no setting "lanes": this policy has none`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
