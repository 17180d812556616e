package wasm

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// small loads one of the modules of testdata/small.
func small(t *testing.T, name string) *Policy {
	t.Helper()
	module, err := os.ReadFile("testdata/small/" + name + ".wasm")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(t.Context(), module, Options{Fallback: builtin.New()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// asJSON is a question as a trace has it.
func asJSON(t *testing.T, request any) []byte {
	t.Helper()
	text, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestReplay(t *testing.T) {
	twelve := small(t, "twelve")
	got, err := twelve.Replay(t.Context(), "propose", []byte(`{"round":1,"of_another_version":true}`))
	want := policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(12)}}, Note: "twelve lanes"}
	if diff := cmp.Diff(any(want), got); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	evidence := []policy.Evidence{{Windows: []policy.Window{{Seconds: 1, Bytes: 1000}}}}
	got, err = twelve.Replay(t.Context(), "score", asJSON(t, policy.ScoreRequest{Evidence: evidence}))
	if s, ok := got.(policy.Scores); err != nil || !ok || len(s.Scores) != 1 {
		t.Errorf("the half that it lacks: %v, %v", got, err)
	}
	for op, input := range map[string]string{"propose": `{"round":"one"}`, "score": `[]`, "dream": `{}`} {
		var failed *Error
		if _, err := twelve.Replay(t.Context(), op, []byte(input)); !errors.As(err, &failed) || failed.Reason != BadInput {
			t.Errorf("%s %s: %v", op, input, err)
		}
	}
}

// TestReplayKnowsNoQuarantine holds that failures of other calls change nothing
// of an answer.
func TestReplayKnowsNoQuarantine(t *testing.T) {
	broken := small(t, "broken")
	replay := func(op string, input []byte, code string) {
		t.Helper()
		var failed *Error
		if _, err := broken.Replay(t.Context(), op, input); !errors.As(err, &failed) || failed.Reason != code {
			t.Errorf("%s: %v, want %s", op, err, code)
		}
	}
	for range maxInAll + 1 {
		replay("propose", []byte(`{}`), Trap)
	}
	if why := broken.Quarantined(); why != "" {
		t.Errorf("quarantined: %s", why)
	}
	for range maxInARow {
		broken.Propose(t.Context(), policy.ProposeRequest{})
	}
	if broken.Quarantined() == "" {
		t.Fatal("not quarantined")
	}
	replay("propose", []byte(`{}`), Trap)
	replay("score", asJSON(t, policy.ScoreRequest{Evidence: []policy.Evidence{{}}}), BadScores)
}

func TestSizes(t *testing.T) {
	p := small(t, "still")
	want := Sizes{Functions: 4, Memory: 6 * pageSize}
	if diff := cmp.Diff(want, p.Sizes()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
