package trace

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
)

// TestReference holds docs/trace.md to the types: the same records and objects,
// with the same fields of the same types, in the same order.
func TestReference(t *testing.T) {
	doc, err := os.ReadFile("../../docs/trace.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"The first line": rows(reflect.TypeFor[Header]())}
	for _, r := range records() {
		want["`"+r.Type()+"`"] = rows(reflect.TypeOf(r))
	}
	for of, name := range objects() {
		if of.Kind() == reflect.Struct {
			want[name] = rows(of)
		}
	}
	if diff := cmp.Diff(want, documented(string(doc))); diff != "" {
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

// rows are a type's fields as the document should have them.
func rows(of reflect.Type) []string {
	var out []string
	for i := range of.NumField() {
		f := of.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		_, object := objects()[f.Type]
		switch {
		case f.Anonymous && object:
			out = append(out, "… | "+typeName(f.Type))
		case f.Anonymous:
			out = append(out, rows(f.Type)...)
		default:
			name := typeName(f.Type)
			if strings.Contains(options, "string") {
				name = "string"
			}
			if strings.Contains(options, "omitempty") {
				name += ", optional"
			}
			out = append(out, "`"+tag+"` | "+name)
		}
	}
	return out
}

func typeName(of reflect.Type) string {
	if name, ok := objects()[of]; ok {
		return strings.ToLower(name)
	}
	switch of {
	case reflect.TypeFor[time.Time]():
		return "time"
	case reflect.TypeFor[json.RawMessage]():
		return "JSON"
	case reflect.TypeFor[policy.Value]():
		return "value"
	case reflect.TypeFor[policy.Kind]():
		return "string"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return typeName(of.Elem())
	case reflect.Slice:
		return "list of " + typeName(of.Elem())
	case reflect.Map:
		return "object of " + typeName(of.Elem())
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "bool"
	default:
		return "number"
	}
}

var row = regexp.MustCompile("^\\| (`[a-z0-9_]+`|…) \\| ([^|]+) \\| \\S.* \\|$")

// documented reads the headings of the document that have a table of fields.
func documented(doc string) map[string][]string {
	found := map[string][]string{}
	heading := ""
	for line := range strings.Lines(doc) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			heading = strings.TrimLeft(line, "# ")
		}
		if m := row.FindStringSubmatch(line); m != nil {
			found[heading] = append(found[heading], m[1]+" | "+linkText.ReplaceAllString(m[2], "$1"))
		}
	}
	return found
}

var linkText = regexp.MustCompile(`\[([^\]]+)\]\([^)]+\)`)
