package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// TestReplay lets the built-in policy tune an imagined stream that is twice as
// fast with twice the lanes, up to twelve, and holds that the trace asks the
// same questions again, that the answers are the same to the byte, and that
// rbt explain tells the decision.
func TestReplay(t *testing.T) {
	t.Chdir(t.TempDir())
	decision := imagine(t)
	file, err := os.Open(filepath.Join(runsFolder, aRunID, "trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := trace.NewReader(file, file.Name())
	if err != nil {
		t.Fatal(err)
	}
	calls := 0
	for {
		e, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c, ok := e.Record.(trace.Call); ok {
			calls++
			if diff := cmp.Diff(string(c.Output), again(t, c)); diff != "" {
				t.Errorf("call %d, -recorded +replayed:\n%s", c.Seq, diff)
			}
		}
	}
	s, err := readStory(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	told := storyText(s)
	t.Logf("%d calls\n%s", calls, told)
	if decision.Winner["parallelism"] != policy.IntValue(12) || calls < 5 ||
		!strings.Contains(told, "\norders: parallelism 2 → 12: +") {
		t.Errorf("%d calls, %+v", calls, decision)
	}
}

// again asks the policy what a recorded call asked.
func again(t *testing.T, c trace.Call) string {
	t.Helper()
	var output any
	var err error
	switch c.Op {
	case "propose":
		var r policy.ProposeRequest
		if err := json.Unmarshal(c.Input, &r); err != nil {
			t.Fatal(err)
		}
		output, err = builtin.New().Propose(context.Background(), r)
	case "score":
		var r policy.ScoreRequest
		if err := json.Unmarshal(c.Input, &r); err != nil {
			t.Fatal(err)
		}
		output, err = builtin.New().Score(context.Background(), r)
	}
	text, wrong := json.Marshal(output)
	if err != nil || wrong != nil {
		t.Fatal(err, wrong)
	}
	return string(text)
}

// imagine runs a probe phase and records it.
func imagine(t *testing.T) policy.Decision {
	t.Helper()
	spec := probe.Spec{
		Facts:    policy.Facts{Stream: "orders", Rows: 100e6, Bytes: 10e9},
		Policy:   builtin.New().Info(),
		Knobs:    []policy.Knob{{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 16}},
		Baseline: policy.Setting{"parallelism": policy.IntValue(2)},
		Budget:   probe.DefaultBudget(),
	}
	start := startOf(aRunID)
	start.Streams[0] = runtime.StreamPlan{
		Stream: &connectors.Stream{Spec: connectors.StreamSpec{Name: "orders"}, Rows: 100e6, Bytes: 10e9},
		Target: &connectors.Target{Schema: "raw", Name: "orders"}, Knobs: spec.Knobs, Baseline: spec.Baseline,
	}
	r := newRecorder(newUI(nil, nil, io.Discard), &runtime.Config{}, "", nil)
	defer r.close()
	r.event(start)
	s := probe.New(spec)
	elapsed, calls, windows := 0.0, 0, 0
	call := func(op string, input, output any) {
		calls++
		r.event(runtime.PolicyCalled{Stream: "orders", Seq: calls, Op: op, Input: input, Output: output, Took: time.Millisecond})
	}
	for {
		switch a := s.Next(); {
		case a.Propose != nil:
			p, _ := builtin.New().Propose(context.Background(), *a.Propose)
			call("propose", *a.Propose, p)
			s.Proposed(p)
		case a.Score != nil:
			p, _ := builtin.New().Score(context.Background(), *a.Score)
			call("score", *a.Score, p)
			s.Scored(p)
		case a.Run != nil:
			windows++
			w := imagined(*a.Run, windows)
			elapsed += w.WarmUp + w.Seconds
			r.event(runtime.WindowDone{Stream: "orders", Knobs: spec.Knobs, Setting: a.Run.Setting, Window: w})
			s.Measured(w, elapsed)
		default:
			r.event(runtime.AutotuneDecision{Decision: *a.Lock, Knobs: spec.Knobs})
			return *a.Lock
		}
	}
}

// imagined is a window on the imagined stream. Its noise is that of a fixed
// sequence.
func imagined(r probe.Run, seq int) policy.Window {
	lanes := min(r.Setting["parallelism"].Int, 12)
	noise := 1 + 0.03*float64((seq*7)%5-2)/2
	rate := 10e6 * float64(lanes) * noise
	secs := float64(r.Bytes) / rate
	return policy.Window{
		Seq: seq, Candidate: r.Candidate, Seconds: secs * (1 - r.Discard), WarmUp: secs * r.Discard, Lanes: int(lanes),
		Bytes: int64(float64(r.Bytes) * (1 - r.Discard)), Rows: int64(float64(r.Bytes) * (1 - r.Discard) / 100),
		MovedBytes: r.Bytes, MovedRows: r.Bytes / 100, RoundTrip: 0.001,
	}
}
