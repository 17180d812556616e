package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// TestSmokeQuestions holds that the questions of policy check are ones that a
// policy can be asked: the built-in one has a use for them.
func TestSmokeQuestions(t *testing.T) {
	asked := map[string]int{}
	for _, q := range smokeQuestions(json.RawMessage(`{"finish_in":"2h"}`)) {
		input, err := json.Marshal(q.request)
		if err != nil {
			t.Fatal(err)
		}
		asked[q.op]++
		if !strings.Contains(string(input), `"config":{"finish_in":"2h"}`) {
			t.Errorf("%s, %s: no config", q.op, q.about)
		}
		switch r := q.request.(type) {
		case policy.ProposeRequest:
			p, err := builtin.New().Propose(t.Context(), r)
			if err != nil || len(p.Candidates) == 0 {
				t.Errorf("%s: %v, %v", q.about, p, err)
			}
		case policy.ScoreRequest:
			s, err := builtin.New().Score(t.Context(), r)
			if err != nil || len(s.Scores) != len(r.Evidence) {
				t.Errorf("%s: %v, %v", q.about, s, err)
			}
			if strings.HasPrefix(q.about, "of 12 candidates of 4") && (len(r.Evidence) != 12 || len(r.Evidence[3].Windows) != 4) {
				t.Errorf("%s: %d candidates, %d windows", q.about, len(r.Evidence), len(r.Evidence[3].Windows))
			}
		}
	}
	if asked["propose"] < 3 || asked["score"] < 3 {
		t.Errorf("asked %v", asked)
	}
}

// TestCheckLarge holds that a file which is too large is a problem, and is
// neither read nor given a sum that is not its own.
func TestCheckLarge(t *testing.T) {
	file := filepath.Join(t.TempDir(), "large.wasm")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 1<<34); err != nil {
		t.Skip(err)
	}
	c, err := checkModule(t.Context(), nil, file, &chosenPolicy{})
	if err != nil {
		t.Fatal(err)
	}
	want := []moduleProblem{{
		Op: "load", Code: wasm.Limit, Detail: "the module has 17179869184 bytes, more than 8388608",
		Do: whatToDo(&wasm.Error{Reason: wasm.Limit}),
	}}
	if diff := cmp.Diff(want, c.Problems); diff != "" || strings.Contains(c.text(), "SHA-256") {
		t.Errorf("%s(-want +got):\n%s", c.text(), diff)
	}
}

func TestAnswerText(t *testing.T) {
	q := smokeQuestion{op: "propose", knobs: []policy.Knob{{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 16}}}
	text, notes := answerText(q, policy.Proposal{Candidates: []policy.Setting{
		{"parallelism": policy.IntValue(8)}, {"parallelism": policy.IntValue(64)}, {"parallelism": policy.IntValue(64), "colour": policy.EnumValue("red")},
	}})
	want := []string{
		"a run clamps it: parallelism must be from 1 to 16, not 64",
		"colour is no knob that may be turned here: it is left out, and told as a clamp",
	}
	if diff := cmp.Diff(want, notes); text != "3 candidates" || diff != "" {
		t.Errorf("%s, -want +got:\n%s", text, diff)
	}
	if text, notes := answerText(q, policy.Scores{Scores: make([]policy.Score, 1)}); text != "1 score" || notes != nil {
		t.Errorf("%s, %v", text, notes)
	}
}

func TestCheckedModuleText(t *testing.T) {
	c := moduleCheck{
		File: "folder/odd.wasm", Bytes: 3_600_000, SHA256: "abc", Engine: "interpreter", Name: "odd", Version: "1", Scores: true,
		Functions: 2340, Memory: 4 << 20, LoadMS: 190.123,
		Calls: []checkedCall{
			{Op: "score", Question: "without evidence", Answer: "0 scores", MedianMS: 0.0421, WorstMS: 1.5, Notes: []string{"a note"}},
			{Op: "score", Question: "without metrics"},
		},
	}
	for _, question := range []string{"without metrics", "of the baseline alone"} {
		c.problem(question, &wasm.Error{Op: "score", Reason: wasm.BadScores, Detail: "candidate 0 is not scored"})
	}
	c.compare(smokeQuestion{op: "score", about: "without evidence"}, [][]byte{[]byte("1"), []byte("1"), []byte("2")})
	c.compare(smokeQuestion{op: "score", about: "without metrics"}, [][]byte{[]byte("1"), []byte("1")})
	want := `         odd.wasm: 3.6 MB, SHA-256 abc
ok       odd 1, which scores; the built-in policy proposes
         loaded in 190.1 ms, by the interpreter; 2,340 functions
ok       score, without evidence: 0 scores, 42 µs, at worst 1.5 ms
note     score, without evidence: a note
         memory after a call: 4MiB
problem  score, without metrics; of the baseline alone: bad_scores: candidate 0 is not scored
         try: give every candidate of the evidence one score above 0, and no other one
problem  score, without evidence: not_deterministic: the same question has several answers
         try: answer by the question alone
2 problems
`
	if diff := cmp.Diff(want, c.text()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestWhatToDo holds that there is advice for every code of a module's failures.
func TestWhatToDo(t *testing.T) {
	fallback := whatToDo(&wasm.Error{Reason: "no such code"})
	for _, code := range []string{
		wasm.BadModule, wasm.Limit, wasm.MissingExport, wasm.BadImport, wasm.BadSignature, wasm.ABIMismatch, wasm.BadSettings,
		wasm.Timeout, wasm.Fuel, wasm.Trap, wasm.Exit, wasm.BadPointer, wasm.Empty, wasm.TooLarge, wasm.BadOutput, wasm.PolicyError, wasm.BadScores,
	} {
		if whatToDo(&wasm.Error{Reason: code}) == fallback {
			t.Errorf("%s: nothing to do", code)
		}
	}
	at := func(op string) string { return whatToDo(&wasm.Error{Op: op, Reason: wasm.Timeout}) }
	if at("load") == at("score") || at("load") != at("describe") {
		t.Error("a module that is slow to load has another remedy than one that is slow to answer")
	}
}

func TestReadConfig(t *testing.T) {
	got, err := readConfig(` {"b": 1e3, "a": {"d": 12345678901234567890, "c": "x"}} `)
	if want := `{"a":{"c":"x","d":12345678901234567890},"b":1e3}`; err != nil || string(got) != want {
		t.Errorf("%s, %v; want %s", got, err, want)
	}
	for _, bad := range []string{"null", "[]", "7", "{", "{}{}", "text"} {
		if got, err := readConfig(bad); err == nil {
			t.Errorf("%s is %s", bad, got)
		}
	}
}

func TestBenchProgress(t *testing.T) {
	var out strings.Builder
	p := newBenchProgress(newUI(nil, io.Discard, &out), 40)
	p.played()
	if out.Len() > 0 {
		t.Errorf("at once: %s", out.String())
	}
	p.began, p.told = p.began.Add(-20*time.Second), p.told.Add(-tellEvery)
	for range 9 {
		p.played()
	}
	if got := out.String(); !strings.HasPrefix(got, "played 2 of 40, about ") || strings.Count(got, "\n") != 1 {
		t.Errorf("%s", got)
	}
}
