package wasm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object whose names occur once each.
type object struct {
	names  []string
	values map[string]any // object, []any, string, json.Number, bool or nil
}

// readObject reads an answer: one JSON object and nothing else. The standard
// decoder accepts names that occur twice, names in another case, invalid UTF-8
// and any depth; none of that is accepted here, since another reader of the
// same bytes might understand something else.
func readObject(answer []byte) (object, error) {
	if !utf8.Valid(answer) {
		return object{}, errors.New("the answer is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(answer))
	d.UseNumber()
	v, err := readValue(d, 1)
	if err != nil {
		return object{}, fmt.Errorf("the answer, behind byte %d: %w", d.InputOffset(), err)
	}
	o, ok := v.(object)
	if !ok {
		return object{}, errors.New("the answer is not a JSON object")
	}
	if _, err := d.Token(); err != io.EOF {
		return object{}, errors.New("something follows the answer")
	}
	return o, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, plainly(err)
	}
	switch t := t.(type) {
	case json.Delim:
		switch {
		case depth > maxDepth:
			return nil, fmt.Errorf("it is nested more than %d deep", maxDepth)
		case t == '{':
			return readMembers(d, depth)
		}
		return readElements(d, depth)
	case json.Number:
		if f, err := strconv.ParseFloat(string(t), 64); err != nil || math.IsInf(f, 0) {
			return nil, fmt.Errorf("the number %s is too large", clean(string(t), maxName))
		}
	}
	return t, nil
}

func readMembers(d *json.Decoder, depth int) (any, error) {
	o := object{values: map[string]any{}}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, plainly(err)
		}
		name, _ := t.(string) // the decoder lets nothing else be a name
		if _, twice := o.values[name]; twice {
			return nil, fmt.Errorf("%q occurs twice in one object", clean(name, maxName))
		}
		o.names = append(o.names, name)
		if o.values[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return o, plainly(err)
}

func readElements(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		v, err := readValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := d.Token()
	return list, plainly(err)
}

// plainly says that the end came too soon in words of people.
func plainly(err error) error {
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it ends too soon")
	}
	return err
}

// text is a member that is a string, empty where there is none.
func (o object) text(name string, most int) (string, error) {
	v, ok := o.values[name]
	if !ok {
		return "", nil
	}
	s, ok := v.(string)
	if !ok {
		return "", fmt.Errorf("%q must be a string", name)
	}
	if len(s) > most {
		return "", fmt.Errorf("%q has %d bytes, more than %d", name, len(s), most)
	}
	return s, nil
}

// list is a member that must be an array of objects.
func (o object) list(name string) ([]object, error) {
	v, ok := o.values[name]
	if !ok {
		return nil, fmt.Errorf("%q is missing", name)
	}
	elements, ok := v.([]any)
	if !ok {
		return nil, fmt.Errorf("%q must be a list", name)
	}
	var out []object
	for i, e := range elements {
		one, ok := e.(object)
		if !ok {
			return nil, fmt.Errorf("%s[%d] must be an object", name, i)
		}
		out = append(out, one)
	}
	return out, nil
}

// unknown are the members that are none of the known ones.
func (o object) unknown(known ...string) []string {
	var out []string
	for _, name := range o.names {
		found := false
		for _, k := range known {
			found = found || k == name
		}
		if !found {
			out = append(out, name)
		}
	}
	return out
}
