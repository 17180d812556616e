package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime"
)

// aTunedRun is every event that a run can have, except RunStarted.
func aTunedRun() []runtime.Event {
	setting := policy.Setting{"parallelism": policy.IntValue(8)}
	return []runtime.Event{
		runtime.StreamSkipped{Stream: "old", Reason: "published"},
		runtime.StreamStarted{Stream: "orders", Setting: setting},
		runtime.Progress{Stream: "orders"},
		runtime.AutotuneSkipped{Skip: policy.Skip{Stream: "small", Reason: policy.SkippedSmall, Detail: "tiny"}},
		runtime.PolicyCalled{Stream: "orders", Seq: 1, Op: "propose", Input: policy.ProposeRequest{Round: 1}, Err: errors.New("late"), Took: time.Second},
		runtime.WindowDone{Stream: "orders", Setting: setting, Window: policy.Window{Seq: 1, Bytes: 5}},
		runtime.Clamped{Stream: "orders", Clamp: policy.Clamp{Knob: "parallelism", Proposed: "64", Allowed: "16", Bound: "worker_cap"}},
		runtime.AutotuneFault{Fault: policy.Fault{Stream: "orders", Reason: policy.FaultError, Detail: "x: ERROR: s3cr3t (SQLSTATE 22P02)"}},
		runtime.AutotuneDecision{Decision: policy.Decision{Stream: "orders", Winner: setting, Detail: "Key (id)=(s3cr3t)"}},
		runtime.Steady{Stream: "orders", Setting: setting},
		runtime.PartDone{Part: connectors.Part{Stream: "orders", Mark: 7, Predicate: "id > 's3cr3t'"}, Lane: 3, Rows: 2, Bytes: 9,
			Duration: 5 * time.Millisecond, SourceWait: time.Millisecond, Flushes: 1},
		runtime.Retry{Stream: "orders", Doing: "copy a part", Err: &serverError{"ERROR", "s3cr3t", "40P01"}, After: time.Second, Try: 1},
		runtime.Notice{Text: "so it is; Failing row contains (s3cr3t)"},
		runtime.StreamLoaded{Stream: "orders", Rows: 2, Bytes: 9, Took: time.Second, Looks: runtime.Looks{Taken: 9, SourceWaited: 7, SourceIdle: 8, DestWaited: 2, DestIdle: 1}},
		runtime.PublishStep{Stream: "orders", Step: "build index i"},
		runtime.StreamDone{Stream: "orders", Rows: 2, Bytes: 9, Load: time.Second, Publish: time.Minute},
		runtime.RunDone{Err: &serverError{"FATAL", "s3cr3t", "57P01"}, Summary: runtime.Summary{Status: "failed", Rows: 2, Took: time.Minute,
			Streams: []runtime.StreamSummary{{Stream: "orders", Status: "done", Rows: 2, Setting: setting}}}},
	}
}

func startOf(runID string) runtime.RunStarted {
	return runtime.RunStarted{RunID: runID, Attempt: 1, Pipeline: "shop", Streams: []runtime.StreamPlan{{
		Stream:   &connectors.Stream{Spec: connectors.StreamSpec{Name: "orders", Where: "token = 's3cr3t'"}, Rows: 10, Bytes: -1},
		Target:   &connectors.Target{Schema: "raw", Name: "orders"},
		Knobs:    []policy.Knob{{Name: "parallelism", Max: 16}},
		Baseline: policy.Setting{"parallelism": policy.IntValue(4)},
	}}}
}

const aRunID = "01M847WPY8SVS2950CR0SXJ1PT"

// TestRecorder holds that every event but Progress has its record, in order,
// those before the run had an id too, and that no row gets in.
func TestRecorder(t *testing.T) {
	t.Chdir(t.TempDir())
	var text []byte
	synctest.Test(t, func(t *testing.T) {
		r := newRecorder(newUI(nil, nil, io.Discard), &runtime.Config{Untuned: "by --no-autotune", WorkerCap: 16}, "", nil)
		events := aTunedRun()
		r.event(events[0])
		time.Sleep(time.Second)
		r.event(startOf(aRunID))
		for _, e := range events[1:] {
			time.Sleep(time.Millisecond)
			r.event(e)
		}
		r.close()
	})
	text, err := os.ReadFile(filepath.Join(runsFolder, aRunID, "trace.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(text, []byte("s3cr3t")) {
		t.Errorf("the trace holds a row:\n%s", text)
	}
	in, err := trace.NewReader(bytes.NewReader(text), "trace")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		e, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%.3f %s", e.At, e.Type()))
	}
	want := []string{"1.000 run", "1.000 stream", "0.000 kept", "1.001 started", "1.003 skipped", "1.004 call", "1.005 window",
		"1.006 clamp", "1.007 fault", "1.008 decision", "1.009 steady", "1.010 part", "1.011 retry", "1.012 note",
		"1.013 loaded", "1.014 step", "1.015 done", "1.016 summary"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for _, part := range []string{
		`"stream":"orders","mark":7,"lane":3,"rows":2,"bytes":9,"seconds":0.005,"source_wait_secs":0.001,`,
		`"error":"SQLSTATE 40P01 (transaction rollback)","sqlstate":"40P01"`,
		`"error":"late"`, `"detail":"x: SQLSTATE 22P02 (data exception)"`, `"autotune_off":"by --no-autotune"`,
		`"knob":"parallelism","proposed":"64"`, `"target":"raw.orders"`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%s is missing in\n%s", part, text)
		}
	}
}

// A trace that cannot be written is one warning.
func TestRecorderWithoutFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile(".rbt", nil, 0o600); err != nil { // root may write into any folder
		t.Fatal(err)
	}
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.quiet = true
	r := newRecorder(u, &runtime.Config{}, "", nil)
	r.event(startOf(aRunID))
	for _, e := range aTunedRun() {
		r.event(e)
	}
	r.close()
	if want := "rbt: the run's trace: mkdir .rbt: not a directory\n"; out.String() != want {
		t.Errorf("got %q, want %q", &out, want)
	}
}

// BenchmarkRecorder is what a part costs a lane, event and all: 10 µs would be
// 1 % of a run with a thousand parts a second.
func BenchmarkRecorder(b *testing.B) {
	r := newRecorder(newUI(nil, nil, io.Discard), &runtime.Config{}, filepath.Join(b.TempDir(), "trace.jsonl"), nil)
	r.event(startOf(aRunID))
	part := runtime.PartDone{Part: connectors.Part{Stream: "public.orders", Mark: 123456}, Lane: 3, Rows: 65432, Bytes: 12345678,
		Duration: time.Second, SourceWait: time.Second / 3, WriteWait: time.Second / 7, FlushTime: time.Second / 9}
	b.ReportAllocs()
	for b.Loop() {
		r.event(part)
	}
	r.close()
}
