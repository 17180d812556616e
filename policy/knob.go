package policy

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what values a knob takes.
type Kind int

const (
	Int   Kind = iota // a count
	Bytes             // a number of bytes, written with a unit: "8MiB"
	Enum              // one of a fixed list of names
)

func (k Kind) String() string {
	switch k {
	case Int:
		return "int"
	case Bytes:
		return "bytes"
	default:
		return "enum"
	}
}

// MarshalText writes the kind as String does, for JSON.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (k *Kind) UnmarshalText(text []byte) error {
	for _, known := range []Kind{Int, Bytes, Enum} {
		if string(text) == known.String() {
			*k = known
			return nil
		}
	}
	return fmt.Errorf("%q is no kind of knob: int, bytes or enum", text)
}

// Owner says which part of rbt acts on a knob.
type Owner string

const (
	Runtime     Owner = "runtime"
	Source      Owner = "source"
	Destination Owner = "destination"
)

// Knob is the spec of a setting that may change during a run. The runtime and
// the connectors declare theirs; nothing else in rbt knows a knob by its name.
type Knob struct {
	Name  string `json:"name"`
	Owner Owner  `json:"owner"`
	Kind  Kind   `json:"kind"`
	// Min and Max are the inclusive bounds of an Int or Bytes knob. The
	// runtime never sets the knob outside of them, whoever asks.
	Min int64 `json:"min"`
	Max int64 `json:"max"`
	// Values are the legal names of an Enum knob.
	Values []string `json:"values,omitempty"`
	// Default applies where neither a pin nor the tuner chose.
	Default Value `json:"default"`
	// Doc is one sentence for people.
	Doc string `json:"doc,omitempty"`
}

// Check returns an error that says what the knob allows if v is not legal.
func (k Knob) Check(v Value) error {
	if k.Kind == Enum {
		if !slices.Contains(k.Values, v.Name) || v.Int != 0 {
			return fmt.Errorf("%s must be one of %s, not %s", k.Name, strings.Join(k.Values, ", "), k.Format(v))
		}
		return nil
	}
	if v.Name != "" || v.Int < k.Min || v.Int > k.Max {
		return fmt.Errorf("%s must be from %s to %s, not %s",
			k.Name, k.Format(IntValue(k.Min)), k.Format(IntValue(k.Max)), k.Format(v))
	}
	return nil
}

// Format writes v as a pipeline file would have it: 4, 8MiB, ctid.
func (k Knob) Format(v Value) string {
	switch {
	case v.Name != "":
		return v.Name
	case k.Kind == Bytes:
		return FormatBytes(v.Int)
	default:
		return fmt.Sprint(v.Int)
	}
}
