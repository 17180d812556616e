package main

import (
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// TestProjects holds what the projects of all languages have, and that each has
// what it needs of rbt.
func TestProjects(t *testing.T) {
	kits := map[string]string{"go": "rbt/policy/guest/guest.go", "assemblyscript": "rbt/rbt.ts", "c": "rbt/rbt.h", "wat": "ABI.md"}
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			files, err := l.project("thrifty")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{".gitignore", "Makefile", "README.md", "testdata/orders.jsonl", "testdata/orders.expect", kits[l.name]} {
				if len(files[name]) == 0 {
					t.Errorf("there is no %s", name)
				}
			}
			for _, target := range []string{"\npolicy.wasm:", "\ntest:", "\ncheck:"} {
				if !strings.Contains(string(files["Makefile"]), target) {
					t.Errorf("the Makefile has no target %q", target)
				}
			}
			for name, text := range files {
				if strings.Contains(string(text), "%NAME%") || strings.HasSuffix(name, ".tmpl") {
					t.Errorf("%s is still a template", name)
				}
				if filepath.Ext(name) == ".go" {
					formatted, err := format.Source(text)
					if diff := cmp.Diff(string(formatted), string(text)); diff != "" || err != nil {
						t.Errorf("%s: %v (-gofmt +template):\n%s", name, err, diff)
					}
				}
			}
		})
	}
}

// templateTrace is the trace that all projects have.
const templateTrace = "newpolicy/common/testdata/orders.jsonl"

// TestProjectsBuild builds the projects and runs their tests, where what that
// takes is installed. Nothing is downloaded.
func TestProjectsBuild(t *testing.T) {
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			variables := toolchain(t, l.name)
			dir := newProject(t, l)
			runIn(t, dir, "make", variables...)
			module, err := os.ReadFile(filepath.Join(dir, "policy.wasm"))
			if err != nil {
				t.Fatal(err)
			}
			p, err := guesttest.Load(t, module, "{}", nil)
			if err != nil {
				t.Fatal(err)
			}
			if info := p.Module(); info.Name != "thrifty" || info.Version != "0.1.0" {
				t.Errorf("it says that it is %+v", info)
			}
			policytest.Expect(t, p, templateTrace)
			if l.name != "wat" { // whose tests are what was just expected, by an rbt on the path
				runIn(t, dir, "make", append(variables, "test")...)
			}
		})
	}
}

// TestTemplateTrace holds that the trace is what the Go project answers, and
// makes it anew where RBT_UPDATE is set.
func TestTemplateTrace(t *testing.T) {
	toolchain(t, "go")
	p, err := guesttest.Load(t, guesttest.Build(t, newProject(t, languages()[0])), "{}", nil)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("RBT_UPDATE") != "" {
		wan := sim.Named()[1]
		wan.Name = "public.orders"
		if _, err := policytest.Record(templateTrace, policytest.Recorder{Policy: p}, wan, 60, 1); err != nil {
			t.Fatal(err)
		}
	}
	policytest.Replay(t, p, templateTrace)
}

// toolchain skips the test where a language cannot be built, and returns what
// make has to be told.
func toolchain(t *testing.T, lang string) (variables []string) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds modules")
	}
	needs := map[string][]string{"go": {"go"}, "c": {"cc", "clang-14", "wasm-ld-14"}, "assemblyscript": {"node"}, "wat": {"wat2wasm"}}
	for _, program := range append(needs[lang], "make") {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s is not installed", program)
		}
	}
	switch lang {
	case "go":
		t.Setenv("GOFLAGS", "-mod=mod")
		t.Setenv("GOPROXY", "off")
	case "c":
		return []string{"CLANG=clang-14"}
	case "assemblyscript":
		compiler, err := filepath.Abs(repository + "/examples/policies/kit/assemblyscript/node_modules/.bin/asc")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(compiler); err != nil {
			t.Skip("the AssemblyScript compiler is not installed: make -C examples/policies/kit/assemblyscript toolchain")
		}
		return []string{"ASC=" + compiler}
	}
	return nil
}

func newProject(t *testing.T, l language) (dir string) {
	t.Helper()
	files, err := l.project("thrifty")
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "thrifty")
	if err := writeProject(dir, files); err != nil {
		t.Fatal(err)
	}
	return dir
}

func runIn(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
}
