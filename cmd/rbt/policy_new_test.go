package main

import (
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy/guest/guesttest"
	"github.com/rapidbyte/rbt/policy/policytest"
	"github.com/rapidbyte/rbt/policy/sim"
)

// TestProjects holds what the projects of all languages have.
func TestProjects(t *testing.T) {
	for _, l := range languages() {
		t.Run(l.name, func(t *testing.T) {
			files, err := l.project("thrifty")
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{".gitignore", "Makefile", "README.md", "testdata/orders.jsonl", "testdata/orders.expect"} {
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

// TestTemplateTrace holds that the policy of a new project decides as the file
// of expectations beside its trace says, and makes the trace anew where
// RBT_UPDATE is set.
func TestTemplateTrace(t *testing.T) {
	files, err := languages()[0].project("thrifty")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	dir := filepath.Join(t.TempDir(), "thrifty")
	if err := writeProject(dir, files); err != nil {
		t.Fatal(err)
	}
	p, err := guesttest.Load(t, guesttest.Build(t, dir), "{}", nil)
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
	policytest.Expect(t, p, templateTrace)
}
