package policytest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime/probe"
)

func set(lanes int64, mode string) policy.Setting {
	return policy.Setting{"parallelism": policy.IntValue(lanes), "partition_mode": policy.EnumValue(mode)}
}

// recorded is a stream: windows of one second, half a second apart, that say by
// their rows which one they are.
func recorded(settings ...policy.Setting) *Stream {
	s := &Stream{Stream: trace.Stream{
		Stream: "s", Baseline: settings[0],
		Knobs: []policy.Knob{
			{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16},
			{Name: "partition_mode", Owner: policy.Source, Kind: policy.Enum, Values: []string{"ctid", "mod", "range"}},
		},
	}}
	for i, set := range settings {
		w := policy.Window{Seq: i + 1, Start: 1.5*float64(i) + 0.5, Seconds: 1, WarmUp: 0.3, Rows: int64(i), MovedBytes: 100}
		s.windows = append(s.windows, window{Window: trace.Window{Stream: "s", Setting: set, Window: w}, at: 10 + 1.5*float64(i+1), warm: i < 2})
	}
	s.reckon()
	return s
}

// played is what a world makes of settings: which recorded window, and when.
func played(s *Stream, settings ...policy.Setting) (story []string, w *world) {
	w = newWorld(s, s.Knobs)
	for i, set := range settings {
		got, elapsed := w.run(&probe.Run{Setting: set, Candidate: 7})
		if got.Seq != i+1 || got.Candidate != 7 {
			story = append(story, fmt.Sprintf("seq %d, candidate %d", got.Seq, got.Candidate))
		}
		story = append(story, fmt.Sprintf("%d at %.1f until %.1f", got.Rows, got.Start, elapsed))
	}
	return story, w
}

func TestWorld(t *testing.T) {
	four, eight := set(4, "ctid"), set(8, "ctid")
	s := recorded(four, four, four, eight, four, eight)
	for _, tc := range []struct {
		name     string
		settings []policy.Setting
		want     []string
	}{
		{"as it was", []policy.Setting{four, four, four, eight, four, eight},
			[]string{"0 at 0.5 until 1.5", "1 at 2.0 until 3.0", "2 at 3.5 until 4.5", "3 at 5.0 until 6.0", "4 at 6.5 until 7.5", "5 at 8.0 until 9.0"}},
		{"in another order", []policy.Setting{four, four, eight, eight, four},
			[]string{"0 at 0.5 until 1.5", "1 at 2.0 until 3.0", "3 at 3.5 until 4.5", "5 at 5.0 until 6.0", "2 at 6.5 until 7.5"}},
		{"from the beginning, without the warm-up", []policy.Setting{four, four, four, four, four, four, four},
			[]string{"0 at 0.5 until 1.5", "1 at 2.0 until 3.0", "2 at 3.5 until 4.5", "4 at 5.0 until 6.0", "2 at 6.5 until 7.5", "4 at 8.0 until 9.0", "2 at 9.5 until 10.5"}},
		{"borrowed, without the warm-up", []policy.Setting{set(5, "ctid"), set(5, "ctid"), set(5, "ctid"), four},
			[]string{"2 at 0.5 until 1.5", "4 at 2.0 until 3.0", "2 at 3.5 until 4.5", "0 at 5.0 until 6.0"}},
	} {
		got, _ := played(s, tc.settings...)
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", tc.name, diff)
		}
	}
}

func TestNearest(t *testing.T) {
	w := newWorld(recorded(set(4, "ctid"), set(4, "ctid"), set(16, "ctid"), set(4, "mod"), set(2, "range")), nil)
	for _, tc := range []struct{ asked, want policy.Setting }{
		{set(6, "ctid"), set(4, "ctid")},
		{set(12, "ctid"), set(16, "ctid")},
		{set(8, "ctid"), set(4, "ctid")}, // as far from both: the first
		{set(16, "mod"), set(4, "mod")},  // a name weighs more than any number
		{set(3, "hash"), set(4, "ctid")}, // no such name: the number decides
		{policy.Setting{"parallelism": policy.IntValue(15)}, set(16, "ctid")},
	} {
		if diff := cmp.Diff(tc.want, w.nearest(tc.asked)); diff != "" {
			t.Errorf("%v: -want +got\n%s", tc.asked, diff)
		}
	}
}

// TestEnd holds that a stream ends where it has no more rows.
func TestEnd(t *testing.T) {
	four := set(4, "ctid")
	s := recorded(four, four, four)
	_, w := played(s, four, four, four, four)
	if w.over(s) {
		t.Error("a stream of unknown size ended")
	}
	s.loaded = 400
	if _, w = played(s, four, four, four); w.over(s) {
		t.Error("it ended before all was moved")
	}
	if _, w = played(s, four, four, four, four); !w.over(s) {
		t.Error("it did not end when all was moved")
	}
	s.loaded, s.Decision = 9999, &policy.Decision{Reason: policy.BecauseEnded}
	if _, w = played(s, four, four); w.over(s) {
		t.Error("it ended before the windows did in which it ended")
	}
	if _, w = played(s, four, four, four); !w.over(s) {
		t.Error("it did not end where it had ended")
	}
}

// TestReckon holds that what the recorder was late by is no time of the stream.
func TestReckon(t *testing.T) {
	four := set(4, "ctid")
	s := recorded(four, four)
	for i := range s.windows {
		s.windows[i].at += 100
	}
	s.reckon()
	if got := s.windows[1].elapsed; got < 3-1e-9 || got > 3+1e-9 {
		t.Errorf("without a decision the second window is over after %v s, want 3", got)
	}
	s.Decision = &policy.Decision{ProbeSeconds: 3.07}
	s.reckon()
	if got := s.windows[1].elapsed - 3.07; got < -1e-9 || got > 1e-9 {
		t.Errorf("the decision's time is off by %v s", got)
	}
}

// greedy wants one setting that nobody measured.
type greedy struct{ builtin.Policy }

func (greedy) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	if r.Round > 1 {
		return policy.Proposal{}, nil
	}
	return policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(10)}}}, nil
}

func TestBorrowedWindowsAreTold(t *testing.T) {
	outcomes, err := load(t, orders).Decide(t.Context(), greedy{})
	if err != nil {
		t.Fatal(err)
	}
	o := outcomes[0]
	want := Loan{
		Setting: policy.Setting{"parallelism": policy.IntValue(10), "partition_mode": policy.EnumValue("ctid"), "copy_flush_bytes": policy.IntValue(8 << 20)},
		From:    o.Decision.Baseline.With(policy.Setting{"parallelism": policy.IntValue(12)}),
	}
	if diff := cmp.Diff([]Loan{want}, o.Loans, cmpopts.IgnoreFields(Loan{}, "Windows")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if o.Borrowed == 0 || o.Borrowed >= o.Windows || o.Borrowed != o.Loans[0].Windows {
		t.Errorf("%d of %d windows are borrowed", o.Borrowed, o.Windows)
	}
	text := fmt.Sprintf("%d of %d windows are borrowed, since the run did not measure what is asked for: parallelism 10 from parallelism 12 (%d)",
		o.Borrowed, o.Windows, o.Borrowed)
	if o.Counterfactual() != text {
		t.Errorf("%s\nwant\n%s", o.Counterfactual(), text)
	}
}

// TestFaults holds that a policy that fails decides for the baseline, as in a run.
func TestFaults(t *testing.T) {
	for _, tc := range []struct {
		p    policy.Policy
		want string
	}{
		{failing(errors.New("no idea")), policy.FaultError},
		{failing(fmt.Errorf("asking: %w", coded("fuel"))), "fuel"},
		{failing(context.DeadlineExceeded), policy.FaultTimeout},
		{changed{Policy: builtin.New(), propose: func(policy.Proposal) (policy.Proposal, error) { panic("boom") }}, policy.FaultPanic},
		{changed{Policy: builtin.New(), score: func(policy.Scores) (policy.Scores, error) { return policy.Scores{}, nil }}, policy.FaultScores},
	} {
		outcomes, err := load(t, orders).Decide(t.Context(), tc.p)
		if err != nil {
			t.Fatal(err)
		}
		o := outcomes[0]
		if o.Fault == nil || o.Fault.Reason != tc.want || o.Decision.Reason != policy.BecauseFault || !cmp.Equal(o.Decision.Winner, o.Decision.Baseline) {
			t.Errorf("%s: %+v, %+v", tc.want, o.Fault, o.Decision)
		}
	}
}

type coded string

func (c coded) Error() string { return "failed: " + string(c) }
func (c coded) Code() string  { return string(c) }

// TestUnknown holds that nothing is made up for a stream without windows.
func TestUnknown(t *testing.T) {
	const run = `{"type":"run","at_secs":0,"seed":"1","budget":{"max_secs":30}}`
	const stream = `{"type":"stream","at_secs":0,"stream":"s","baseline":{"parallelism":4}}`
	const summary = `{"type":"summary","at_secs":1,"status":"done"}`
	for _, tc := range []struct {
		lines []string
		want  string
	}{
		{[]string{run, stream, `{"type":"kept","at_secs":0,"stream":"s","reason":"published before"}`, summary}, "the trace has no window of it: published before"},
		{[]string{`{"type":"run","at_secs":0,"seed":"1","autotune_off":"by --no-autotune"}`, stream, summary}, "tuning was off by --no-autotune"},
		{[]string{run, stream, summary}, "the trace has no window of it"},
		{[]string{run, `{"type":"window","at_secs":1,"stream":"s","setting":{"parallelism":4}}`, summary}, "the trace lacks the record of the run, or of the stream"},
	} {
		outcomes, err := load(t, lines(t, tc.lines...)).Decide(t.Context(), builtin.New())
		if err != nil || len(outcomes) != 1 || outcomes[0].Unknown != tc.want {
			t.Errorf("%v, %+v, want %s", err, outcomes, tc.want)
		}
	}
}

// TestConfig holds that a decision is asked for with the config of the run, or
// with another one.
func TestConfig(t *testing.T) {
	var configs []string
	see := seeing{configs: &configs}
	path := lines(t,
		`{"type":"run","at_secs":0,"seed":"1","budget":{"max_secs":30,"min_windows":2}}`,
		`{"type":"stream","at_secs":0,"stream":"s","facts":{"stream":"s","rows":-1,"bytes":-1},"knobs":[{"name":"parallelism","owner":"runtime","kind":"int","min":1,"max":16,"default":4}],"baseline":{"parallelism":4}}`,
		`{"type":"window","at_secs":1,"stream":"s","setting":{"parallelism":4},"seconds":1,"bytes":1000000,"moved_bytes":1000000}`,
		`{"type":"call","at_secs":1,"stream":"s","seq":1,"op":"propose","input":{"facts":{"stream":"s","notes":{"source.version":"15"}},"config":{"target":"2h"}},"output":{},"ms":1}`)
	tr := load(t, path)
	for _, config := range []string{string(tr.Config()), `{"target":"1h"}`} {
		if _, err := tr.DecideWith(t.Context(), see, []byte(config)); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{`map[source.version:15] {"target":"2h"}`, `map[source.version:15] {"target":"1h"}`}
	if diff := cmp.Diff(want, configs); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// seeing proposes nothing and notes what it is told.
type seeing struct {
	builtin.Policy
	configs *[]string
}

func (s seeing) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	*s.configs = append(*s.configs, fmt.Sprintf("%v %s", r.Facts.Notes, r.Config))
	return policy.Proposal{}, nil
}
