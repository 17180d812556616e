// Package policies_test tests the policies of this folder that are not written
// in Go, and the kits that they are written with, as rbt runs them.
package policies_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// guests are the folders whose modules are checked in, and the modules.
func guests() map[string]string {
	return map[string]string{
		"frugal":             "policy.wasm",
		"steady":             "policy.wasm",
		"ladder":             "policy.wasm",
		"kit/c":              "testdata/mirror.wasm",
		"kit/assemblyscript": "testdata/mirror.wasm",
	}
}

// module is the policy of a folder, its config, and what it has logged.
type module struct {
	*wasm.Policy
	config json.RawMessage
	logged []string
}

// load loads the policy of a folder with a config; none is {}.
func load(t testing.TB, dir, config string) *module { return loadFor(t, wasm.Interpreter, dir, config) }

func loadFor(t testing.TB, engine, dir, config string) *module {
	t.Helper()
	m := &module{config: json.RawMessage(config)}
	var err error
	if m.Policy, err = try(t.Context(), engine, dir, config, &m.logged); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func try(ctx context.Context, engine, dir, config string, logged *[]string) (*wasm.Policy, error) {
	file, err := os.ReadFile(filepath.Join(dir, guests()[dir]))
	if err != nil {
		return nil, err
	}
	return wasm.Load(ctx, file, wasm.Options{
		Config: json.RawMessage(config), Fallback: builtin.New(), Engine: engine,
		Limits: wasm.Limits{Load: time.Minute, Call: time.Minute}, // tests may share their machine
		Log:    func(level slog.Level, text string) { *logged = append(*logged, level.String()+": "+text) },
	})
}

// call asks a module a question, and returns its answer as it is.
func (m *module) call(t testing.TB, op string, input []byte) []byte {
	t.Helper()
	output, err := m.Call(t.Context(), op, input)
	if err != nil {
		t.Fatalf("%s: %v\ninput: %.2000s", m.Info().Name, err, input)
	}
	return output
}

// TestConfigs holds what each policy says of configs.
func TestConfigs(t *testing.T) {
	for _, tc := range []struct{ dir, config, want string }{
		{"frugal", `{}`, ""},
		{"frugal", `{"min_speed":0.75,"slack":0}`, ""},
		{"frugal", `{"min_speed":"fast"}`, `min_speed: must be a number from 0 to 1, not "fast"`},
		{"frugal", `{"min_speed":1.5}`, "min_speed: must be a number from 0 to 1, not 1.5"},
		{"frugal", `{"min_speed":null}`, "min_speed: must be a number from 0 to 1, not null"},
		{"frugal", `{"slack":-1e-3}`, "slack: must be a number from 0 to 10, not -1e-3"},
		{"frugal", `{"min_sped":0.5}`, `there is no setting "min_sped": there is min_speed, slack`},
		{"steady", `{}`, ""},
		{"steady", `{"weight":2.5}`, ""},
		{"steady", `{"weight":[1]}`, "weight: must be a number from 0 to 100, not [1]"},
		{"steady", `{"weight":101}`, "weight: must be a number from 0 to 100, not 101"},
		{"steady", `{"wait":1,"weight":1}`, `there is no setting "wait": there is weight`},
		{"steady", `{"weight":"a text that is longer than anybody wänts to read"}`, `weight: must be a number from 0 to 100, not "a text that is longer than anybody wän…`},
		{"ladder", `{}`, ""},
		{"ladder", `{"rungs":[1,2,3]}`, `there is no setting "rungs": this policy has none`},
		{"ladder", `{"a\"b\\":1}`, `there is no setting "a"b\": this policy has none`},
	} {
		var logged []string
		p, err := try(t.Context(), wasm.Interpreter, tc.dir, tc.config, &logged)
		if err == nil {
			p.Close()
		}
		var e *wasm.Error
		switch {
		case tc.want == "" && err != nil:
			t.Errorf("%s: %s: %v", tc.dir, tc.config, err)
		case tc.want != "" && (!errors.As(err, &e) || e.Reason != wasm.BadSettings || e.Detail != tc.want):
			t.Errorf("%s: %s:\ngot  %v\nwant %s", tc.dir, tc.config, err, tc.want)
		}
	}
}

// TestHalves holds which halves the policies have, and who they are.
func TestHalves(t *testing.T) {
	for dir, want := range map[string][2]bool{
		"frugal": {false, true}, "steady": {false, true}, "ladder": {true, false}, "kit/c": {true, true}, "kit/assemblyscript": {true, true},
	} {
		p := load(t, dir, "")
		proposes, scores := p.Halves()
		if got := [2]bool{proposes, scores}; got != want {
			t.Errorf("%s: propose, score is %v, want %v", dir, got, want)
		}
		if info := p.Info(); info.Version != "1.0.0" || !strings.HasPrefix(dir, "kit/") && info.Name != dir {
			t.Errorf("%s says that it is %+v", dir, info)
		}
	}
}

// TestRebuilt builds each module anew and compares it with the one that is
// checked in. That needs the very toolchain of toolchain.txt: another version
// makes another module of the same source.
func TestRebuilt(t *testing.T) {
	if testing.Short() {
		t.Skip("builds with other languages' compilers")
	}
	for dir, file := range guests() {
		t.Run(dir, func(t *testing.T) {
			if lacks := lacking(t, dir); lacks != "" {
				t.Skipf("not rebuilt: %s; make -C examples/policies/%s toolchain installs it where it can be had", lacks, dir)
			}
			out := filepath.Join(t.TempDir(), "rebuilt.wasm")
			if said, err := exec.Command("make", "-s", "-C", dir, "out="+out).CombinedOutput(); err != nil {
				t.Fatalf("make: %v\n%s", err, said)
			}
			want, err := os.ReadFile(filepath.Join(dir, file))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(out); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s/%s (%d bytes) is not what its source builds (%d bytes, %v): make -B -C examples/policies/%s builds it anew",
					dir, file, len(want), len(got), err, dir)
			}
		})
	}
}

// lacking says which tool of toolchain.txt is missing or of another version.
// Each line is a command and, after a colon, how the first line that it prints
// begins.
func lacking(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "toolchain.txt"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines("make --version: \n" + string(text)) {
		command, want, _ := strings.Cut(strings.TrimSpace(line), ":")
		c := exec.Command("sh", "-c", command)
		c.Dir = dir
		said, err := c.Output()
		if err != nil {
			return command + " does not run"
		}
		first, _, _ := strings.Cut(string(said), "\n")
		if want = strings.TrimSpace(want); first != want && !strings.HasPrefix(first, want+" ") && want != "" {
			return command + " says " + first + ", not " + want
		}
	}
	return ""
}
