package policy

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Value is where one knob stands: Int for Int and Bytes knobs, Name for Enum
// knobs. Values compare with ==.
type Value struct {
	Int  int64
	Name string
}

// IntValue is the value of an Int or Bytes knob.
func IntValue(n int64) Value { return Value{Int: n} }

// EnumValue is the value of an Enum knob.
func EnumValue(name string) Value { return Value{Name: name} }

// MarshalJSON writes a number or a string.
func (v Value) MarshalJSON() ([]byte, error) {
	if v.Name != "" {
		return json.Marshal(v.Name)
	}
	return json.Marshal(v.Int)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (v *Value) UnmarshalJSON(b []byte) error {
	*v = Value{}
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &v.Name)
	}
	return json.Unmarshal(b, &v.Int)
}

// Setting holds one value for every knob, by the knob's name. Pins are a
// Setting too, with the pinned knobs only.
type Setting map[string]Value

// With returns a copy of s in which the values of over replace those of s.
func (s Setting) With(over Setting) Setting {
	out := maps.Clone(s)
	if out == nil {
		out = Setting{}
	}
	maps.Copy(out, over)
	return out
}

// Format writes the setting on one line, in the order of knobs:
// "parallelism 4, partition_mode ctid". Knobs that s lacks are left out.
func (s Setting) Format(knobs []Knob) string {
	var parts []string
	for _, k := range knobs {
		if v, ok := s[k.Name]; ok {
			parts = append(parts, k.Name+" "+k.Format(v))
		}
	}
	return strings.Join(parts, ", ")
}

// Names returns the knobs that s has a value for, sorted.
func (s Setting) Names() []string { return slices.Sorted(maps.Keys(s)) }
