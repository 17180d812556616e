package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/policy"
)

// run is one copy of a table.
type run struct {
	measure.Usage
	// load is the time in which rows moved, the search included. Before and after it are the catalogs, indexes and
	// publishing, which no setting changes.
	load time.Duration
	// decision is what the search came to; nil where there was none.
	decision *policy.Decision
}

func (r run) String() string {
	text := fmt.Sprintf("%.2f s, of which %.2f s loading", r.Wall.Seconds(), r.load.Seconds())
	if r.decision != nil {
		text += fmt.Sprintf("; %s: %s", r.decision.Reason, chosen(r.decision.Winner))
	}
	return text
}

func loadSeconds(r run) float64 { return r.load.Seconds() }
func wallSeconds(r run) float64 { return r.Wall.Seconds() }
func cpuSeconds(r run) float64  { return r.CPU.Seconds() }

// events are what a run says with --log-format json.
type events struct{ text bytes.Buffer }

// load is how long loading the one stream took.
func (e *events) load() (time.Duration, error) {
	var line struct {
		Msg   string `json:"msg"`
		Event struct {
			Load float64 `json:"load_secs"`
		} `json:"event"`
	}
	for lines := json.NewDecoder(&e.text); ; {
		if err := lines.Decode(&line); err != nil {
			return 0, fmt.Errorf("rbt did not say when its stream was done: %w", err)
		}
		if line.Msg == "stream-done" {
			return time.Duration(line.Event.Load * float64(time.Second)), nil
		}
	}
}

// readDecision finds the decision in a trace file; nil where the stream was not tuned.
func readDecision(path string) (*policy.Decision, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return findDecision(text)
}

func findDecision(trace []byte) (*policy.Decision, error) {
	for line := range bytes.Lines(trace) {
		var record struct {
			Type string `json:"type"`
			policy.Decision
		}
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, fmt.Errorf("trace: %w", err)
		}
		if record.Type == "decision" {
			return &record.Decision, nil
		}
	}
	return nil, nil
}
