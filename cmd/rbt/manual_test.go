package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCLIReference holds docs/cli.md to the program's help.
func TestCLIReference(t *testing.T) {
	got, err := cliReference(newRoot(newUI(nil, &bytes.Buffer{}, &bytes.Buffer{}), nil))
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../docs/cli.md"
	if os.Getenv("RBT_UPDATE") != "" {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("RBT_UPDATE=1 go test ./cmd/rbt -run TestCLIReference writes it (-document +help):\n%s", diff)
	}
}

// TestManual writes what packages take along.
func TestManual(t *testing.T) {
	folder := t.TempDir()
	if err := writeManual(newRoot(newUI(nil, &bytes.Buffer{}, &bytes.Buffer{}), nil), folder); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"man/rbt.1", "man/rbt-run.1", "man/rbt-rejects-retry.1", "completions/rbt.bash", "completions/_rbt", "completions/rbt.fish", "cli.md"} {
		if info, err := os.Stat(filepath.Join(folder, name)); err != nil || info.Size() < 100 {
			t.Errorf("%s: %v", name, err)
		}
	}
}
