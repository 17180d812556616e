package wasm

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

// TestMistakes shows what the authors of guests are told.
func TestMistakes(t *testing.T) {
	deep := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	for _, tc := range []struct{ op, answer, want string }{
		// The text.
		{opPropose, "\xc3", "the answer is not valid UTF-8"},
		{opPropose, " ", "the answer, behind byte 0: it ends too soon"},
		{opPropose, "nothing", "the answer, behind byte 0: invalid character 'o' in literal null (expecting 'u')"},
		{opPropose, "\ufeff{}", "the answer, behind byte 0: invalid character 'ï' looking for beginning of value"},
		{opPropose, `'{}'`, `the answer, behind byte 0: invalid character '\'' looking for beginning of value`},
		{opPropose, `{"candidates":[],}`, "the answer, behind byte 17: invalid character '}' looking for beginning of object key string"},
		{opPropose, `{"candidates":[{"parallelism":8},]}`, "the answer, behind byte 33: invalid character ']' looking for beginning of value"},
		{opPropose, `{candidates:[]}`, "the answer, behind byte 1: invalid character 'c'"},
		{opPropose, `{"candidates" []}`, "the answer, behind byte 14: invalid character '[' after object key"},
		{opPropose, `{"candidates":[{"parallelism":08}]}`, "the answer, behind byte 31: invalid character '8' after object key:value pair"},
		{opPropose, `{"candidates":[{"parallelism":+8}]}`, "the answer, behind byte 30: invalid character '+' looking for beginning of value"},
		{opPropose, `{"candidates":[{"parallelism":.8}]}`, "the answer, behind byte 30: invalid character '.' looking for beginning of value"},
		{opPropose, `{"candidates":[{"parallelism":NaN}]}`, "the answer, behind byte 30: invalid character 'N' looking for beginning of value"},
		{opPropose, `{"candidates":[{"parallelism":-Infinity}]}`, "the answer, behind byte 30: invalid character 'I' in numeric literal"},
		{opPropose, `{"candidates":[{"parallelism":1e999}]}`, "the answer, behind byte 35: the number 1e999 is too large"},
		{opPropose, "{\"candidates\":[],\"note\":\"two\nlines\"}", `the answer, behind byte 24: invalid character '\n' in string literal`},
		{opPropose, `{"candidates":[{"parallelism":8,"parallelism":9}]}`, `the answer, behind byte 45: "parallelism" occurs twice in one object`},
		{opPropose, `{"candidates":[]} {}`, "something follows the answer"},
		{opPropose, "{\"candidates\":[]}\x00\x00", "something follows the answer"},
		{opPropose, `[{"parallelism":8}]`, "the answer is not a JSON object"},
		{opPropose, `"candidates"`, "the answer is not a JSON object"},
		{opPropose, `null`, "the answer is not a JSON object"},
		{opPropose, deep(16), `"candidates" is missing`},
		{opPropose, deep(17), "the answer, behind byte 81: it is nested more than 16 deep"},
		// Proposals.
		{opPropose, `{}`, `"candidates" is missing`},
		{opPropose, `{"candidates":null}`, `"candidates" must be a list`},
		{opPropose, `{"candidates":{"parallelism":8}}`, `"candidates" must be a list`},
		{opPropose, `{"candidates":[8]}`, `candidates[0] must be an object`},
		{opPropose, `{"candidates":[{},null]}`, `candidates[1] must be an object`},
		{opPropose, `{"candidates":[],"note":8}`, `"note" must be a string`},
		{opPropose, `{"candidates":[],"note":null}`, `"note" must be a string`},
		{opPropose, `{"candidates":[],"state":{"round":1}}`, `"state" must be a string`},
		{opPropose, `{"error":"no"}`, `"error" must be an object with "code" and "message"`},
		{opPropose, `{"error":null}`, `"error" must be an object with "code" and "message"`},
		{opPropose, `{"error":{"code":7}}`, `"code" must be a string`},
		{opPropose, `{"error":{"message":[]}}`, `"message" must be a string`},
		{opPropose, `{"error":{},"state":""}`, `the answer has both "error" and "state"`},
		// Scores.
		{opScore, `{}`, `"scores" is missing`},
		{opScore, `{"scores":{"0":1}}`, `"scores" must be a list`},
		{opScore, `{"scores":[1]}`, `scores[0] must be an object`},
		{opScore, `{"scores":[{}]}`, `scores[0]: "id" is missing`},
		{opScore, `{"scores":[{"id":"0"}]}`, `scores[0]: "id" must be a number`},
		{opScore, `{"scores":[{"id":1e300,"value":1}]}`, `scores[0]: "id" must be a whole number`},
		{opScore, `{"scores":[{"id":0}]}`, `scores[0]: "value" is missing`},
		{opScore, `{"scores":[{"id":0,"value":true}]}`, `scores[0]: "value" must be a number`},
		{opScore, `{"scores":[{"id":0,"value":-0}]}`, `scores[0]: "value" must be above 0`},
		{opScore, `{"scores":[{"id":0,"value":1e-999}]}`, `scores[0]: "value" must be above 0`},
		{opScore, `{"scores":[{"id":0,"value":1,"stderr":"0"}]}`, `scores[0]: "stderr" must be a number`},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":1}]}`, `scores[0]: "ties" must be a list of at most 16 numbers`},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":[` + strings.Repeat("1,", 16) + `1]}]}`, `scores[0]: "ties" must be a list of at most 16 numbers`},
		{opScore, `{"scores":[{"id":0,"value":1,"ties":[null]}]}`, `scores[0]: "ties" must be a list of numbers`},
		{opScore, `{"scores":[{"id":-1,"value":1}]}`, `scores[0]: candidate -1 was not asked for, or is scored twice`},
		{opScore, `{"scores":[{"id":1,"value":1}]}`, `candidate 0 is not scored`},
		{opScore, `{"error":{},"scores":[]}`, `the answer has both "error" and "scores"`},
		// Descriptions.
		{opDescribe, `{}`, `"name" is missing`},
		{opDescribe, `{"name":""}`, `"name" is missing`},
		{opDescribe, `{"name":7}`, `"name" must be a string`},
		{opDescribe, `{"name":"a\tb"}`, "name and version must not have control characters"},
		{opDescribe, `{"name":"a","version":"` + strings.Repeat("1", 65) + `"}`, `"version" has 65 bytes, more than 64`},
		{opDescribe, `{"name":"a","error":{}}`, `the answer has both "error" and "name"`},
	} {
		var err error
		switch tc.op {
		case opPropose:
			_, err = readProposal([]byte(tc.answer))
		case opScore:
			_, err = readScores([]byte(tc.answer), []policy.Evidence{{ID: 0}, {ID: 1}})
		case opDescribe:
			_, err = readDescription([]byte(tc.answer))
		}
		if fmt.Sprint(err) != tc.want {
			t.Errorf("%s %.60s\n got %v\nwant %s", tc.op, tc.answer, err, tc.want)
		}
	}
}

// TestAnswers shows how answers are read.
func TestAnswers(t *testing.T) {
	one := func(value string) policy.Setting {
		t.Helper()
		a, err := readProposal([]byte(`{"candidates":[{"k":` + value + `}]}`))
		if err != nil {
			t.Fatal(err)
		}
		return a.value.Candidates[0]
	}
	for text, want := range map[string]policy.Value{
		"8": policy.IntValue(8), "-3": policy.IntValue(-3), "-0": policy.IntValue(0), "8.0": policy.IntValue(8), "1e3": policy.IntValue(1000),
		"9223372036854775807": policy.IntValue(math.MaxInt64), "9223372036854775808": policy.EnumValue("9223372036854775808"),
		"2.5": policy.EnumValue("2.5"), "1e308": policy.EnumValue("1e308"), "1e-999": policy.IntValue(0),
		`"ctid"`: policy.EnumValue("ctid"), `"8"`: policy.EnumValue("8"), `""`: policy.EnumValue(`""`), `"ctid\n"`: policy.EnumValue("ctid "),
		`"` + strings.Repeat("x", 100) + `"`: policy.EnumValue(strings.Repeat("x", 61) + "…"),
		"null":                               policy.EnumValue("null"), "true": policy.EnumValue("true"), "[1]": policy.EnumValue("a list"), "{}": policy.EnumValue("an object"),
	} {
		if diff := cmp.Diff(policy.Setting{"k": want}, one(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	a, err := readProposal([]byte(`{"state":"s","note":"because\u0007","candidates":[{},{"a\u0000":1,"a\u0001":2}],"why":1,"Note":"?"}`))
	want := answer[policy.Proposal]{
		value:   policy.Proposal{Candidates: []policy.Setting{{}, {"a ": policy.IntValue(2)}}, Note: "because ", State: "s"},
		unknown: []string{"why", "Note"},
	}
	if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", a)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	scores, err := readScores([]byte(`{"scores":[{"id":4,"value":1.5,"stderr":-1,"ties":[1,-2.5]},{"value":2e6,"id":0.0,"rank":1}],"x":[]}`),
		[]policy.Evidence{{ID: 0}, {ID: 4}})
	wantScores := answer[policy.Scores]{
		value:   policy.Scores{Scores: []policy.Score{{ID: 4, Value: 1.5, StdErr: -1, Ties: []float64{1, -2.5}}, {ID: 0, Value: 2e6}}},
		unknown: []string{"rank", "x"},
	}
	if diff := cmp.Diff(fmt.Sprintf("%+v", wantScores), fmt.Sprintf("%+v", scores)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// FuzzAnswer holds that whatever is accepted of an answer is well-formed, and
// that the same answer is read the same again.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		`{"candidates":[{"parallelism":8},{"partition_mode":"mod"}],"note":"why","state":"s"}`,
		`{"scores":[{"id":0,"value":1.5,"stderr":0.1,"ties":[1,2]},{"id":1,"value":2}]}`,
		`{"error":{"code":"no_idea","message":"none"}}`, `{"name":"gentle","version":"1.0.0"}`,
		`{"candidates":[{"a":""},{"b":null,"c":[{}],"d":1e308,"e":-0}]}`, `{"a":{"a":{"a":[[[[[[[[[[[[1]]]]]]]]]]]]}}}`,
		"{\"note\":\"\xed\xa0\x80\"}", `{"note":"\ud800"}`, `{"candidates":[],"candidates":[]}`, `{}`, `[`, `{"scores":[{"id":1e999}]}`,
	} {
		f.Add([]byte(seed))
	}
	asked := []policy.Evidence{{ID: 0}, {ID: 1}}
	f.Fuzz(func(t *testing.T, output []byte) {
		proposal, err := readProposal(output)
		checkProposal(t, proposal, err)
		scores, err := readScores(output, asked)
		checkScores(t, scores, err, len(asked))
		if d, err := readDescription(output); err == nil && !d.failed {
			checkText(t, d.name, maxName)
			checkText(t, d.version, maxName)
		} else {
			checkText(t, d.message, maxNote)
		}
		again, _ := readProposal(output)
		if diff := cmp.Diff(fmt.Sprintf("%+v", proposal), fmt.Sprintf("%+v", again)); diff != "" {
			t.Errorf("read differently again:\n%s", diff)
		}
	})
}

func checkProposal(t *testing.T, a answer[policy.Proposal], err error) {
	checkText(t, a.message, maxNote)
	if err != nil || a.failed {
		return
	}
	checkText(t, a.value.Note, maxNote)
	if len(a.value.State) > maxState {
		t.Errorf("a state of %d bytes", len(a.value.State))
	}
	for _, c := range a.value.Candidates {
		for name, v := range c {
			checkText(t, name, maxName)
			checkText(t, v.Name, maxName)
		}
	}
	text, err := json.Marshal(a.value)
	if err != nil {
		t.Fatal(err)
	}
	var back policy.Proposal
	if err := json.Unmarshal(text, &back); err != nil {
		t.Errorf("%s cannot be read back: %v", text, err)
	}
}

func checkScores(t *testing.T, a answer[policy.Scores], err error, asked int) {
	if err != nil || a.failed {
		return
	}
	if len(a.value.Scores) != asked {
		t.Errorf("%d scores", len(a.value.Scores))
	}
	for _, s := range a.value.Scores {
		for _, f := range append(slices.Clone(s.Ties), s.StdErr, s.Value) {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				t.Errorf("a score of %v", s)
			}
		}
		if s.Value <= 0 || s.ID < 0 || s.ID >= asked || len(s.Ties) > maxTies {
			t.Errorf("a score of %v", s)
		}
	}
}

// checkText checks that people can be shown it.
func checkText(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most || clean(text, most) != text {
		t.Errorf("not fit to be shown: %q", text)
	}
}
