package policies_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
)

// looksLikeIt is a text with all that ladder looks for.
const looksLikeIt = `,"round":1,"evidence":[{"name":"parallelism","owner"`

func lanesKnob() policy.Knob {
	return policy.Knob{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16, Default: policy.IntValue(4)}
}

func TestLadder(t *testing.T) {
	other := policy.Knob{Name: "copy_format", Kind: policy.Enum, Values: []string{looksLikeIt}, Doc: looksLikeIt}
	const all = "1 2 4 8 12 16"
	for _, tc := range []struct {
		name  string
		knobs []policy.Knob
		round int
		want  string
	}{
		{"first", []policy.Knob{other, lanesKnob()}, 1, all},
		{"later", []policy.Knob{lanesKnob(), other}, 2, ""},
		{"much later", []policy.Knob{lanesKnob()}, 11, ""},
		{"pinned", []policy.Knob{other}, 1, ""},
		{"nothing to turn", nil, 1, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := load(t, "ladder", "")
			r := policy.ProposeRequest{
				Facts: policy.Facts{Stream: looksLikeIt, Notes: map[string]string{"name": "parallelism", looksLikeIt: looksLikeIt}}, Knobs: tc.knobs, Round: tc.round,
				Leader:   policy.Setting{"parallelism": policy.IntValue(4), "copy_format": policy.EnumValue(looksLikeIt)},
				Evidence: played(0, ran{0, 100, 100}, ran{1, 100, 100}).Evidence,
				State:    looksLikeIt, Config: []byte(`{"round":1,"evidence":[]}`),
			}
			if got := lanesProposed(t, m, r); got != tc.want {
				t.Errorf("proposed %q, want %q", got, tc.want)
			}
			logged := tc.want == "" && tc.round == 1
			if (len(m.logged) == 1) != logged {
				t.Errorf("logged %q", m.logged)
			}
		})
	}
}

func lanesProposed(t rapid.TB, m *module, r policy.ProposeRequest) string {
	t.Helper()
	p, err := m.Propose(context.Background(), r)
	if err != nil {
		t.Fatalf("%v\n%s", err, marshal(t, r))
	}
	var lanes []string
	for _, c := range p.Candidates {
		if len(c) != 1 {
			t.Errorf("candidate %v has other knobs", c)
		}
		lanes = append(lanes, fmt.Sprint(c["parallelism"].Int))
	}
	return strings.Join(lanes, " ")
}

// TestLadderRefuses holds that what is no request is not answered like one.
func TestLadderRefuses(t *testing.T) {
	m := load(t, "ladder", "")
	for _, input := range []string{"{}", `{"knobs":[]}`, `{"evidence":[]}`, "x", `"knobs":`} {
		want := `{"error":{"code":"bad_input","message":"this is not what ABI 1 asks"}}`
		if got := m.call(t, "propose", []byte(input)); string(got) != want {
			t.Errorf("%s: %s", input, got)
		}
	}
}

// TestLadderReadsAnything holds that no text in a request is mistaken for a field.
func TestLadderReadsAnything(t *testing.T) {
	m := loadFor(t, quickest(), "ladder", "")
	rapid.Check(t, func(t *rapid.T) {
		r := proposeRequest().Draw(t, "request")
		r.Round, r.Config = rapid.IntRange(1, 3).Draw(t, "round"), nil
		want := ""
		for i := range r.Knobs {
			if r.Knobs[i].Name == "parallelism" {
				r.Knobs[i].Name = "lanes"
			}
		}
		if rapid.Bool().Draw(t, "with lanes") {
			r.Knobs = append(r.Knobs, lanesKnob())
			if r.Round == 1 {
				want = "1 2 4 8 12 16"
			}
		}
		if got := lanesProposed(t, m, r); got != want {
			t.Fatalf("proposed %q, want %q", got, want)
		}
	})
}

// TestLadderStreams holds that the scheduler can climb it.
func TestLadderStreams(t *testing.T) {
	own, _ := streams(t, load(t, "ladder", ""))
	for _, trial := range own {
		winner := trial.Decision.Winner["parallelism"].Int
		t.Logf("%-16s %d lanes", trial.Environment, winner)
		if trial.Decision.Rounds > 3 || !strings.Contains(" 1 2 4 8 12 16 ", fmt.Sprintf(" %d ", winner)) {
			t.Errorf("%s: %d lanes after %d rounds", trial.Environment, winner, trial.Decision.Rounds)
		}
	}
}
