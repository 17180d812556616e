package guest

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Checker is a policy that has more to say of its config than its fields' types
// do. Check is called before each call; what it returns is for who wrote the
// pipeline file.
type Checker interface{ Check() error }

// Duration is a duration of a config: "90s", "20m".
type Duration struct{ time.Duration }

// UnmarshalText reads a duration as pipeline files have them.
func (d *Duration) UnmarshalText(text []byte) (err error) {
	if d.Duration, err = time.ParseDuration(string(text)); err != nil {
		return fmt.Errorf(`%q is not a duration such as "30s" or "20m"`, text)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// configure sets p's fields to what the config says, and checks them. A field
// that the config leaves out stays as it is.
func configure(p Policy, config json.RawMessage) error {
	if text := string(config); text != "" && text != "{}" { // reading even that takes a module a while
		if err := fill(p, config); err != nil {
			return err
		}
	}
	if c, ok := p.(Checker); ok {
		return c.Check()
	}
	return nil
}

// fill sets one field after the other, so that errors name them.
func fill(p Policy, config json.RawMessage) error {
	var given map[string]json.RawMessage
	if err := json.Unmarshal(config, &given); err != nil {
		return errors.New("the config must be an object")
	}
	known := fieldsOf(p)
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if !slices.Contains(known, name) {
			return unknown(name, known)
		}
		if err := set(p, name, given[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// fieldsOf are the names of the fields that a config may set: those of the
// struct that p points at.
func fieldsOf(p Policy) []string {
	t := reflect.TypeOf(p)
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for _, f := range reflect.VisibleFields(t.Elem()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() || f.Anonymous || name == "-":
		case name == "":
			names = append(names, f.Name)
		default:
			names = append(names, name)
		}
	}
	return names
}

func unknown(name string, known []string) error {
	if len(known) == 0 {
		return fmt.Errorf("there is no setting %q: this policy has none", name)
	}
	return fmt.Errorf("there is no setting %q: there is %s", name, strings.Join(known, ", "))
}

// set sets the one field of that name.
func set(p Policy, name string, value json.RawMessage) error {
	text, err := json.Marshal(map[string]json.RawMessage{name: value})
	if err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err = d.Decode(p)
	var mistaken *json.UnmarshalTypeError
	if errors.As(err, &mistaken) {
		return fmt.Errorf("must be %s, not %s", kindOf(mistaken.Type), mistaken.Value)
	}
	if err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
}

// kindOf says in words what a field of type t takes.
func kindOf(t reflect.Type) string {
	if reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return "a string"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Map, reflect.Struct:
		return "an object"
	default:
		return "a whole number"
	}
}
