package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
)

// record leaves a trace of a run in the working folder, so long ago.
func record(t *testing.T, id string, attempt int, ago time.Duration) string {
	t.Helper()
	file, err := createTrace(id, attempt)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	at := time.Now().Add(-ago)
	if err := os.Chtimes(file.Name(), at, at); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}

func TestRunsFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := findTrace("rbt report", ""); err == nil || err.Error() != "there is no run in .rbt/runs" {
		t.Error(err)
	}
	first, second := ulid.Make().String(), ulid.Make().String()
	record(t, first, 1, 3*time.Hour)
	record(t, second, 1, 2*time.Hour)
	again := record(t, first, 2, time.Hour)
	for name, want := range map[string]string{
		"":     again, // the last run is not the one with the latest id
		first:  again,
		second: filepath.Join(runsFolder, second, "trace.jsonl"),
		again:  again,
	} {
		if got, err := findTrace("rbt report", name); err != nil || got != want {
			t.Errorf("findTrace(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if _, err := findTrace("rbt report", first[:len(first)-1]+"!"); err == nil || len(hints(err)) != 1 || !strings.HasPrefix(hints(err)[0], "rbt report 0") {
		t.Errorf("%v, hints %q", err, hints(err))
	}
	for path, want := range map[string]os.FileMode{".rbt": 0o700, runsFolder: 0o700, filepath.Dir(again): 0o700, again: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
	if text, err := os.ReadFile(".rbt/.gitignore"); err != nil || string(text) != "*\n" {
		t.Errorf("%q, %v", text, err)
	}
}

func TestRunsAreForgotten(t *testing.T) {
	t.Chdir(t.TempDir())
	atWork := ulid.Make().String() // it began first, and still writes
	for i := range keepRuns + 5 {
		record(t, ulid.Make().String(), 1, time.Duration(i+1)*time.Minute)
	}
	record(t, atWork, 1, 0)
	mine := filepath.Join(runsFolder, "mine")
	if err := os.Mkdir(mine, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(mine, "trace.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(mine, "trace.jsonl"), time.Unix(0, 0), time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if err := forgetRuns(); err != nil {
		t.Fatal(err)
	}
	runs, err := recordedRuns()
	if err != nil || len(runs) != keepRuns+1 {
		t.Fatalf("%d runs are left, %v", len(runs), err)
	}
	if runs[0].id != atWork || runs[keepRuns].id != "mine" {
		t.Errorf("left are %v … %v", runs[0], runs[keepRuns])
	}
}

func TestHostileRunID(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, id := range []string{"", ".", "../../etc", "/etc", "01M847WPY8SVS2950CR0SXJ1P/", "a/b"} {
		if file, err := createTrace(id, 1); err == nil {
			t.Errorf("%q made %s", id, file.Name())
		}
	}
}

func TestTraceIsNotWrittenOverOtherFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, overwritten := range map[string]bool{
		"":                             true,
		"{\"rbt_trace\":1}\n{\"x\":1}": true,
		"pipeline \"p\" {}\n":          false,
		"{}":                           false,
	} {
		if err := os.WriteFile("file", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := overwriteTrace("file")
		if err == nil {
			fmt.Fprint(file, "new")
			file.Close()
		}
		left, _ := os.ReadFile("file")
		if (err == nil) != overwritten || (string(left) == "new") != overwritten {
			t.Errorf("%q: %v, left %q", text, err, left)
		}
	}
	for _, path := range []string{os.DevNull, "another"} {
		if file, err := overwriteTrace(path); err != nil {
			t.Error(err)
		} else {
			file.Close()
		}
	}
	if _, err := overwriteTrace("nowhere/file"); err == nil {
		t.Error("a file in no folder")
	}
}
