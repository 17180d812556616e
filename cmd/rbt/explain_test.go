package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

// TestExplain compares what is told of the traces in testdata/explain with the
// golden files beside them; RBT_UPDATE=1 writes those anew.
func TestExplain(t *testing.T) {
	traces, err := filepath.Glob("testdata/explain/*.jsonl")
	if err != nil || len(traces) == 0 {
		t.Fatal("no traces", err)
	}
	for _, path := range traces {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".jsonl"), func(t *testing.T) {
			s, err := readStory(path)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(path, ".jsonl")+".golden", storyText(s))
		})
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if os.Getenv("RBT_UPDATE") != "" {
		if err := os.WriteFile(path, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// TestExplainAnywhereCut explains every beginning of a trace: none is an error
// once its header is there.
func TestExplainAnywhereCut(t *testing.T) {
	text, err := os.ReadFile("testdata/explain/lead.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	header := bytes.IndexByte(text, '\n') + 1
	for end := header; end < len(text)-1; end += 7 {
		s, err := tellStory(bytes.NewReader(text[:end]), "cut.jsonl")
		if err != nil {
			t.Fatalf("cut at %d: %v", end, err)
		}
		if !strings.Contains(storyText(s), "the trace is not whole") {
			t.Fatalf("cut at %d: it passes for a whole trace", end)
		}
	}
}

func TestExplainJSON(t *testing.T) {
	s, err := readStory("testdata/explain/lead.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(storyJSON(s))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Run, Status string
		Streams     []struct {
			Stream   string
			Setting  policy.Setting
			Skip     *policy.Skip
			Decision *policy.Decision
			Windows  []policy.Window
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	orders, countries := got.Streams[0], got.Streams[1]
	if got.Run != "01M847WPY8SVS2950CR0SXJ1PT" || got.Status != "done" || orders.Stream != "public.orders" ||
		orders.Decision.Reason != policy.BecauseLead || orders.Setting["parallelism"] != policy.IntValue(8) ||
		len(orders.Windows) != 3 || countries.Skip.Reason != policy.SkippedSmall {
		t.Errorf("%+v\n%s", got, text)
	}
}

func TestDecisionText(t *testing.T) {
	knobs := []policy.Knob{{Name: "parallelism"}, {Name: "copy_flush_bytes", Kind: policy.Bytes}}
	base := policy.Setting{"parallelism": policy.IntValue(4), "copy_flush_bytes": policy.IntValue(8 << 20)}
	eight := base.With(policy.Setting{"parallelism": policy.IntValue(8)})
	both := eight.With(policy.Setting{"copy_flush_bytes": policy.IntValue(16 << 20)})
	other := policy.Verdict{ID: 1, Setting: eight, Lead: 0.012, Low: -0.02, High: 0.045, Windows: 4, Outcome: policy.Dropped}
	slow := policy.Verdict{ID: 2, Setting: both, Lead: -0.3, Windows: 2, Outcome: policy.Dropped}
	broken := policy.Verdict{ID: 3, Setting: both, Lead: 0.9, Windows: 2, Outcome: policy.Invalid}
	for _, tc := range []struct {
		d    policy.Decision
		want string
	}{
		{policy.Decision{Winner: eight, Reason: policy.BecauseLead, Lead: 0.382, Low: 0.31, High: 0.45, Windows: 4,
			Masked: map[string]int{"checkpoint": 1}, LostSeconds: 0.41},
			"parallelism 4 → 8: +38.2 % [+31, +45], 4 windows, 1 masked (checkpoint), cost 0.41 s"},
		{policy.Decision{Winner: both, Reason: policy.BecauseBudget, Lead: 0.09, Low: 0.02, High: 0.16, Windows: 30,
			Masked: map[string]int{"retry": 1, "checkpoint": 2}, LostSeconds: 1.2},
			"parallelism 4 → 8, copy_flush_bytes 8MiB → 16MiB: +9.0 % [+2.0, +16.0], 30 windows, 3 masked (checkpoint 2, retry 1), cost 1.20 s"},
		{policy.Decision{Winner: base, Reason: policy.BecauseNoLead, Candidates: []policy.Verdict{{Setting: base, Outcome: policy.Base}, slow, other, broken}, Windows: 1},
			"no clear winner: kept the baseline; best alternative parallelism 8 +1.2 % [-2.0, +4.5], 1 window, cost 0.00 s"},
		{policy.Decision{Winner: base, Reason: policy.BecauseBudget, Candidates: []policy.Verdict{other}},
			"no clear winner within the budget: kept the baseline; best alternative parallelism 8 +1.2 % [-2.0, +4.5], 0 windows, cost 0.00 s"},
		{policy.Decision{Winner: base, Reason: policy.BecauseBudget}, "nothing was tried: kept the baseline, 0 windows, cost 0.00 s"},
		{policy.Decision{Winner: base, Reason: policy.BecauseEnded}, "ended while probing: kept the baseline, 0 windows, cost 0.00 s"},
		{policy.Decision{Winner: base, Reason: policy.BecauseNothing}, "nothing was tried: kept the baseline, 0 windows, cost 0.00 s"},
	} {
		tc.d.Baseline = base
		if got := decisionText(tc.d, knobs); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// FuzzExplain holds that no trace, wherever it comes from, ends in a panic or
// moves the cursor.
func FuzzExplain(f *testing.F) {
	traces, err := filepath.Glob("testdata/explain/*.jsonl")
	if err != nil || len(traces) == 0 {
		f.Fatal("no traces", err)
	}
	for _, path := range traces {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"rbt_trace":1}` + "\n" + `{"type":"stream","at_secs":1,"stream":"a\u001b[2J\nb","knobs":[{"name":"\u009bx","kind":"enum"}],"baseline":{"\u009bx":"\u0007"}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := tellStory(bytes.NewReader(text), "fuzz")
		if err != nil {
			return
		}
		told := storyText(s)
		if i := strings.IndexFunc(told, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }); i >= 0 {
			t.Errorf("a control character in %q", told[i:])
		}
		if _, err := json.Marshal(storyJSON(s)); err != nil {
			t.Error(err)
		}
	})
}
