package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/internal/reference"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/trace"
)

func abi(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(abiFile)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestFiles holds that the files are what would be generated, and that there
// are no others.
func TestFiles(t *testing.T) {
	var want []string
	for _, m := range messages() {
		want = append(want, m.file)
		text, err := m.schema(abi(t))
		if err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), string(file)); diff != "" {
			t.Errorf("%s is out of date: run go generate ./policy/wasm/schema (-generated +file):\n%s", m.file, diff)
		}
	}
	got, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-generated +files:\n%s", diff)
	}
}

// TestReference holds the tables of fields in ABI.md to the types: the same
// messages and objects, with the same fields of the same types, in the same
// order.
func TestReference(t *testing.T) {
	words := reference.Words{Objects: objects(), Whole: "whole number"}
	want := map[string][]string{"Errors": words.Rows(reflect.TypeFor[refusal]())}
	for _, m := range messages() {
		want[m.heading] = words.Rows(m.of)
	}
	for of, heading := range objects() {
		if of.Kind() == reflect.Struct {
			want[heading] = words.Rows(of)
		}
	}
	got := reference.Documented(abi(t))
	delete(got, "Exports") // these are no fields: package wasm tests them
	delete(got, "Codes")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-types +ABI.md:\n%s", diff)
	}
}

// validator compiles the schemas.
type validator map[string]*jsonschema.Schema

func newValidator(t *testing.T) validator {
	t.Helper()
	v := validator{}
	for _, m := range messages() {
		c := jsonschema.NewCompiler()
		s, err := c.Compile(m.file)
		if err != nil {
			t.Fatal(err)
		}
		v[strings.TrimSuffix(m.file, ".json")] = s
	}
	return v
}

// check says what is wrong with a message: "propose-question".
func (v validator) check(message, text string) error {
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return err
	}
	return v[message].Validate(value)
}

// listener passes on what a policy is asked and answers.
type listener struct {
	policy.Policy
	heard func(op string, question, answer any)
}

func (l listener) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	r.Config, r.State = json.RawMessage(`{"weight":0.7}`), "so far"
	p, err := l.Policy.Propose(ctx, r)
	if p.Candidates == nil {
		p.Candidates = []policy.Setting{} // in Go that is the same, in JSON it is not
	}
	l.heard("propose", r, p)
	return p, err
}

func (l listener) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	s, err := l.Policy.Score(ctx, r)
	l.heard("score", r, s)
	return s, err
}

// TestRealMessages validates all that the built-in policy is asked and answers
// in the simulator.
func TestRealMessages(t *testing.T) {
	v := newValidator(t)
	heard := map[string]int{}
	listen := func(op string, question, answer any) {
		heard[op]++
		for side, message := range map[string]any{"-question": question, "-answer": answer} {
			text, err := json.Marshal(message)
			if err != nil {
				t.Fatal(err)
			}
			if err := v.check(op+side, string(text)); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		}
	}
	for _, e := range append(sim.Named(), sim.Draw(5, 4)...) {
		_, err := sim.Bench{
			Environments: []sim.Environment{e}, Lengths: []float64{60}, Runs: 1,
			Tuners: []sim.Tuner{sim.Scheduled{Policy: listener{builtin.New(), listen}}},
		}.Trials(t.Context())
		if err != nil {
			t.Fatal(err)
		}
	}
	if heard["propose"] < 20 || heard["score"] < 50 {
		t.Errorf("only %v", heard)
	}
}

// TestRecordedMessages validates the calls of recorded traces. Those for the
// tests of rbt explain have real answers, and of questions no more than a part.
func TestRecordedMessages(t *testing.T) {
	v := newValidator(t)
	for pattern, whole := range map[string]bool{
		"../../../cmd/rbt/testdata/explain/*.jsonl":     false,
		"../../../examples/policies/*/testdata/*.jsonl": true,
	} {
		checked := 0
		for _, c := range callsOf(t, pattern) {
			checked++
			if err := v.check(c.Op+"-question", string(c.Input)); whole != (err == nil) {
				t.Errorf("%s: call %d: %v", pattern, c.Seq, err)
			}
			if c.Output == nil {
				continue
			}
			if err := v.check(c.Op+"-answer", string(c.Output)); err != nil {
				t.Errorf("%s: call %d: %v", pattern, c.Seq, err)
			}
		}
		if checked == 0 {
			t.Errorf("there are no calls in %s", pattern)
		}
	}
}

// callsOf are the calls in all files that match the pattern.
func callsOf(t *testing.T, pattern string) (calls []trace.Call) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r, err := trace.NewReader(bytes.NewReader(text), file)
		if err != nil {
			t.Fatal(err)
		}
		for {
			e, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if c, ok := e.Record.(trace.Call); ok {
				calls = append(calls, c)
			}
		}
	}
	return calls
}

// TestExamples validates the messages that ABI.md shows.
func TestExamples(t *testing.T) {
	v := newValidator(t)
	shown := reference.Blocks(abi(t), "json")
	for heading, messages := range map[string][]string{
		"Errors":     {"propose-answer"},
		"An example": {"propose-question", "propose-answer", "score-question", "score-answer"},
	} {
		if len(shown[heading]) != len(messages) {
			t.Errorf("%q has %d messages", heading, len(shown[heading]))
			continue
		}
		for i, message := range messages {
			if err := v.check(message, shown[heading][i]); err != nil {
				t.Errorf("%s: %v", message, err)
			}
		}
	}
}

// TestBrokenMessages breaks the example's messages, each in one place.
func TestBrokenMessages(t *testing.T) {
	v := newValidator(t)
	shown := reference.Blocks(abi(t), "json")["An example"]
	whole := map[string]string{
		"propose-question": shown[0], "propose-answer": shown[1], "score-question": shown[2], "score-answer": shown[3],
		"describe-question": `{"config":{}}`, "describe-answer": `{"name":"eight","version":"1.0.0"}`,
	}
	for _, tc := range []struct{ message, part, instead string }{
		{"propose-question", `"round":1`, `"round":0`},
		{"propose-question", `"round":1`, `"round":"1"`},
		{"propose-question", `"round":1,`, ``},
		{"propose-question", `"rows":2000000`, `"rows":0.5`},
		{"propose-question", `"kind":"int"`, `"kind":"float"`},
		{"propose-question", `"default":4`, `"default":true`},
		{"propose-question", `"parallelism":4`, `"parallelism":null`},
		{"propose-question", `"seconds":0.25`, `"seconds":0`},
		{"propose-question", `{"most":8}`, `null`},
		{"propose-answer", `[{"parallelism":8}]`, `null`},
		{"propose-answer", `[{"parallelism":8}]`, `{"parallelism":8}`},
		{"propose-answer", `[{"parallelism":8}]`, `[8]`},
		{"propose-answer", `8`, `8.5`},
		{"propose-answer", `8`, `[8]`},
		{"propose-answer", `"candidates"`, `"Candidates"`},
		{"propose-answer", `"note":"eight lanes"`, `"note":null`},
		{"propose-answer", `"note":"eight lanes"`, `"state":1`},
		{"propose-answer", `"note":"eight lanes"`, `"error":{"code":"a","message":"b"}`},
		{"score-question", `"leader":0`, `"leader":null`},
		{"score-question", `"id":1`, `"id":-1`},
		{"score-answer", `"id":1`, `"id":1.5`},
		{"score-answer", `"value":61500000`, `"value":0`},
		{"score-answer", `"value":61500000`, `"value":"61500000"`},
		{"score-answer", `"value":61500000,`, ``},
		{"score-answer", `"stderr":4920000`, `"ties":[null]`},
		{"describe-question", `{}`, `null`},
		{"describe-answer", `"name":"eight",`, ``},
		{"describe-answer", `"name":"eight"`, `"name":""`},
		{"describe-answer", `"name":"eight"`, `"name":"` + strings.Repeat("x", 65) + `"`},
		{"describe-answer", `"version":"1.0.0"`, `"error":{"code":"bad_settings","message":"no"}`},
	} {
		text := strings.Replace(whole[tc.message], tc.part, tc.instead, 1)
		if text == whole[tc.message] {
			t.Errorf("%s: there is no %s", tc.message, tc.part)
		}
		if v.check(tc.message, text) == nil {
			t.Errorf("%s passes with %s in place of %s", tc.message, tc.instead, tc.part)
		}
	}
}
