package main

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// TestTunerNotes holds that the end of a run says that its module was given up.
func TestTunerNotes(t *testing.T) {
	module, err := os.ReadFile(repository + "/policy/wasm/testdata/hostile/unreachable.wasm")
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(t.Context(), module, wasm.Options{Fallback: builtin.New(), Limits: wasm.Limits{Load: time.Minute, Call: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	who := tuner{policy: p, module: p}
	defer who.close()
	for range 3 {
		if got := who.notes(); got != nil {
			t.Errorf("too early: %v", got)
		}
		if _, err := p.Propose(t.Context(), policy.ProposeRequest{}); err == nil {
			t.Fatal("it answers")
		}
	}
	want := []string{"policy " + policyText(p.Module()) + " was not asked any more: 3 failures in a row, the last: propose: trap: unreachable"}
	if diff := cmp.Diff(want, who.notes()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (tuner{policy: builtin.New()}).notes(); got != nil {
		t.Errorf("the built-in policy: %v", got)
	}
}
