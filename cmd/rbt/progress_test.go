package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

func planOf(name string, bytes int64) runtime.StreamPlan {
	return runtime.StreamPlan{Stream: &connectors.Stream{Spec: connectors.StreamSpec{Name: name}, Bytes: bytes}}
}

// aRun is what happens in a run of two streams. wait lets time pass.
func aRun(p progress, wait func(time.Duration)) {
	p.event(runtime.RunStarted{RunID: "01J", Attempt: 2, Pipeline: "shop", Streams: []runtime.StreamPlan{
		planOf("public.orders", 180e6), planOf("public.countries", 8192), planOf("public.old", -1)}})
	p.event(runtime.StreamSkipped{Stream: "public.old", Reason: "the unfinished run replaced it"})
	p.event(runtime.StreamStarted{Stream: "public.orders", Bytes: 180e6, Rows: 2e6,
		Setting: policy.Setting{"parallelism": policy.IntValue(4)}, Knobs: []policy.Knob{{Name: "parallelism"}}})
	p.event(runtime.StreamStarted{Stream: "public.countries"})
	for i := range 23 {
		done := float64(i) / 25
		p.event(runtime.Progress{Stream: "public.orders", Rows: int64(2e6 * done), Bytes: int64(180e6 * done), Fraction: done, Lanes: 4})
		wait(500 * time.Millisecond)
	}
	p.event(runtime.StreamDone{Stream: "public.countries", Rows: 12, Bytes: 375, Load: 100 * time.Millisecond})
	p.event(runtime.Retry{Stream: "public.orders", Doing: "copy part 7", Err: errors.New("connection\nreset"), After: time.Second, Try: 1})
	p.event(runtime.StreamLoaded{Stream: "public.orders", Rows: 2e6, Bytes: 180e6, Took: 12 * time.Second})
	p.event(runtime.PublishStep{Stream: "public.orders", Step: "build index orders_by_day"})
	wait(10 * time.Second)
	p.event(runtime.Notice{Text: "foreign keys are added last"})
	p.event(runtime.StreamDone{Stream: "public.orders", Rows: 2e6, Bytes: 180e6, Load: 12 * time.Second, Publish: 65 * time.Second})
	p.event(runtime.RunDone{})
	p.close()
}

func TestProgressLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		aRun(newProgress(newUI(nil, nil, &out)), func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		})
		want := `pipeline shop: 3 streams, about 180 MB, run 01J, attempt 2: takes up what the last one left
public.old: skipped, the unfinished run replaced it
public.countries: begins
public.orders: 76 %, 1,520,000 rows, 137 MB, 14.4 MB/s, copied in 3s
public.countries: done, 12 rows, 375 B in 0.1 s
public.orders: copy part 7: connection reset; try 2 in 1s
public.orders: build index orders_by_day; 2,000,000 rows, 180 MB copied
foreign keys are added last
public.orders: done, 2,000,000 rows, 180 MB in 1m17s (copy 12.0 s at 15.0 MB/s, publish 1m5s)
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

// aProbe is what happens in a run of a stream that is tuned, one that fails to
// be, and two that are not.
func aProbe(p progress, wait func(time.Duration)) {
	knobs := []policy.Knob{{Name: "parallelism"}, {Name: "partition_mode", Kind: policy.Enum}}
	four := policy.Setting{"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid")}
	eight := four.With(policy.Setting{"parallelism": policy.IntValue(8)})
	p.event(runtime.RunStarted{RunID: "01J", Attempt: 1, Pipeline: "shop", Streams: []runtime.StreamPlan{planOf("public.orders", 1e9)}})
	p.event(runtime.AutotuneSkipped{Skip: policy.Skip{Stream: "public.small", Reason: policy.SkippedSmall}})
	p.event(runtime.StreamStarted{Stream: "public.orders", Setting: four, Knobs: knobs})
	moved := 0.0
	copying := func(d time.Duration, rate float64) {
		for range d / (500 * time.Millisecond) {
			moved += rate / 2
			p.event(runtime.Progress{Stream: "public.orders", Rows: int64(moved * 1e4), Bytes: int64(moved * 1e6), Fraction: moved / 1000, Lanes: 4})
			wait(500 * time.Millisecond)
		}
	}
	copying(5*time.Second, 10)
	p.event(runtime.WindowDone{Stream: "public.orders", Knobs: knobs, Setting: eight, Window: policy.Window{Seq: 1}})
	copying(5*time.Second, 10)
	p.event(runtime.AutotuneDecision{Knobs: knobs, Decision: policy.Decision{
		Stream: "public.orders", Baseline: four, Winner: eight, Reason: policy.BecauseLead, Lead: 0.382, Low: 0.31, High: 0.45, Windows: 4,
		Candidates: []policy.Verdict{{Outcome: policy.Base}, {ID: 1, Windows: 2, Outcome: policy.Adopted}}, LostSeconds: 0.41}})
	p.event(runtime.Steady{Stream: "public.orders", Knobs: knobs, Setting: eight})
	copying(10*time.Second, 50)
	p.event(runtime.AutotuneFault{Fault: policy.Fault{Stream: "public.events", Reason: policy.FaultTimeout, Detail: "no answer\nwithin 500ms"}})
	p.event(runtime.AutotuneDecision{Decision: policy.Decision{Stream: "public.events", Reason: policy.BecauseFault}})
	p.event(runtime.AutotuneDecision{Decision: policy.Decision{Stream: "public.short", Reason: policy.BecauseEnded}})
	p.event(runtime.RunDone{})
	p.close()
}

func TestProgressLinesOfTuning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		aProbe(newProgress(newUI(nil, nil, &out)), func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		})
		want := `pipeline shop: 1 stream, about 1.0 GB, run 01J
public.orders: probe, 10 %, 1,000,000 rows, 100 MB, 10.0 MB/s [8 ctid]
public.orders: parallelism 4 → 8: +38.2 % [+31, +45], 4 windows, cost 0.41 s
public.orders: 60 %, 6,000,000 rows, 600 MB, 50.0 MB/s, copied in 8s [steady 8 ctid]
public.events: not tuned: no answer within 500ms (policy-timeout); it goes on with the baseline
`
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	})
}

func TestProgressBarsOfTuning(t *testing.T) {
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.terminal, u.width = true, 140
	aProbe(newProgress(u), func(time.Duration) { time.Sleep(40 * time.Millisecond) }) // a bar is drawn every 150 ms
	for _, want := range []string{"probe, ", "[8 ctid]", "[steady 8 ctid]", "public.orders: parallelism 4 → 8: +38.2 % [+31, +45]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %q", want, &out)
		}
	}
}

// TestBarsOfTuningNarrow holds that a terminal of 80 columns shows what is tried, and
// that the text follows a width that changes.
func TestBarsOfTuningNarrow(t *testing.T) {
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.terminal = true
	aProbe(newProgress(u), func(time.Duration) { time.Sleep(40 * time.Millisecond) })
	if !regexp.MustCompile(`probe, .* MB/s \[4 lanes\]`).Match(out.Bytes()) {
		t.Errorf("%q does not show the setting", &out)
	}
	knobs := []policy.Knob{{Name: "parallelism"}, {Name: "copy_format", Kind: policy.Enum}}
	before := policy.Setting{"parallelism": policy.IntValue(4), "copy_format": policy.EnumValue("binary")}
	s := streamBar{state: streamState{phase: phaseCopy, knobs: knobs, baseline: before, tuning: tuningProbe, rows: 1e6, bytes: 1e8, fraction: .1, lanes: 8,
		setting: policy.Setting{"parallelism": policy.IntValue(8), "copy_format": policy.EnumValue("text")}}}
	for width, want := range map[int]string{
		80: "probe, 10 %, 1,000,000 rows, 100 MB, 0.0 MB/s  8 lanes  [8 text]",
		50: "probe, 10 %, 100 MB, 0.0 MB/s [8 lanes text]",
		40: "probe, 10 %, 100 MB, 0.0 MB/s",
		20: "probe, 10 %, 100 MB…",
	} {
		if got := fitting(s.describe(), width); got != want {
			t.Errorf("in %d cells %q, want %q", width, got, want)
		}
	}
}

func TestProgressQuiet(t *testing.T) {
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.quiet = true
	aRun(newProgress(u), func(time.Duration) {})
	if out.Len() > 0 {
		t.Errorf("--quiet prints %s", &out)
	}
}

func TestProgressJSON(t *testing.T) {
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.json = true
	aRun(newProgress(u), func(time.Duration) {})
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var first struct {
		Msg, Run, Pipeline string
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if err := json.Unmarshal([]byte(lines[0]), &first); err != nil || first.Msg != "run-started" || first.Run != "01J" || first.Pipeline != "shop" {
		t.Errorf("%s: %+v, %v", lines[0], first, err)
	}
}

// The bars must neither block the engine nor break a line of the terminal.
func TestProgressBars(t *testing.T) {
	var out bytes.Buffer
	u := newUI(nil, nil, &out)
	u.terminal = true
	aRun(newProgress(u), func(time.Duration) { time.Sleep(time.Millisecond) })
	for _, want := range []string{"public.orders", "done, 2,000,000 rows, 180 MB in 1m17s", "foreign keys are added last", "skipped: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in %q", want, &out)
		}
	}
}

func TestBarsForManyStreams(t *testing.T) {
	plans := []runtime.StreamPlan{planOf("big", 1e9), planOf("middle", 20<<20)}
	for i := range 300 {
		plans = append(plans, planOf(fmt.Sprint("small", i), 8192))
	}
	if diff := cmp.Diff(map[string]bool{"big": true, "middle": true}, withOwnBar(plans)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if own := withOwnBar(plans[2:12]); len(own) != 10 {
		t.Errorf("of ten streams %d have a bar of their own", len(own))
	}
}

func TestSummaryTable(t *testing.T) {
	s := runtime.Summary{Status: "failed", Rows: 123_456_789_012, Bytes: 987e9, Took: 27*time.Hour + 3*time.Second, Streams: []runtime.StreamSummary{
		{Stream: "public.orders", Status: "done", Rows: 2e6, Bytes: 180e6, Load: 4 * time.Second, Publish: 600 * time.Millisecond},
		{Stream: "public.countries", Status: "skipped", Rows: 12},
		{Stream: "a_rather_long_schema_name_of_the_house." + strings.Repeat("ä", 63), Status: "pending", Rows: 123_456_789_012, Bytes: 987e9, Load: 27 * time.Hour},
	}}
	got := summaryTable(s)
	want := `STREAM                                 ROWS    SIZE     TIME      SPEED   STATUS
public.orders                     2,000,000  180 MB    4.6 s  39.1 MB/s     done
public.countries                         12     0 B    0.0 s          -  skipped
a_rather…äääääääääääääääää  123,456,789,012  987 GB    27h0m  10.2 MB/s  pending
--------------------------------------------------------------------------------
total                       123,456,789,012  987 GB  27h0m3s  10.2 MB/s   failed
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > maxTable {
			t.Errorf("%d characters: %s", n, line)
		}
	}
}
