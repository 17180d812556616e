package guest_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// build builds the package in dir as a module.
func build(t testing.TB, dir string) []byte {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a module")
	}
	file := filepath.Join(t.TempDir(), "policy.wasm")
	cmd := exec.Command("go", "build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
	cmd.Dir = dir
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

// load loads a module with a config.
func load(t testing.TB, module []byte, config string, log func(slog.Level, string)) (*wasm.Policy, error) {
	t.Helper()
	p, err := wasm.Load(t.Context(), module, wasm.Options{Config: json.RawMessage(config), Fallback: builtin.New(), Log: log})
	if p != nil {
		t.Cleanup(func() { _ = p.Close() })
	}
	return p, err
}

func TestModule(t *testing.T) {
	module := build(t, "testdata/odd")
	var logged []string
	log := func(level slog.Level, text string) { logged = append(logged, fmt.Sprint(level, " ", text)) }
	for _, tc := range []struct {
		config string
		want   string // proposed, or what is wrong
	}{
		{`{}`, "parallelism 1; state sx"},
		{`{"do":"answer"}`, "parallelism 1; state sx"},
		{`{"do":"fail"}`, "propose: policy_error: policy_error: nothing comes to mind"},
		{`{"do":"panic"}`, `propose: trap: unreachable, having printed "panic: on purpose"`},
		{`{"do":"exit"}`, "propose: exit: it ended itself with code 3"},
		{`{"do":"log"}`, "parallelism 1; state sx; logged WARN about orders, WARN about orders"},
		{`{"do":1}`, "describe: bad_settings: bad_settings: do: must be a string, not number"},
		{`{"did":""}`, `describe: bad_settings: bad_settings: there is no setting "did": there is do`},
	} {
		logged = nil
		got := ask(t, module, tc.config, log)
		if len(logged) > 0 {
			got += "; logged " + strings.Join(logged, ", ")
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.config, diff)
		}
	}
}

// ask loads the module and asks it twice: no call knows of another.
func ask(t *testing.T, module []byte, config string, log func(slog.Level, string)) string {
	t.Helper()
	p, err := load(t, module, config, log)
	if err != nil {
		return err.Error()
	}
	if propose, score := p.Halves(); !propose || score {
		t.Errorf("it has the halves %v and %v", propose, score)
	}
	if i := p.Info(); i.Name != "odd" || i.Version != "0.1.0" {
		t.Errorf("it says that it is %+v", i)
	}
	r := policy.ProposeRequest{Facts: policy.Facts{Stream: "orders"}, State: "s", Config: json.RawMessage(config)}
	answers := map[string]bool{}
	var answer string
	for range 2 {
		a, err := p.Propose(t.Context(), r)
		if err != nil {
			answer = err.Error()
		} else {
			answer = a.Candidates[0].Format([]policy.Knob{{Name: "parallelism"}}) + "; state " + a.State
		}
		answers[answer] = true
	}
	if len(answers) > 1 {
		t.Errorf("%s: two answers to one question: %v", config, answers)
	}
	return answer
}
