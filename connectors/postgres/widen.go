package postgres

import (
	"regexp"
	"strconv"
	"strings"
)

// holds reports whether a column of one type can keep every value of the other,
// exactly. What the destination casts by itself decides about the types, and
// the modifiers about how long or precise their values are.
func (p *planner) holds(to, from string) bool {
	return from == to || p.casts[typePair{from, to}] && modifiersHold(to, from)
}

// typeText is a type as the server prints it, in parts: its name, its
// modifiers, its time zone, its dimensions.
var typeText = regexp.MustCompile(`^(.*?)(?:\(([0-9, -]+)\))?( with(?:out)? time zone)?((?:\[\])*)$`)

// modified is a type with its modifiers; none where it has no bound.
type modified struct {
	name      string
	modifiers []int
}

func parseModified(text string) modified {
	m := typeText.FindStringSubmatch(text)
	t := modified{name: m[1]}
	for _, digits := range strings.Split(m[2], ",") {
		if n, err := strconv.Atoi(strings.TrimSpace(digits)); err == nil {
			t.modifiers = append(t.modifiers, n)
		}
	}
	return t
}

// wholeDigits is how many decimal digits an integer type has.
var wholeDigits = map[string]int{"smallint": 5, "integer": 10, "bigint": 19}

// shortTexts is how long the text of a type is at most.
var shortTexts = map[string]int{"smallint": 6, "integer": 11, "bigint": 20, "uuid": 36, "boolean": 1}

// microseconds is the precision of a time without a modifier, in digits.
const microseconds = 6

// modifiersHold decides for types of which one can be cast to the other.
func modifiersHold(to, from string) bool {
	t, f := parseModified(to), parseModified(from)
	if strings.HasPrefix(t.name, "interval ") { // of some fields only
		return f.name == t.name
	}
	if len(t.modifiers) == 0 {
		return true
	}
	switch t.name {
	case "numeric":
		return numericHolds(t.modifiers, f)
	case "character varying", "character":
		long, known := shortTexts[f.name]
		if strings.HasPrefix(f.name, "character") && len(f.modifiers) == 1 {
			long, known = f.modifiers[0], true
		}
		return known && t.modifiers[0] >= long
	case "bit":
		return f.name == "bit" && len(f.modifiers) == 1 && t.modifiers[0] == f.modifiers[0]
	case "bit varying":
		return len(f.modifiers) == 1 && t.modifiers[0] >= f.modifiers[0]
	case "timestamp", "time", "interval":
		precision := microseconds
		if f.name == "date" {
			precision = 0
		} else if len(f.modifiers) == 1 {
			precision = f.modifiers[0]
		}
		return t.modifiers[0] >= precision
	}
	return true
}

// numericHolds compares the digits before the point and behind it.
func numericHolds(to []int, from modified) bool {
	scale := 0
	if len(to) == 2 {
		scale = to[1]
	}
	if digits, whole := wholeDigits[from.name]; whole {
		return scale >= 0 && to[0]-scale >= digits
	}
	if from.name != "numeric" || len(from.modifiers) != 2 {
		return false
	}
	return scale >= from.modifiers[1] && to[0]-scale >= from.modifiers[0]-from.modifiers[1]
}
