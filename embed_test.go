package rbt

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packages are those of the Go kit.
func packages() []string { return []string{"policy", "policy/builtin", "policy/guest"} }

// TestGoKitIsWhole holds that all files of its packages are in it, but for tests
// and for the one that needs a library.
func TestGoKitIsWhole(t *testing.T) {
	for _, dir := range packages() {
		var want []string
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if f = filepath.ToSlash(f); !strings.HasSuffix(f, "_test.go") && f != "policy/parse.go" {
				want = append(want, f)
			}
		}
		got, err := fs.Glob(Kits, dir+"/*.go")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v (-folder +kit):\n%s", err, diff)
		}
	}
}

// TestGoKitNeedsNothing holds that a project needs no library for it.
func TestGoKitNeedsNothing(t *testing.T) {
	own := packages()
	for i := range own {
		own[i] = path.Join("github.com/rapidbyte/rbt", own[i])
	}
	for _, dir := range packages() {
		files, err := fs.Glob(Kits, dir+"/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := fs.ReadFile(Kits, name)
			if err != nil {
				t.Fatal(err)
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ImportsOnly)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range file.Imports {
				imported, _ := strconv.Unquote(spec.Path.Value)
				first, _, _ := strings.Cut(imported, "/")
				if strings.Contains(first, ".") && !slices.Contains(own, imported) {
					t.Errorf("%s imports %s", name, imported)
				}
			}
		}
	}
}
