package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/internal/reference"
)

const (
	draft = "https://json-schema.org/draft/2020-12/schema"
	defs  = "#/$defs/"
)

// schema is the message's schema as a file has it.
func (m message) schema(abi string) ([]byte, error) {
	b := builder{meanings: reference.Meanings(abi), defs: map[string]*jsonschema.Schema{}, answer: m.answer}
	s := &jsonschema.Schema{Schema: draft, Title: strings.ReplaceAll(m.heading, "`", ""), Defs: b.defs}
	body := b.object(m.of, m.heading)
	if m.answer {
		b.defs["Error"] = b.refusal(body)
		b.defs["Answer"] = body
		s.OneOf = []*jsonschema.Schema{{Ref: defs + "Answer"}, {Ref: defs + "Error"}}
	} else {
		b.defs["Question"] = body
		s.Ref = defs + "Question"
	}
	if b.err != nil {
		return nil, b.err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// builder makes the schemas of one message.
type builder struct {
	meanings map[string]map[string]string
	defs     map[string]*jsonschema.Schema
	answer   bool
	err      error
}

// object is the schema of a struct, or of a map. Schemas of the objects in it
// are added to defs.
func (b *builder) object(of reflect.Type, heading string) *jsonschema.Schema {
	known := scalars()
	for t, name := range objects() {
		if t != of {
			known[t] = &jsonschema.Schema{Ref: defs + name}
		}
	}
	s, err := jsonschema.ForType(of, &jsonschema.ForOptions{TypeSchemas: known})
	if err != nil {
		b.err = err
		return s
	}
	bound(of, s)
	if of.Kind() == reflect.Struct {
		s.AdditionalProperties = nil // fields may be added
	} else if !b.answer {
		s.Type, s.Types = "", []string{"null", s.Type}
	}
	for _, name := range s.PropertyOrder {
		b.describe(s.Properties[name], heading, name)
	}
	for _, p := range parts(s) {
		b.define(strings.TrimPrefix(p.Ref, defs))
	}
	return s
}

// describe adds the meaning of a field. A list in an answer is never null.
func (b *builder) describe(s *jsonschema.Schema, heading, field string) {
	if s.Description = b.meanings[heading][field]; s.Description == "" {
		b.err = fmt.Errorf("ABI.md says nothing of %s under %q", field, heading)
	}
	if b.answer && len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
}

// define adds the schema of the object of that heading, once.
func (b *builder) define(heading string) {
	if _, done := b.defs[heading]; done || heading == "" {
		return
	}
	b.defs[heading] = nil
	for t, name := range objects() {
		if name == heading {
			b.defs[heading] = b.object(t, heading)
		}
	}
}

// refusal is the schema of an answer that is an error, without the fields that
// other answers have; those get no error.
func (b *builder) refusal(answer *jsonschema.Schema) *jsonschema.Schema {
	never := &jsonschema.Schema{Not: &jsonschema.Schema{}}
	s := b.object(reflect.TypeFor[refusal](), "Errors")
	for _, name := range answer.PropertyOrder {
		s.Properties[name] = never
	}
	s.PropertyOrder = append(s.PropertyOrder, answer.PropertyOrder...)
	answer.Properties["error"] = never
	answer.PropertyOrder = append(slices.Clip(answer.PropertyOrder), "error")
	return s
}

// parts are the schemas in a schema.
func parts(s *jsonschema.Schema) []*jsonschema.Schema {
	var out []*jsonschema.Schema
	for _, p := range slices.Collect(maps.Values(s.Properties)) {
		out = append(out, p)
		if p.Items != nil {
			out = append(out, p.Items)
		}
	}
	return out
}

// scalars are the types that are written otherwise than Go would.
func scalars() map[reflect.Type]*jsonschema.Schema {
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[json.RawMessage](): {Type: "object"},
		reflect.TypeFor[policy.Value]():    {Types: []string{"integer", "string"}},
		reflect.TypeFor[policy.Kind]():     {Type: "string", Enum: []any{"int", "bytes", "enum"}},
	}
}

// bound adds what the types do not say. The bounds are those of package wasm,
// where a test compares both; lengths count characters here and bytes there.
func bound(of reflect.Type, s *jsonschema.Schema) {
	p := s.Properties
	switch of {
	case reflect.TypeFor[describeAnswer]():
		p["name"].MinLength = jsonschema.Ptr(1)
		p["name"].MaxLength = jsonschema.Ptr(64)
		p["version"].MaxLength = jsonschema.Ptr(64)
	case reflect.TypeFor[policy.ProposeRequest]():
		p["round"].Minimum = jsonschema.Ptr(1.0)
	case reflect.TypeFor[policy.Proposal]():
		p["state"].MaxLength = jsonschema.Ptr(16 << 10)
	case reflect.TypeFor[policy.Evidence]():
		p["id"].Minimum = jsonschema.Ptr(0.0)
	case reflect.TypeFor[policy.Window]():
		p["seconds"].ExclusiveMinimum = jsonschema.Ptr(0.0)
		p["bytes"].Minimum = jsonschema.Ptr(1.0)
	case reflect.TypeFor[policy.Score]():
		p["value"].ExclusiveMinimum = jsonschema.Ptr(0.0)
		p["ties"].MaxItems = jsonschema.Ptr(16)
		s.Required = []string{"id", "value"}
	}
}
