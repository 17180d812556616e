package pgcluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// installAt makes a folder that looks as if it held a server.
func installAt(t *testing.T, dir string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range serverPrograms {
		if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	patterns := []string{root + "/postgresql/*/bin", root + "/pgsql-*/bin"}
	installAt(t, root+"/postgresql/9.6/bin")
	newest := installAt(t, root+"/postgresql/16/bin")
	installAt(t, root+"/pgsql-15/bin")
	chosen := installAt(t, root+"/chosen")
	if err := os.MkdirAll(root+"/postgresql/99/bin", 0o755); err != nil { // a client, say
		t.Fatal(err)
	}
	if err := os.Mkdir(root+"/links", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(chosen+"/postgres", root+"/links/postgres"); err != nil {
		t.Fatal(err)
	}

	for _, test := range []struct {
		name, override, path, want, wantErr string
	}{
		{name: "newest version", path: "/nowhere", want: newest},
		{name: "path first", path: "/nowhere:" + chosen, want: chosen},
		{name: "link on the path", path: root + "/links", want: chosen},
		{name: "override", override: chosen, path: "/nowhere", want: chosen},
		{name: "bad override", override: root, path: chosen,
			wantErr: "RBT_PG_BIN=" + root + " does not hold initdb, postgres and pg_ctl"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("PATH", test.path)
			got, err := find(test.override, patterns)
			if got != test.want || errorText(err) != test.wantErr {
				t.Errorf("got %q and error %q, want %q and %q", got, errorText(err), test.want, test.wantErr)
			}
		})
	}
}

func TestFindNothing(t *testing.T) {
	t.Setenv("PATH", "/nowhere")
	_, err := find("", nil)
	want := "no PostgreSQL server found: install PostgreSQL 14 or newer, or set RBT_PG_BIN to the folder that holds initdb, postgres and pg_ctl"
	if errorText(err) != want {
		t.Errorf("got  %q\nwant %q", errorText(err), want)
	}
	apt := t.TempDir()
	if err := os.WriteFile(apt+"/apt-get", nil, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", apt)
	if _, err := find("", nil); !strings.Contains(errorText(err), "sudo apt-get install postgresql`") {
		t.Errorf("got %q", errorText(err))
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestScriptLooksInTheSamePlaces holds the list of scripts/postgres.sh equal to installPatterns.
func TestScriptLooksInTheSamePlaces(t *testing.T) {
	script, err := os.ReadFile("../../scripts/postgres.sh")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(script), "for dir in")
	list, _, _ := strings.Cut(rest, ";")
	got := strings.Fields(strings.ReplaceAll(list, "\\\n", ""))
	if diff := cmp.Diff(installPatterns, got); diff != "" {
		t.Errorf("scripts/postgres.sh differs (-find.go +script):\n%s", diff)
	}
}
