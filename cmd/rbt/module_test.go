package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// tunedBy has a module of the repository tune, which gets all the time it wants.
func tunedBy(t *testing.T, file string) tuner {
	t.Helper()
	module, err := os.ReadFile(filepath.Join(repository, file))
	if err != nil {
		t.Fatal(err)
	}
	p, err := wasm.Load(t.Context(), module, wasm.Options{Fallback: builtin.New(), Limits: wasm.Limits{Load: time.Minute, Call: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	who := tuner{policy: p, module: p}
	t.Cleanup(who.close)
	return who
}

// TestTunerNotes holds that the end of a run says that its module was given up.
func TestTunerNotes(t *testing.T) {
	who := tunedBy(t, "policy/wasm/testdata/hostile/unreachable.wasm")
	p := who.module
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
