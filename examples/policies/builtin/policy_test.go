package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/guest"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// TestNative holds that the kit changes nothing.
func TestNative(t *testing.T) {
	p, err := guest.Native(New, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, p, 3, 60, 1000)
}

// TestModule holds that the policy decides the same as a module.
func TestModule(t *testing.T) {
	p, err := wasm.Load(t.Context(), build(t), wasm.Options{Fallback: builtin.New(), Limits: wasm.Limits{Call: time.Minute}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	if propose, score := p.Halves(); !propose || !score {
		t.Errorf("it has the halves %v and %v", propose, score)
	}
	compare(t, p, 1, 120)
}

// compare plays streams under the built-in policy and under p, and compares all
// that they decide: the outcome, and for every candidate why and by how much.
func compare(t *testing.T, p policy.Policy, runs int, lengths ...float64) {
	t.Helper()
	trials, err := sim.Bench{
		Environments: sim.Named(), Tuners: []sim.Tuner{sim.Scheduled{Policy: builtin.New()}, sim.Scheduled{Policy: p}},
		Lengths: lengths, Runs: runs, Seed: 5, Priors: true,
	}.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(trials, 2) {
		diff := cmp.Diff(pair[0], pair[1], sameNumbers(), cmpopts.IgnoreFields(policy.Info{}, "SHA256", "Engine"))
		if diff != "" {
			t.Errorf("%s, %.0f s (-built-in +this):\n%s", pair[0].Environment, pair[0].Length, diff)
		}
	}
}

// sameNumbers lets the last digits of numbers differ: processors have
// instructions of their own for logarithms and exponentials, and a module has
// not.
func sameNumbers() cmp.Option { return cmpopts.EquateApprox(1e-12, 1e-12) }

func build(t *testing.T) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a module")
	}
	file := filepath.Join(t.TempDir(), "builtin.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return module
}
