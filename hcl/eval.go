package hcl

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// value is what an expression stands for: string, float64, bool, nil, []value
// or map[string]value.
type value struct {
	is  any
	rng hcl.Range
	// outside and fromEnv say where the value, or a part of it, comes from.
	// What is not written in the file may be a secret and is not printed;
	// what comes from env() is one, as far as rbt can know.
	outside, fromEnv bool
}

// evaluator reads expressions. It is our own because the values of a pipeline
// file are not computed: text, numbers, lists, objects, "${…}", var and env are
// all there is, and each mistake deserves a message of its own.
type evaluator struct {
	diags     *Diagnostics
	env       func(string) (string, bool)
	variables map[string]variable
	// secret is set while the value of a secret attribute is read.
	secret bool
}

// eval returns the value of an expression, or notes what is wrong with it.
func (e *evaluator) eval(x hclsyntax.Expression) (value, bool) {
	switch x := x.(type) {
	case nil:
		return value{}, false // the parser has said why
	case *hclsyntax.LiteralValueExpr:
		return e.literal(x)
	case *hclsyntax.ParenthesesExpr:
		return e.eval(x.Expression)
	case *hclsyntax.TemplateWrapExpr:
		return e.eval(x.Wrapped)
	case *hclsyntax.UnaryOpExpr:
		return e.negative(x)
	case *hclsyntax.TemplateExpr:
		return e.template(x)
	case *hclsyntax.TupleConsExpr:
		return e.list(x)
	case *hclsyntax.ObjectConsExpr:
		return e.object(x)
	case *hclsyntax.ScopeTraversalExpr:
		return e.reference(x)
	case *hclsyntax.FunctionCallExpr:
		return e.call(x)
	}
	return e.refuse(x)
}

func (e *evaluator) refuse(x hclsyntax.Expression) (value, bool) {
	rng := x.Range()
	e.diags.add(&rng, "values are not computed here",
		`write a value, a list, an object, "${…}", var.NAME or env("NAME")`)
	return value{}, false
}

func (e *evaluator) literal(x *hclsyntax.LiteralValueExpr) (value, bool) {
	v := value{rng: x.SrcRange}
	switch {
	case !x.Val.IsKnown():
		return v, false // what the parser puts where it found a mistake
	case x.Val.IsNull():
		return v, true
	case x.Val.Type() == cty.String:
		v.is = x.Val.AsString()
	case x.Val.Type() == cty.Bool:
		v.is = x.Val.True()
	case x.Val.Type() == cty.Number:
		f, _ := x.Val.AsBigFloat().Float64()
		if math.IsInf(f, 0) {
			e.diags.add(&x.SrcRange, "the number is too large", "")
			return v, false
		}
		v.is = f
	}
	return v, true
}

func (e *evaluator) negative(x *hclsyntax.UnaryOpExpr) (value, bool) {
	if x.Op != hclsyntax.OpNegate {
		return e.refuse(x)
	}
	v, ok := e.eval(x.Val)
	f, isNumber := v.is.(float64)
	if ok && !isNumber {
		return e.refuse(x)
	}
	v.is, v.rng = -f, x.SrcRange
	return v, ok
}

func (e *evaluator) template(x *hclsyntax.TemplateExpr) (value, bool) {
	var b strings.Builder
	out, allOK := value{rng: x.SrcRange}, true
	for _, p := range x.Parts {
		v, ok := e.eval(p)
		if !ok {
			allOK = false
			continue
		}
		switch is := v.is.(type) {
		case string:
			b.WriteString(is)
		case bool, float64:
			fmt.Fprint(&b, is)
		default:
			rng := p.Range()
			e.diags.add(&rng, fmt.Sprintf("%s cannot be part of a string", describe(v)), "")
			allOK = false
		}
		out.outside = out.outside || v.outside
		out.fromEnv = out.fromEnv || v.fromEnv
	}
	out.is = b.String()
	return out, allOK
}

func (e *evaluator) list(x *hclsyntax.TupleConsExpr) (value, bool) {
	list, allOK := []value{}, true
	for _, item := range x.Exprs {
		v, ok := e.eval(item)
		list = append(list, v)
		allOK = allOK && ok
	}
	return value{is: list, rng: x.SrcRange}, allOK
}

func (e *evaluator) object(x *hclsyntax.ObjectConsExpr) (value, bool) {
	fields, allOK := map[string]value{}, true
	for _, item := range x.Items {
		key, ok := e.key(item.KeyExpr)
		v, vok := e.eval(item.ValueExpr)
		if !ok || !vok {
			allOK = false
			continue
		}
		if _, twice := fields[key]; twice {
			rng := item.KeyExpr.Range()
			e.diags.add(&rng, fmt.Sprintf("the key %s is set twice", quote(key)), "")
			allOK = false
		}
		fields[key] = v
	}
	return value{is: fields, rng: x.SrcRange}, allOK
}

func (e *evaluator) key(x hclsyntax.Expression) (string, bool) {
	if word := hcl.ExprAsKeyword(x); word != "" {
		return word, true
	}
	if k, ok := x.(*hclsyntax.ObjectConsKeyExpr); ok {
		x = k.Wrapped
	}
	v, ok := e.eval(x)
	if !ok {
		return "", false
	}
	key, isText := v.is.(string)
	if !isText || v.outside {
		rng := x.Range()
		e.diags.add(&rng, "a key is a name or a string in quotes", "")
		return "", false
	}
	return key, true
}

// reference reads var.NAME.
func (e *evaluator) reference(x *hclsyntax.ScopeTraversalExpr) (value, bool) {
	root := x.Traversal.RootName()
	if root != "var" {
		hint := `strings are written in quotes; references are var.NAME and env("NAME")`
		if best := nearest(root, []string{"var", "env"}); best != "" {
			hint = fmt.Sprintf("did you mean %q?", best)
		}
		e.diags.add(&x.SrcRange, fmt.Sprintf("there is nothing named %s", quote(root)), hint)
		return value{}, false
	}
	var name string
	if len(x.Traversal) == 2 {
		if step, ok := x.Traversal[1].(hcl.TraverseAttr); ok {
			name = step.Name
		}
	}
	if name == "" {
		e.diags.add(&x.SrcRange, "a reference to a variable is var.NAME", "")
		return value{}, false
	}
	known, declared := e.variables[name]
	if !declared {
		e.diags.add(&x.SrcRange, fmt.Sprintf("there is no variable %s", quote(name)), suggest(name, e.variableNames()))
		return value{}, false
	}
	if e.secret {
		e.diags.src.hide(known.value.rng)
	}
	v := known.value
	v.rng = x.SrcRange
	return v, known.ok
}

// call reads env("NAME") and env("NAME", fallback). The name is literal, so
// that a file says which environment it needs.
func (e *evaluator) call(x *hclsyntax.FunctionCallExpr) (value, bool) {
	rng := x.Range()
	if x.Name != "env" {
		e.diags.add(&x.NameRange, fmt.Sprintf("there is no function %s", quote(x.Name)), suggest(x.Name, []string{"env"}))
		return value{}, false
	}
	if len(x.Args) < 1 || len(x.Args) > 2 || x.ExpandFinal {
		e.diags.add(&rng, "env takes a name and perhaps a fallback", `write env("NAME") or env("NAME", "fallback")`)
		return value{}, false
	}
	nameOf, ok := e.eval(x.Args[0])
	if !ok {
		return value{}, false
	}
	name, isText := nameOf.is.(string)
	if !isText || nameOf.outside || name == "" {
		rng := x.Args[0].Range()
		e.diags.add(&rng, "the name of an environment variable is a string in quotes", `write env("NAME")`)
		return value{}, false
	}
	if set, ok := e.env(name); ok {
		return value{is: set, rng: rng, outside: true, fromEnv: true}, true
	}
	if len(x.Args) == 2 {
		return e.eval(x.Args[1])
	}
	e.diags.add(&rng, fmt.Sprintf("the environment variable %s is not set", quote(name)),
		fmt.Sprintf("set it, or give a fallback: env(%s, \"…\")", quote(name)))
	return value{}, false
}

// describe says what a value is, for messages. It prints no value that comes
// from outside of the file.
func describe(v value) string {
	switch is := v.is.(type) {
	case nil:
		return "null"
	case string:
		if v.outside {
			return "a string"
		}
		return "the string " + quote(is)
	case float64:
		if v.outside {
			return "a number"
		}
		return formatNumber(is)
	case bool:
		return strconv.FormatBool(is)
	case []value:
		return "a list"
	}
	return "an object"
}

func formatNumber(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// MarshalJSON writes the value as JSON.
func (v value) MarshalJSON() ([]byte, error) { return json.Marshal(v.is) }

// anyFromEnv says whether the value or anything in it comes from env().
func (v value) anyFromEnv() bool {
	switch is := v.is.(type) {
	case []value:
		for _, item := range is {
			if item.anyFromEnv() {
				return true
			}
		}
	case map[string]value:
		for _, item := range is {
			if item.anyFromEnv() {
				return true
			}
		}
	}
	return v.fromEnv
}
