package policytest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"

	"github.com/rapidbyte/rbt/policy"
)

// What a condition can speak of besides knobs.
const (
	ofReason = "reason" // of the decision, or of a skip
	ofFault  = "fault"  // its code, or none
	ofLead   = "lead"   // over the baseline, in percent
	noFault  = "none"
)

// condition is one of those that an expectation has: "parallelism >= 8".
type condition struct {
	name, op, value string
}

func operators() []string { return []string{"=", "!=", "<", "<=", ">", ">="} }

func parseCondition(text string) (condition, error) {
	at := strings.IndexAny(text, "=!<>")
	if text == "" || at <= 0 {
		return condition{}, fmt.Errorf("%q is no condition: write it as parallelism >= 8", text)
	}
	value := strings.TrimLeft(text[at:], "=!<>")
	c := condition{
		name:  strings.TrimSpace(text[:at]),
		op:    text[at : len(text)-len(value)],
		value: strings.TrimSpace(value),
	}
	switch {
	case !slices.Contains(operators(), c.op):
		return c, fmt.Errorf("%s is no operator: they are %s", c.op, strings.Join(operators(), " "))
	case c.value == "":
		return c, fmt.Errorf("behind %s %s a value is missing", c.name, c.op)
	}
	return c, nil
}

// applies says what is wrong with the condition itself, whatever was decided for
// those streams.
func (c condition) applies(about []Outcome) error {
	switch c.name {
	case ofReason:
		return c.isOneOf(reasons())
	case ofFault:
		return c.comparesNames()
	case ofLead:
		_, err := percentage(c.value)
		return err
	}
	knob, ok := c.knob(about)
	if !ok {
		var names []string
		for _, k := range about[0].Knobs {
			names = append(names, k.Name)
		}
		return fmt.Errorf("%s has no knob %s%s", about[0].Stream, c.name,
			instead(c.name, append(names, ofReason, ofFault, ofLead)))
	}
	switch {
	case knob.Kind == policy.Enum && len(knob.Values) == 0:
		return fmt.Errorf("%s has no choice of %s", about[0].Stream, c.name)
	case knob.Kind == policy.Enum:
		return c.isOneOf(knob.Values)
	}
	_, err := number(knob, c.value)
	return err
}

// knob is the one that the condition speaks of, with all values that any of the
// streams has.
func (c condition) knob(about []Outcome) (policy.Knob, bool) {
	var found policy.Knob
	ok := false
	for _, o := range about {
		for _, k := range o.Knobs {
			if k.Name != c.name {
				continue
			}
			if !ok {
				found, ok = k, true
				found.Values = nil
			}
			found.Values = append(found.Values, k.Values...)
		}
	}
	slices.Sort(found.Values)
	found.Values = slices.Compact(found.Values)
	return found, ok
}

func (c condition) isOneOf(names []string) error {
	if err := c.comparesNames(); err != nil {
		return err
	}
	if !slices.Contains(names, c.value) {
		return fmt.Errorf("%s cannot be %s%s", c.name, c.value, instead(c.value, names))
	}
	return nil
}

func (c condition) comparesNames() error {
	if c.op != "=" && c.op != "!=" {
		return fmt.Errorf("%s is a name: compare it with = or !=, not with %s", c.name, c.op)
	}
	return nil
}

// unmet says by how much a decision misses the condition; empty where it meets
// it.
func (c condition) unmet(o Outcome) string {
	got, met := c.compare(o)
	if met {
		return ""
	}
	return fmt.Sprintf("%s is %s, expected %s %s", c.name, got, c.op, c.value)
}

// compare says what the decision has, and whether that is what is expected.
func (c condition) compare(o Outcome) (got string, met bool) {
	switch c.name {
	case ofReason:
		return c.compareName(o.Decision.Reason)
	case ofFault:
		if o.Fault == nil {
			return c.compareName(noFault)
		}
		return c.compareName(o.Fault.Reason)
	case ofLead:
		want, _ := percentage(c.value) // it was read before
		lead := 100 * o.Decision.Lead
		return fmt.Sprintf("%+.1f %%", lead), holds(lead, c.op, want)
	}
	knob, _ := c.knob([]Outcome{o})
	v, ok := o.Decision.Winner[c.name]
	switch {
	case !ok:
		return "no choice for this stream", false
	case knob.Kind == policy.Enum:
		return c.compareName(v.Name)
	}
	want, _ := number(knob, c.value)
	return knob.Format(v), holds(v.Int, c.op, want)
}

func (c condition) compareName(name string) (got string, met bool) {
	return name, (name == c.value) == (c.op == "=")
}

func holds[T int64 | float64](got T, op string, want T) bool {
	switch op {
	case "=":
		return got == want
	case "!=":
		return got != want
	case "<":
		return got < want
	case "<=":
		return got <= want
	case ">":
		return got > want
	}
	return got >= want
}

// number reads the value of a count or of a size.
func number(k policy.Knob, text string) (int64, error) {
	if k.Kind == policy.Bytes {
		n, err := policy.ParseBytes(text)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", k.Name, err)
		}
		return n, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %q is not a whole number", k.Name, text)
	}
	return n, nil
}

// percentage reads "5%" or "5 %".
func percentage(text string) (float64, error) {
	digits, ok := strings.CutSuffix(text, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
	if !ok || err != nil {
		return 0, fmt.Errorf("lead: %q is not a percentage such as 5%%", text)
	}
	return n, nil
}

// reasons are those of decisions and of skips.
func reasons() []string {
	return []string{
		policy.BecauseLead, policy.BecauseNoLead, policy.BecauseBudget, policy.BecauseEnded, policy.BecauseFault, policy.BecauseNothing,
		policy.SkippedDisabled, policy.SkippedPinned, policy.SkippedSmall, policy.SkippedUnsupported,
	}
}

// instead says what was probably meant, or else what there is.
func instead(name string, known []string) string {
	best, distance := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k), nil); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %s?", best)
	}
	return ": there is " + listed(known)
}

// listed writes a list that may be long.
func listed(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
