package hcl

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/rapidbyte/rbt/policy"
)

// element is one string of a list.
type element struct {
	text string
	rng  hcl.Range
}

// convert reads a value as the attribute's kind: string, bool, int64 (also for
// a size, and 0 for "auto"), float64, time.Duration, []element or
// json.RawMessage. It is not ok if the value is of another kind or out of
// bounds.
func (a *attribute) convert(v value) (any, bool) {
	switch a.kind {
	case text:
		s, ok := v.is.(string)
		return s, ok && s != ""
	case boolean:
		return toBool(v)
	case count:
		return a.toCount(v)
	case autoCount:
		if v.is == "auto" {
			return int64(0), true
		}
		return a.toCount(v)
	case fraction:
		f, ok := toNumber(v)
		return f, ok && a.within(f)
	case size:
		s, _ := v.is.(string)
		n, err := policy.ParseBytes(s)
		return n, err == nil && a.within(float64(n))
	case duration:
		s, _ := v.is.(string)
		d, err := time.ParseDuration(s)
		return d, err == nil && a.within(float64(d))
	case choice:
		s, ok := v.is.(string)
		return s, ok && slices.Contains(a.choices, s)
	case names:
		return toElements(v)
	}
	return toObject(v)
}

func (a *attribute) within(f float64) bool {
	if !a.bounded() {
		return math.Abs(f) <= 1<<53 // whole numbers are exact up to here
	}
	return a.min <= f && f <= a.max
}

func (a *attribute) bounded() bool { return a.min != 0 || a.max != 0 }

func (a *attribute) toCount(v value) (int64, bool) {
	f, ok := toNumber(v)
	if !ok || f != math.Trunc(f) || !a.within(f) {
		return 0, false
	}
	return int64(f), true
}

// toNumber also takes a string that reads as a number, because variables and
// the environment give nothing else.
func toNumber(v value) (float64, bool) {
	switch is := v.is.(type) {
	case float64:
		return is, true
	case string:
		return parseNumber(is)
	}
	return 0, false
}

func parseNumber(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

func toBool(v value) (is, ok bool) {
	switch is := v.is.(type) {
	case bool:
		return is, true
	case string:
		b, err := strconv.ParseBool(is)
		return b, err == nil
	}
	return false, false
}

// toElements reads a list of strings, none empty and none twice.
func toElements(v value) ([]element, bool) {
	list, ok := v.is.([]value)
	if !ok || len(list) == 0 {
		return nil, false
	}
	var elements []element
	seen := map[string]bool{}
	for _, item := range list {
		s, ok := item.is.(string)
		if !ok || s == "" || seen[s] {
			return nil, false
		}
		seen[s] = true
		elements = append(elements, element{s, item.rng})
	}
	return elements, true
}

func toObject(v value) (json.RawMessage, bool) {
	if _, ok := v.is.(map[string]value); !ok {
		return nil, false
	}
	b, err := json.Marshal(v)
	return b, err == nil
}

// want says what the attribute takes.
func (a *attribute) want() string {
	from := ""
	if a.bounded() {
		from = fmt.Sprintf(" from %s to %s", a.format(a.min), a.format(a.max))
	}
	switch a.kind {
	case text:
		return "a string that is not empty"
	case boolean:
		return "true or false"
	case count:
		return "a whole number" + from
	case autoCount:
		return `"auto" or a whole number` + from
	case fraction:
		return "a number" + from
	case size:
		return "a size" + from + ", written as \"8MiB\""
	case duration:
		return "a duration" + from + ", written as \"30s\" or \"5m\""
	case choice:
		return "one of " + strings.Join(a.choices, ", ")
	case names:
		return `a list of one or more different strings, written as ["a", "b"]`
	}
	return "an object, written as { name = value }"
}

// format writes a bound of the attribute.
func (a *attribute) format(bound float64) string {
	switch a.kind {
	case size:
		return policy.FormatBytes(int64(bound))
	case duration:
		return formatDuration(time.Duration(bound))
	}
	return formatNumber(bound)
}

// formatDuration writes 5m0s as 5m.
func formatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
