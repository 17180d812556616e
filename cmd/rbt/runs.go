package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/rapidbyte/rbt/policy/trace"
)

const (
	// runsFolder is where the traces of runs are, from the working folder: a
	// folder per run. The first attempt is in trace.jsonl, the second in
	// trace-2.jsonl.
	runsFolder = ".rbt/runs"
	// keepRuns is how many runs stay there.
	keepRuns = 50
)

// recordedRun is a run with a trace.
type recordedRun struct {
	id    string
	trace string // the newest attempt's
	at    time.Time
}

// recordedRuns lists the runs of the folder, the newest first.
func recordedRuns() ([]recordedRun, error) {
	folders, err := os.ReadDir(runsFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var runs []recordedRun
	for _, f := range folders {
		if r, ok := recorded(f.Name()); ok {
			runs = append(runs, r)
		}
	}
	slices.SortFunc(runs, func(a, b recordedRun) int {
		return cmp.Or(b.at.Compare(a.at), cmp.Compare(b.id, a.id))
	})
	return runs, err
}

// recorded finds the newest trace of a run.
func recorded(id string) (recordedRun, bool) {
	run := recordedRun{id: id}
	traces, _ := filepath.Glob(filepath.Join(runsFolder, id, "trace*.jsonl")) // the pattern is a good one
	for _, path := range traces {
		if info, err := os.Stat(path); err == nil && !info.ModTime().Before(run.at) {
			run.trace, run.at = path, info.ModTime()
		}
	}
	return run, run.trace != ""
}

// createTrace makes the file for a run's trace in the runs' folder.
func createTrace(runID string, attempt int) (*os.File, error) {
	if _, err := ulid.ParseStrict(runID); err != nil { // it comes from the books, and becomes a folder's name
		return nil, fmt.Errorf("%q is no run id", runID)
	}
	folder := filepath.Join(runsFolder, runID)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := ignoreRuns(); err != nil {
		return nil, err
	}
	name := "trace.jsonl"
	if attempt > 1 {
		name = fmt.Sprintf("trace-%d.jsonl", attempt)
	}
	return os.OpenFile(filepath.Join(folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}

// ignoreRuns keeps the folder out of git, wherever it is made.
func ignoreRuns() error {
	file, err := os.OpenFile(filepath.Join(filepath.Dir(runsFolder), ".gitignore"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = file.WriteString("*\n")
	return errors.Join(err, file.Close())
}

// forgetRuns removes the oldest runs. A run that is at work is not among them:
// its trace is new.
func forgetRuns() error {
	runs, err := recordedRuns()
	for _, r := range runs[min(keepRuns, len(runs)):] {
		if _, wrong := ulid.ParseStrict(r.id); wrong == nil { // else it is not ours
			err = errors.Join(err, os.RemoveAll(filepath.Join(runsFolder, r.id)))
		}
	}
	return err
}

// overwriteTrace opens the file that a person named. A file that is something
// else than a trace stays as it is.
func overwriteTrace(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 && !isTrace(path) {
		return nil, fmt.Errorf("%s is something else than a trace, and is not overwritten", path)
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
}

func isTrace(path string) bool {
	file, err := os.Open(path)
	if err != nil {
		return false
	}
	defer file.Close()
	_, err = trace.NewReader(file, path)
	return err == nil
}

// findTrace returns the path of the trace that a person means: of a run, by
// its id, a file, or with an empty name the last run. command is what they typed.
func findTrace(command, name string) (string, error) {
	runs, err := recordedRuns()
	if err != nil {
		return "", err
	}
	if name == "" {
		if len(runs) == 0 {
			return "", usage(fmt.Errorf("there is no run in %s", runsFolder),
				"rbt run pipeline.hcl, which records one", command+" FILE, for a trace elsewhere")
		}
		return runs[0].trace, nil
	}
	var known []string
	for _, r := range runs {
		if r.id == name {
			return r.trace, nil
		}
		known = append(known, r.id)
	}
	if info, err := os.Stat(name); err == nil && !info.IsDir() {
		return name, nil
	}
	err = fmt.Errorf("there is no run and no file %s", name)
	if near := nearest(name, known); near != "" {
		return "", usage(err, command+" "+near)
	}
	return "", usage(err, command+", for the last run")
}
