package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// run is one copy of a table.
type run struct {
	measure.Usage
	account
}

// account is what rbt itself says of a run, in its trace.
type account struct {
	// load is the time in which rows moved, the search included. Before and after it are the catalogs, indexes and
	// publishing, which no setting changes.
	load time.Duration
	// decision is what the search came to, skip why there was none.
	decision *policy.Decision
	skip     *policy.Skip
}

func loadSeconds(r run) float64 { return r.load.Seconds() }
func wallSeconds(r run) float64 { return r.Wall.Seconds() }
func cpuSeconds(r run) float64  { return r.CPU.Seconds() }

func (r run) String() string {
	text := fmt.Sprintf("%.2f s, of which %.2f s loading", r.Wall.Seconds(), r.load.Seconds())
	if r.decision != nil {
		text += fmt.Sprintf("; chose %s (%s)", chosen(r.decision.Winner), r.decision.Reason)
	}
	return text
}

// readTrace reads the account of a run of one stream.
func readTrace(path string) (account, error) {
	f, err := os.Open(path)
	if err != nil {
		return account{}, err
	}
	defer f.Close()
	r, err := trace.NewReader(f, path)
	if err != nil {
		return account{}, err
	}
	return readAccount(r)
}

func readAccount(r *trace.Reader) (a account, err error) {
	done := false
	for {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return a, err
		}
		switch record := entry.Record.(type) {
		case trace.Decision:
			a.decision = &record.Decision
		case trace.Skipped:
			a.skip = &record.Skip
		case trace.Done:
			a.load, done = time.Duration(record.Load*float64(time.Second)), true
		}
	}
	if !done {
		return a, errors.New("the trace does not say when the stream was done")
	}
	return a, nil
}
