package trace

import (
	"os"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/internal/reference"
)

// TestReference holds docs/trace.md to the types: the same records and objects,
// with the same fields of the same types, in the same order.
func TestReference(t *testing.T) {
	doc, err := os.ReadFile("../../docs/trace.md")
	if err != nil {
		t.Fatal(err)
	}
	words := reference.Words{Objects: objects()}
	want := map[string][]string{"The first line": words.Rows(reflect.TypeFor[Header]())}
	for _, r := range records() {
		want["`"+r.Type()+"`"] = words.Rows(reflect.TypeOf(r))
	}
	for of, name := range objects() {
		if of.Kind() == reflect.Struct {
			want[name] = words.Rows(of)
		}
	}
	if diff := cmp.Diff(want, reference.Documented(string(doc))); diff != "" {
		t.Errorf("-types +document:\n%s", diff)
	}
}

// objects are the types that the document describes by themselves, by what it
// calls them.
func objects() map[reflect.Type]string {
	return map[reflect.Type]string{
		reflect.TypeFor[Budget]():                "Budget",
		reflect.TypeFor[StreamSummary]():         "Stream summary",
		reflect.TypeFor[policy.Info]():           "Policy",
		reflect.TypeFor[policy.Facts]():          "Facts",
		reflect.TypeFor[policy.Knob]():           "Knob",
		reflect.TypeFor[policy.Skip]():           "Skip",
		reflect.TypeFor[policy.Clamp]():          "Change",
		reflect.TypeFor[policy.Window]():         "Measurement",
		reflect.TypeFor[policy.Verdict]():        "Verdict",
		reflect.TypeFor[policy.ProposeRequest](): "Input of `propose`",
		reflect.TypeFor[policy.Proposal]():       "Output of `propose`",
		reflect.TypeFor[policy.ScoreRequest]():   "Input of `score`",
		reflect.TypeFor[policy.Scores]():         "Output of `score`",
		reflect.TypeFor[policy.Evidence]():       "Evidence",
		reflect.TypeFor[policy.Score]():          "Score",
		reflect.TypeFor[policy.Left]():           "Left",
		reflect.TypeFor[policy.Setting]():        "Setting",
	}
}
