// Package guesttest builds policies of the Go kit as modules, and holds that
// they decide as they do natively. It is imported by tests only.
package guesttest

import (
	"context"
	"encoding/json"
	"log/slog"
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
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// Build builds the package in dir. That takes a while: with -short the test is
// skipped.
func Build(t testing.TB, dir string) (module []byte) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a module")
	}
	file := filepath.Join(t.TempDir(), "policy.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build in %s: %v\n%s", dir, err, out)
	}
	module, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// Module is a policy that is a module, and asks it with its config, as a run
// does.
type Module struct {
	*wasm.Policy
	config json.RawMessage
}

// Load loads a module, until the test ends. The built-in policy does the half
// that it lacks. Calls have a minute: other tests may be at work too.
func Load(t testing.TB, module []byte, config string, log func(slog.Level, string)) (Module, error) {
	t.Helper()
	p, err := wasm.Load(t.Context(), module, wasm.Options{
		Config: json.RawMessage(config), Fallback: builtin.New(), Log: log, Limits: wasm.Limits{Load: time.Minute, Call: time.Minute},
	})
	if err == nil {
		t.Cleanup(func() { _ = p.Close() })
	}
	return Module{p, json.RawMessage(config)}, err
}

// Propose asks the module.
func (m Module) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	r.Config = m.config
	return m.Policy.Propose(ctx, r)
}

// Score asks the module.
func (m Module) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	r.Config = m.config
	return m.Policy.Score(ctx, r)
}

// Same plays a stream in each environment under both policies, and compares all
// that they decide: the outcome, and for every candidate why and by how much.
func Same(t testing.TB, want, got policy.Policy, environments []sim.Environment) {
	t.Helper()
	trials, err := sim.Bench{
		Environments: environments, Tuners: []sim.Tuner{sim.Scheduled{Policy: want}, sim.Scheduled{Policy: got}},
		Lengths: []float64{120}, Runs: 1, Seed: 5, Priors: true,
	}.Trials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for pair := range slices.Chunk(trials, 2) {
		diff := cmp.Diff(pair[0], pair[1], sameNumbers(), cmpopts.EquateEmpty(), cmpopts.IgnoreFields(policy.Info{}, "SHA256", "Engine"))
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", pair[0].Environment, diff)
		}
	}
}

// sameNumbers lets the last digits of numbers differ: processors have
// instructions of their own for logarithms and exponentials, and a module has
// not.
func sameNumbers() cmp.Option { return cmpopts.EquateApprox(1e-9, 1e-9) }
