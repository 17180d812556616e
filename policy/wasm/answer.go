package wasm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/rapidbyte/rbt/policy"
)

// answer is what a module said: a value, or that it cannot say.
type answer[T any] struct {
	value   T
	failed  bool
	message string   // "code: message", where it failed
	unknown []string // fields that mean nothing
}

// description is the answer of rbt_describe.
type description struct {
	name, version string
	failed        bool
	message       string
}

func readDescription(output []byte) (d description, err error) {
	o, err := readObject(output)
	if err != nil {
		return d, err
	}
	if d.message, d.failed, err = readFailure(o, "name", "version"); err != nil || d.failed {
		return d, err
	}
	if d.name, err = o.text("name", maxName); err != nil {
		return d, err
	}
	if d.version, err = o.text("version", maxName); err != nil {
		return d, err
	}
	if d.name != clean(d.name, maxName) || d.version != clean(d.version, maxName) {
		return d, errors.New("name and version must not have control characters")
	}
	if d.name == "" {
		return d, errors.New(`"name" is missing`)
	}
	return d, nil
}

func readProposal(output []byte) (a answer[policy.Proposal], err error) {
	o, err := readObject(output)
	if err != nil {
		return a, err
	}
	if a.message, a.failed, err = readFailure(o, "candidates", "state"); err != nil || a.failed {
		return a, err
	}
	candidates, err := o.list("candidates")
	if err != nil {
		return a, err
	}
	for _, c := range candidates {
		a.value.Candidates = append(a.value.Candidates, readSetting(c))
	}
	note, err := o.text("note", maxOutput)
	if err != nil {
		return a, err
	}
	a.value.Note = clean(note, maxNote)
	if a.value.State, err = o.text("state", maxState); err != nil {
		return a, err
	}
	a.unknown = o.unknown("candidates", "note", "state")
	return a, nil
}

// readSetting takes values as they are. What no knob can be is told by the
// guardrail, which knows the knobs: a number that is not whole, or no number,
// goes on as its text.
func readSetting(o object) policy.Setting {
	s := policy.Setting{}
	for _, name := range o.names {
		s[clean(name, maxName)] = readKnobValue(o.values[name])
	}
	return s
}

func readKnobValue(v any) policy.Value {
	switch v := v.(type) {
	case string:
		if v == "" { // which would be the number 0
			return policy.EnumValue(`""`)
		}
		return policy.EnumValue(clean(v, maxName))
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return policy.IntValue(n)
		}
		f, _ := v.Float64()
		if f == math.Trunc(f) && math.Abs(f) < 1<<53 { // 8.0, 1e3
			return policy.IntValue(int64(f))
		}
		return policy.EnumValue(clean(v.String(), maxName))
	}
	return policy.EnumValue(kindOf(v))
}

// kindOf says what a value is that is neither a string nor a number.
func kindOf(v any) string {
	switch v := v.(type) {
	case object:
		return "an object"
	case []any:
		return "a list"
	case bool:
		return strconv.FormatBool(v)
	}
	return "null"
}

// scoresError is an answer whose scores do not fit the candidates.
type scoresError struct{ why string }

func (e *scoresError) Error() string { return e.why }

func readScores(output []byte, asked []policy.Evidence) (a answer[policy.Scores], err error) {
	o, err := readObject(output)
	if err != nil {
		return a, err
	}
	if a.message, a.failed, err = readFailure(o, "scores"); err != nil || a.failed {
		return a, err
	}
	list, err := o.list("scores")
	if err != nil {
		return a, err
	}
	open := map[int]bool{}
	for _, e := range asked {
		open[e.ID] = true
	}
	for i, one := range list {
		s, err := readScore(one)
		if err != nil {
			return a, &scoresError{fmt.Sprintf("scores[%d]: %v", i, err)}
		}
		if !open[s.ID] {
			return a, &scoresError{fmt.Sprintf("scores[%d]: candidate %d was not asked for, or is scored twice", i, s.ID)}
		}
		delete(open, s.ID)
		a.value.Scores = append(a.value.Scores, s)
		a.unknown = append(a.unknown, one.unknown("id", "value", "stderr", "ties")...)
	}
	for _, e := range asked {
		if open[e.ID] {
			return a, &scoresError{fmt.Sprintf("candidate %d is not scored", e.ID)}
		}
	}
	a.unknown = append(a.unknown, o.unknown("scores")...)
	return a, nil
}

// maxTies is the most numbers that a policy may break ties with.
const maxTies = 16

func readScore(o object) (s policy.Score, err error) {
	id, err := o.number("id", true)
	if err != nil {
		return s, err
	}
	if s.ID = int(id); float64(s.ID) != id {
		return s, errors.New(`"id" must be a whole number`)
	}
	if s.Value, err = o.number("value", true); err != nil {
		return s, err
	}
	if !(s.Value > 0) {
		return s, errors.New(`"value" must be above 0`)
	}
	if s.StdErr, err = o.number("stderr", false); err != nil {
		return s, err
	}
	ties, ok := o.values["ties"]
	if !ok {
		return s, nil
	}
	list, ok := ties.([]any)
	if !ok || len(list) > maxTies {
		return s, fmt.Errorf(`"ties" must be a list of at most %d numbers`, maxTies)
	}
	for _, v := range list {
		n, ok := v.(json.Number)
		if !ok {
			return s, errors.New(`"ties" must be a list of numbers`)
		}
		f, _ := n.Float64()
		s.Ties = append(s.Ties, f)
	}
	return s, nil
}

// number is a member that is a number; 0 where there is none and none is needed.
func (o object) number(name string, needed bool) (float64, error) {
	v, ok := o.values[name]
	if !ok && !needed {
		return 0, nil
	}
	n, isNumber := v.(json.Number)
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is missing", name)
	case !isNumber:
		return 0, fmt.Errorf("%q must be a number", name)
	}
	return n.Float64()
}

// readFailure reads an answer that says "error", beside which there must be
// nothing else.
func readFailure(o object, beside ...string) (message string, failed bool, err error) {
	v, ok := o.values["error"]
	if !ok {
		return "", false, nil
	}
	for _, name := range beside {
		if _, both := o.values[name]; both {
			return "", false, fmt.Errorf(`the answer has both "error" and %q`, name)
		}
	}
	failure, ok := v.(object)
	if !ok {
		return "", false, errors.New(`"error" must be an object with "code" and "message"`)
	}
	code, err := failure.text("code", maxOutput)
	if err != nil {
		return "", false, err
	}
	text, err := failure.text("message", maxOutput)
	if err != nil {
		return "", false, err
	}
	switch {
	case code == "" && text == "":
		text = "it does not say why"
	case code != "" && text != "":
		code += ": "
	}
	return clean(code+text, maxNote), true, nil
}
