package guest

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy"
)

// TestReaderKnowsAllFields gives every field of the requests a value of its own
// and looks for it: a field that is new has to be read too.
func TestReaderKnowsAllFields(t *testing.T) {
	n := int64(0)
	var q policy.ProposeRequest
	distinct(t, reflect.ValueOf(&q).Elem(), &n)
	checkPropose(t, q)
	var s policy.ScoreRequest
	distinct(t, reflect.ValueOf(&s).Elem(), &n)
	checkScore(t, s)
	if n < 100 {
		t.Errorf("only %d fields were filled", n)
	}
}

// distinct gives v, and all that is in it, values that occur nowhere else.
func distinct(t *testing.T, v reflect.Value, n *int64) {
	*n++
	switch v.Interface().(type) {
	case json.RawMessage:
		v.SetBytes([]byte(`{"a":[1,-2.5e3,"x\"]",true,false,null],"b":{}}`))
		return
	case policy.Kind:
		v.Set(reflect.ValueOf(policy.Enum))
		return
	case policy.Value:
		v.Set(reflect.ValueOf(policy.IntValue(*n)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			distinct(t, v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			distinct(t, v.Index(i), n)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		distinct(t, key, n)
		distinct(t, value, n)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)))
	case reflect.Int, reflect.Int64:
		v.SetInt(*n)
	case reflect.Float64:
		v.SetFloat(float64(*n) / 8)
	default:
		t.Fatalf("what is a %s?", v.Type())
	}
}

// check has both readers read the same request.
func checkPropose(t interface{ Fatalf(string, ...any) }, q policy.ProposeRequest) {
	input, want := read[policy.ProposeRequest](q)
	got, err := readProposeRequest(input)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%s\n%v (-encoding/json +reader):\n%s", input, err, diff)
	}
}

func checkScore(t interface{ Fatalf(string, ...any) }, q policy.ScoreRequest) {
	input, want := read[policy.ScoreRequest](q)
	got, err := readScoreRequest(input)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%s\n%v (-encoding/json +reader):\n%s", input, err, diff)
	}
}

// read is a request in JSON, and what encoding/json reads of it.
func read[R any](q R) (input []byte, back R) {
	input, err := json.Marshal(q)
	if err != nil {
		panic(err)
	}
	if err := json.Unmarshal(input, &back); err != nil {
		panic(err)
	}
	return input, back
}

func TestReaderReadsAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := json.RawMessage(rapid.SampledFrom([]string{"", "{}", `{"a":{"b":[]},"c":"}"}`, "null"}).Draw(t, "config"))
		q := policy.ProposeRequest{
			Facts: facts().Draw(t, "facts"), Knobs: some(knob()).Draw(t, "knobs"),
			Pins: setting().Draw(t, "pins"), Baseline: setting().Draw(t, "baseline"), Leader: setting().Draw(t, "leader"),
			Round: rapid.Int().Draw(t, "round"), Evidence: some(evidence()).Draw(t, "evidence"),
			Left:  policy.Left{Seconds: float().Draw(t, "seconds"), Rows: rapid.Int64().Draw(t, "rows")},
			State: rapid.String().Draw(t, "state"), Config: config,
		}
		checkPropose(t, q)
		checkScore(t, policy.ScoreRequest{
			Facts: q.Facts, Knobs: q.Knobs, Baseline: q.Round, Leader: -q.Round, Evidence: q.Evidence, Config: config,
		})
	})
}

// float draws numbers that JSON can hold, those with few digits more often.
func float() *rapid.Generator[float64] {
	return rapid.OneOf(
		rapid.Map(rapid.IntRange(-1_000_000_000, 1_000_000_000), func(n int) float64 { return float64(n) / 1e6 }),
		rapid.Map(rapid.Float64(), func(f float64) float64 {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return 0
			}
			return f
		}))
}

func some[T any](one *rapid.Generator[T]) *rapid.Generator[[]T] {
	return rapid.OneOf(rapid.Just[[]T](nil), rapid.SliceOfN(one, 0, 3))
}

func value() *rapid.Generator[policy.Value] {
	return rapid.OneOf(rapid.Map(rapid.Int64(), policy.IntValue), rapid.Map(rapid.String(), policy.EnumValue))
}

func setting() *rapid.Generator[policy.Setting] {
	return rapid.Custom(func(t *rapid.T) policy.Setting {
		return rapid.OneOf(rapid.Just[map[string]policy.Value](nil), rapid.MapOfN(rapid.String(), value(), 0, 3)).Draw(t, "setting")
	})
}

func facts() *rapid.Generator[policy.Facts] {
	return rapid.Custom(func(t *rapid.T) policy.Facts {
		return policy.Facts{
			Stream: rapid.String().Draw(t, "stream"), Rows: rapid.Int64().Draw(t, "rows"), Bytes: rapid.Int64().Draw(t, "bytes"),
			Notes: rapid.MapOfN(rapid.String(), rapid.String(), 0, 2).Draw(t, "notes"),
		}
	})
}

func knob() *rapid.Generator[policy.Knob] {
	return rapid.Custom(func(t *rapid.T) policy.Knob {
		return policy.Knob{
			Name: rapid.String().Draw(t, "name"), Owner: policy.Owner(rapid.String().Draw(t, "owner")),
			Kind: rapid.SampledFrom([]policy.Kind{policy.Int, policy.Bytes, policy.Enum}).Draw(t, "kind"),
			Min:  rapid.Int64().Draw(t, "min"), Max: rapid.Int64().Draw(t, "max"),
			Values: some(rapid.String()).Draw(t, "values"), Default: value().Draw(t, "default"), Doc: rapid.String().Draw(t, "doc"),
		}
	})
}

func evidence() *rapid.Generator[policy.Evidence] {
	return rapid.Custom(func(t *rapid.T) policy.Evidence {
		return policy.Evidence{
			ID: rapid.Int().Draw(t, "id"), Setting: setting().Draw(t, "setting"), Windows: some(window()).Draw(t, "windows"),
			Masked: rapid.Int().Draw(t, "masked"), Invalid: rapid.String().Draw(t, "invalid"),
		}
	})
}

func window() *rapid.Generator[policy.Window] {
	return rapid.Custom(func(t *rapid.T) policy.Window {
		return policy.Window{
			Seq: rapid.Int().Draw(t, "seq"), Start: float().Draw(t, "start"), Seconds: float().Draw(t, "seconds"),
			CPU: float().Draw(t, "cpu"), RoundTrip: float().Draw(t, "round trip"),
			Bytes: rapid.Int64().Draw(t, "bytes"), Rows: rapid.Int64Range(0, 1000).Draw(t, "rows"),
			Errors:  rapid.MapOfN(rapid.String(), rapid.Int(), 0, 2).Draw(t, "errors"),
			Missing: some(rapid.String()).Draw(t, "missing"), Masked: rapid.String().Draw(t, "masked"),
		}
	})
}

// TestReaderOfOthers shows what is passed over, and white space.
func TestReaderOfOthers(t *testing.T) {
	got, err := readScoreRequest([]byte(` { "new" : { "a" : [ ] , "b":[[{}],1e3,-1], "c":"\\\"" } ,
		"leader" : 3 , "t":true,"f":false,"n":null, "baseline":1, "evidence" : [ { "id" : 1, "x":0 } , {"id":2} ] } `))
	want := policy.ScoreRequest{Leader: 3, Baseline: 1, Evidence: []policy.Evidence{{ID: 1}, {ID: 2}}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestReaderNeverPanics gives it anything.
func TestReaderNeverPanics(t *testing.T) {
	text := `{"facts":{"stream":"a\u00e9","rows":-1},"knobs":[{"kind":"int","min":1}],"evidence":[{"id":0,"windows":[{"seq":1,"seconds":0.25}]}],"state":"x"}`
	rapid.Check(t, func(t *rapid.T) {
		input := []byte(text)
		changes := rapid.IntRange(0, 4).Draw(t, "changes")
		for range changes {
			input[rapid.IntRange(0, len(input)-1).Draw(t, "at")] = rapid.SampledFrom([]byte(`{}[]",:0-.ne\ `)).Draw(t, "byte")
		}
		input = input[:rapid.IntRange(0, len(input)).Draw(t, "length")]
		_, err := readProposeRequest(input)
		if changes == 0 && len(input) < len(text) && err == nil {
			t.Fatalf("%s was read, though it ends too soon", input)
		}
	})
}

func TestAnswersAreAsEncodingJSONWritesThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := policy.Proposal{
			Candidates: rapid.SliceOfN(rapid.Map(rapid.MapOfN(rapid.String(), value(), 0, 3),
				func(m map[string]policy.Value) policy.Setting { return m }), 0, 3).Draw(t, "candidates"),
			Note: rapid.String().Draw(t, "note"), State: rapid.String().Draw(t, "state"),
		}
		same(t, p, appendProposal(nil, p))
		var s policy.Scores
		s.Scores = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) policy.Score {
			return policy.Score{ID: rapid.Int().Draw(t, "id"), Value: float().Draw(t, "value"), StdErr: float().Draw(t, "stderr"),
				Ties: rapid.SliceOfN(float(), 0, 3).Draw(t, "ties")}
		}), 0, 3).Draw(t, "scores")
		same(t, s, appendScores(nil, s))
	})
}

func same(t *rapid.T, answer any, got []byte) {
	want, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("-encoding/json +kit:\n%s", diff)
	}
}
