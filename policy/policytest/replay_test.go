package policytest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// changed is the built-in policy with other answers.
type changed struct {
	policy.Policy
	propose func(policy.Proposal) (policy.Proposal, error)
	score   func(policy.Scores) (policy.Scores, error)
}

func (c changed) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	p, err := c.Policy.Propose(ctx, r)
	if c.propose != nil {
		return c.propose(p)
	}
	return p, err
}

func (c changed) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	p, err := c.Policy.Score(ctx, r)
	if c.score != nil {
		return c.score(p)
	}
	return p, err
}

// replay asks p what the trace asks.
func replay(t *testing.T, path string, p policy.Policy) Replayed {
	t.Helper()
	got, err := load(t, path).Replay(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestDifferencesAreReadable(t *testing.T) {
	more := changed{Policy: builtin.New(), propose: func(p policy.Proposal) (policy.Proposal, error) {
		if len(p.Candidates) > 0 {
			p.Candidates = append(p.Candidates, policy.Setting{"parallelism": policy.IntValue(24), "compression": policy.EnumValue("zstd")})
		}
		return p, nil
	}}
	got := replay(t, orders, more)
	if len(got.Differences) != 5 || got.Asked != load(t, orders).Calls() {
		t.Fatalf("%d calls, %d differences, want 5: %v", got.Asked, len(got.Differences), got.Differences)
	}
	told := got.Differences[0].String()
	for _, want := range []string{
		"orders.jsonl:9: public.orders, call 1, propose: the answer differs (-recorded +now)\n",
		`"parallelism 12"`, "\n+     \"parallelism 24, compression zstd\",\n",
	} {
		if !strings.Contains(told, want) {
			t.Errorf("%q is missing in\n%s", want, told)
		}
	}
}

func TestScoresAreNamed(t *testing.T) {
	half := changed{Policy: builtin.New(), score: func(s policy.Scores) (policy.Scores, error) {
		for i := range s.Scores {
			if s.Scores[i].ID == 1 {
				s.Scores[i].Value /= 2
			}
		}
		return s, nil
	}}
	got := replay(t, orders, half)
	if len(got.Differences) == 0 {
		t.Fatal("half the score makes no difference")
	}
	if told := got.Differences[0].Diff; !strings.Contains(told, `Candidate: "1: parallelism 12"`) {
		t.Errorf("which candidate?\n%s", told)
	}
}

// TestSameAnswers holds that what means the same makes no difference.
func TestSameAnswers(t *testing.T) {
	odd := changed{
		Policy: builtin.New(),
		propose: func(p policy.Proposal) (policy.Proposal, error) {
			if p.Candidates == nil {
				p.Candidates = []policy.Setting{}
			}
			return p, nil
		},
		score: func(s policy.Scores) (policy.Scores, error) {
			s.Scores = slices.Clone(s.Scores)
			slices.Reverse(s.Scores)
			for i := range s.Scores {
				s.Scores[i].Value = math.Nextafter(s.Scores[i].Value, 0)
			}
			return s, nil
		},
	}
	if got := replay(t, orders, odd); len(got.Differences) > 0 {
		t.Errorf("%v", got.Differences)
	}
}

// failing is a policy with one error for all.
func failing(err error) changed {
	return changed{Policy: builtin.New(), propose: func(policy.Proposal) (policy.Proposal, error) { return policy.Proposal{}, err }}
}

func TestErrors(t *testing.T) {
	path, decision := record(t, wan(), failing(errors.New("no idea")), 60, 1)
	if decision.Reason != policy.BecauseFault {
		t.Fatalf("%+v", decision)
	}
	for _, tc := range []struct {
		name string
		p    policy.Policy
		want string // of the difference
	}{
		{"the same error", failing(errors.New("no idea")), ""},
		{"the same from a module", failing(errors.New("propose: policy_error: no idea")), ""},
		{"another error", failing(errors.New("no clue")), `"no clue"`},
		{"an answer", builtin.New(), `"parallelism 12"`},
		{"a panic", changed{Policy: builtin.New(), propose: func(policy.Proposal) (policy.Proposal, error) { panic("boom") }},
			`"the policy panicked: boom"`},
	} {
		got := replay(t, path, tc.p)
		if (tc.want == "") != (len(got.Differences) == 0) || tc.want != "" && !strings.Contains(got.Differences[0].Diff, tc.want) {
			t.Errorf("%s: %v, want %q", tc.name, got.Differences, tc.want)
		}
	}
}

// TestTimeoutsStand holds that what the clock ended is not asked again.
func TestTimeoutsStand(t *testing.T) {
	for text, stand := range map[string]bool{
		"the policy did not answer in time":                 true,
		"context deadline exceeded":                         true,
		"propose: timeout: no answer within 500ms":          true,
		"propose: policy_error: timeout: of the author's":   false,
		"propose: fuel: more than 2000000 function calls":   false,
		"propose: trap: unreachable":                        false,
		"the policy panicked: runtime error: index [3] …":   false,
		"score: timeout: in the answer to another question": false,
	} {
		path, _ := record(t, wan(), failing(errors.New(text)), 60, 1)
		got := replay(t, path, builtin.New())
		if want := map[bool]int{true: 1}[stand]; got.Stand != want || len(got.Differences) != 1-want {
			t.Errorf("%s: %d stand, %d differ", text, got.Stand, len(got.Differences))
		}
	}
}

// TestQuarantineStands holds that a policy is not blamed for what the built-in
// one answered in its place, in whatever stream that was.
func TestQuarantineStands(t *testing.T) {
	call := func(stream string, seq int, op, answer string) string {
		return fmt.Sprintf(`{"type":"call","at_secs":1,"stream":"%s","seq":%d,"op":"%s","input":{},%s,"ms":1}`, stream, seq, op, answer)
	}
	path := lines(t,
		call("a", 1, "score", `"output":{"scores":[]}`),
		call("b", 1, "propose", `"error":"propose: trap: unreachable"`),
		call("c", 1, "propose", `"error":"propose: quarantined: 3 failures in a row, the last: propose: trap: unreachable"`),
		call("a", 2, "propose", `"output":{"candidates":[{"parallelism":2}]}`),
		call("d", 1, "propose", `"error":"propose: timeout: no answer within 500ms"`),
		call("d", 2, "score", `"output":{"scores":[{"id":0,"value":1}]}`),
	)
	got := replay(t, path, failing(errors.New("propose: trap: unreachable")))
	if got.Asked != 2 || got.Stand != 0 || got.Quarantined != 4 || len(got.Differences) > 0 {
		t.Errorf("%+v", got)
	}
	got = replay(t, path, failing(errors.New("no idea")))
	if len(got.Differences) != 1 || got.Differences[0].Line != 3 {
		t.Errorf("%+v", got.Differences)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := load(t, path).Accept(got.Differences); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(string(before), `"error":"propose: trap: unreachable"`, `"error":"no idea"`, 1)
	if diff := cmp.Diff(want, string(after)); diff != "" {
		t.Errorf("accepted (-want +got):\n%s", diff)
	}
}

// module is a policy that takes questions to the byte.
type module struct {
	builtin.Policy
	asked *[][]byte
}

func (m module) Replay(ctx context.Context, op string, input []byte) (any, error) {
	*m.asked = append(*m.asked, input)
	if op == opScore {
		var r policy.ScoreRequest
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, err
		}
		return m.Score(ctx, r)
	}
	var r policy.ProposeRequest
	if err := json.Unmarshal(input, &r); err != nil {
		return nil, err
	}
	return m.Propose(ctx, r)
}

func TestModulesAreAskedToTheByte(t *testing.T) {
	var asked [][]byte
	if got := replay(t, orders, module{asked: &asked}); len(got.Differences) > 0 {
		t.Errorf("%v", got.Differences)
	}
	text, err := os.ReadFile(orders)
	if err != nil {
		t.Fatal(err)
	}
	for i, input := range asked {
		if !bytes.Contains(text, append([]byte(`"input":`), input...)) {
			t.Errorf("question %d is not to the byte in the trace: %s", i, input)
		}
	}
	if len(asked) != load(t, orders).Calls() {
		t.Errorf("%d questions", len(asked))
	}
}

// lines writes a trace of some lines.
func lines(t *testing.T, text ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "odd.jsonl")
	text = append([]string{`{"rbt_trace":1}`}, text...)
	if err := os.WriteFile(path, []byte(strings.Join(text, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestQuestionsThatCannotBeAsked(t *testing.T) {
	for _, tc := range []struct{ call, want string }{
		{`"op":"dream","input":{},"output":{}`, `odd.jsonl:2: s, call 1: there is no question "dream": propose or score`},
		{`"op":"propose","input":{"round":"one"},"output":{}`, "odd.jsonl:2: s, call 1: it asks for no proposal: json: "},
		{`"op":"score","input":[],"output":{}`, "odd.jsonl:2: s, call 1: it asks for no scores: json: "},
		{`"op":"propose","input":{}`, "odd.jsonl:2: s, call 1: the recorded answer: "},
		{`"op":"score","input":{},"output":{"scores":7}`, "odd.jsonl:2: s, call 1: the recorded answer: json: "},
	} {
		path := lines(t, `{"type":"call","at_secs":1,"stream":"s","seq":1,"ms":1,`+tc.call+`}`)
		_, err := load(t, path).Replay(t.Context(), builtin.New())
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", tc.call, err, tc.want)
		}
	}
}

func TestReplayStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tr := load(t, orders)
	if _, err := tr.Replay(ctx, builtin.New()); !errors.Is(err, context.Canceled) {
		t.Errorf("Replay: %v", err)
	}
	if _, err := tr.Decide(ctx, builtin.New()); !errors.Is(err, context.Canceled) {
		t.Errorf("Decide: %v", err)
	}
}

func TestUntested(t *testing.T) {
	const summary = `{"type":"summary","at_secs":1,"status":"done"}`
	for _, tc := range []struct{ line, want string }{
		{`{"type":"run","at_secs":0,"autotune_off":"by --no-autotune"}`, "the policy was not asked: tuning was off by --no-autotune"},
		{`{"type":"skipped","at_secs":0,"stream":"s","reason":"stream-too-small"}`, "the policy was not asked: s was skipped (stream-too-small)"},
		{`{"type":"note","at_secs":0,"text":"t"}`, "the policy was not asked"},
		{`{"type":"call","at_secs":0,"stream":"s","seq":1,"op":"propose","input":{},"output":{},"ms":1}`, ""},
	} {
		if got := load(t, lines(t, tc.line, summary)).Untested(); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.line, got, tc.want)
		}
	}
	if got := load(t, lines(t)).Untested(); !strings.Contains(got, "it has no summary: the run was killed") {
		t.Errorf("a trace that was cut: %q", got)
	}
}

// TestAccept holds that new answers, and nothing else, come into the trace.
func TestAccept(t *testing.T) {
	p := changed{Policy: builtin.New(), propose: func(p policy.Proposal) (policy.Proposal, error) {
		if len(p.Candidates) == 0 {
			return p, errors.New(`no "idea" <at all>`)
		}
		p.Note += " & <more>"
		return p, nil
	}}
	path := filepath.Join(t.TempDir(), "orders.jsonl")
	before, err := os.ReadFile(orders)
	if err != nil {
		t.Fatal(err)
	}
	before = bytes.Replace(before, []byte(`,"output":`), []byte(` , "output" : `), 1) // a hand was at it
	if err := os.WriteFile(path, before, 0o640); err != nil {
		t.Fatal(err)
	}
	got := replay(t, path, p)
	if err := load(t, path).Accept(got.Differences); err != nil {
		t.Fatal(err)
	}
	if again := replay(t, path, p); len(again.Differences) > 0 {
		t.Errorf("still different: %v", again.Differences)
	}
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[int]bool{}
	was, is := bytes.Split(before, []byte("\n")), bytes.Split(after, []byte("\n"))
	for i := range was {
		if i >= len(is) || !bytes.Equal(was[i], is[i]) {
			changes[i+1] = true
		}
	}
	want := map[int]bool{}
	for _, d := range got.Differences {
		want[d.Line] = true
	}
	if diff := cmp.Diff(want, changes); diff != "" || len(want) < 2 {
		t.Errorf("lines that changed, -want +got:\n%s", diff)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("the file's mode is %v, %v", info.Mode(), err)
	}
	if !bytes.Contains(after, []byte(`"error":"no \"idea\" <at all>"`)) {
		t.Error("the error is not as a trace has it")
	}
	// And back.
	back := replay(t, path, builtin.New())
	if err := load(t, path).Accept(back.Differences); err != nil {
		t.Fatal(err)
	}
	after, err = os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before = bytes.Replace(before, []byte(`"output" : `), []byte(`"output":`), 1)
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("there and back, -want +got:\n%s", diff)
	}
}

func TestAcceptRefusesAnotherTrace(t *testing.T) {
	got := replay(t, orders, failing(errors.New("no idea")))
	tr := load(t, orders)
	tr.Path = lines(t, strings.Split(strings.Repeat(`{"type":"note","at_secs":1,"text":"t"} `, 40), " ")[:40]...)
	before, err := os.ReadFile(tr.Path)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Accept(got.Differences); err == nil || !strings.Contains(err.Error(), "odd.jsonl:9: the trace has changed meanwhile") {
		t.Errorf("%v", err)
	}
	after, err := os.ReadFile(tr.Path)
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("%v, and the file is\n%s", err, after)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(tr.Path), ".rbt-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
