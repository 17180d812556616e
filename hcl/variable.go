package hcl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// variable is a declared variable. It is not ok if a mistake in its value has
// been noted already.
type variable struct {
	value value
	ok    bool
}

func (e *evaluator) variableNames() []string { return slices.Sorted(maps.Keys(e.variables)) }

// declare reads the variable blocks. Their defaults cannot refer to variables.
func (e *evaluator) declare(body *hclsyntax.Body, given map[string]string) {
	declared := map[string]variable{}
	for _, b := range body.Blocks {
		if b.Type != "variable" || len(b.Labels) != 1 {
			continue // the decoder says what is wrong with such a block
		}
		name, rng := b.Labels[0], b.LabelRanges[0]
		if _, twice := declared[name]; twice {
			e.diags.add(&rng, fmt.Sprintf("the variable %s is declared twice", quote(name)), "")
			continue
		}
		if !hclsyntax.ValidIdentifier(name) {
			e.diags.add(&rng, fmt.Sprintf("%s is not a name for a variable", quote(name)), "use letters, digits, - and _")
			continue
		}
		declared[name] = e.variable(name, rng, b.Body, given)
	}
	e.variables = declared
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, ok := declared[name]; !ok {
			e.diags.add(nil, fmt.Sprintf("a value is given for the variable %s, which the file does not declare", quote(name)),
				suggest(name, e.variableNames()))
		}
	}
}

func (e *evaluator) variable(name string, label hcl.Range, body *hclsyntax.Body, given map[string]string) variable {
	fallback := variable{ok: true}
	hasDefault := false
	if body != nil && body.Attributes["default"] != nil {
		hasDefault = true
		fallback = e.fallback(body.Attributes["default"])
	}
	text, isGiven := given[name]
	if !isGiven {
		text, isGiven = e.env("RBT_VAR_" + name)
	}
	switch {
	case isGiven && fallback.ok:
		return e.given(name, label, text, fallback)
	case hasDefault:
		return fallback
	}
	e.diags.add(&label, fmt.Sprintf("the variable %s has no value", quote(name)),
		fmt.Sprintf("give it a default, use -var %s=… or set RBT_VAR_%s", name, name))
	return variable{}
}

func (e *evaluator) fallback(a *hclsyntax.Attribute) variable {
	v, ok := e.eval(a.Expr)
	if !ok {
		return variable{value: value{rng: a.Expr.Range()}}
	}
	switch v.is.(type) {
	case string, float64, bool:
		return variable{v, true}
	}
	e.diags.add(&v.rng, fmt.Sprintf("a variable cannot be %s", describe(v)), "it is a string, a number or a bool")
	return variable{value: v}
}

// given reads a value from outside of the file as the type of the default.
func (e *evaluator) given(name string, label hcl.Range, text string, fallback variable) variable {
	v := value{is: text, rng: fallback.value.rng, outside: true}
	switch fallback.value.is.(type) {
	case float64:
		f, ok := parseNumber(text)
		if !ok {
			e.diags.add(&label, fmt.Sprintf("the value given for the variable %s is not a number, as its default is", quote(name)), "")
			return variable{value: v}
		}
		v.is = f
	case bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			e.diags.add(&label, fmt.Sprintf("the value given for the variable %s is not true or false, as its default is", quote(name)), "")
			return variable{value: v}
		}
		v.is = b
	}
	return variable{v, true}
}
