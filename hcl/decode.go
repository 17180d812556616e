package hcl

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// node is a block of a file, decoded along the schema.
type node struct {
	*block
	title element   // the label as the file has it
	head  hcl.Range // name and labels
	// values holds the valid attributes and the defaults of those not written.
	values map[string]any
	// written holds where the attributes of the file are, valid or not.
	written map[string]place
	nodes   []*node
}

// place is where an attribute is written.
type place struct{ name, value hcl.Range }

func (n *node) has(attribute string) bool {
	_, ok := n.written[attribute]
	return ok
}

// inner returns the blocks of a name.
func (n *node) inner(name string) []*node {
	var list []*node
	for _, in := range n.nodes {
		if in.name == name {
			list = append(list, in)
		}
	}
	return list
}

// one returns the block of a name, or one with the defaults if the file has
// none.
func (n *node) one(name string) *node {
	if list := n.inner(name); len(list) > 0 {
		return list[0]
	}
	return newNode(n.named(name)[0])
}

// newNode returns a block as if the file had written nothing in it.
func newNode(spec *block) *node {
	n := &node{block: spec, values: map[string]any{}, written: map[string]place{}}
	for i := range spec.attributes {
		if a := &spec.attributes[i]; a.fallback != "" {
			n.values[a.name], _ = a.convert(value{is: a.fallback})
		}
	}
	return n
}

// get returns the value of an attribute, or zero where it has none.
func get[T any](n *node, attribute string) T {
	v, _ := n.values[attribute].(T)
	return v
}

// decoder walks a file along the schema and notes what does not fit.
type decoder struct {
	*evaluator
	root *block
	// partial is set if the parser skipped some of the file, so that nothing
	// can be called missing.
	partial bool
}

func (d *decoder) node(spec *block, body *hclsyntax.Body) *node {
	n := newNode(spec)
	if body == nil {
		return n // the parser gave up on the block
	}
	byPosition := func(a, b *hclsyntax.Attribute) int {
		return cmp.Compare(a.NameRange.Start.Byte, b.NameRange.Start.Byte)
	}
	for _, a := range slices.SortedFunc(maps.Values(body.Attributes), byPosition) {
		d.attribute(n, a)
	}
	d.blocks(n, body.Blocks)
	return n
}

func (d *decoder) attribute(n *node, a *hclsyntax.Attribute) {
	spec := n.attribute(a.Name)
	if spec == nil {
		d.unknownAttribute(n, a)
		return
	}
	at := place{a.NameRange, a.NameRange}
	if a.Expr != nil {
		at.value = a.Expr.Range()
	}
	n.written[a.Name] = at
	delete(n.values, a.Name) // a default
	if spec.kind == scalar {
		return
	}
	d.secret = spec.secret
	defer func() { d.secret = false }()
	v, ok := d.eval(a.Expr)
	if spec.secret {
		d.hideLiterals(a.Expr)
	}
	if !ok {
		return
	}
	is, ok := spec.convert(v)
	switch {
	case !ok:
		d.unfit(spec, v)
	case spec.kind == object && v.anyFromEnv():
		d.diags.add(&v.rng, fmt.Sprintf("%s cannot hold a value of env()", a.Name), "it is recorded in the trace, where no secret may go")
	default:
		n.values[a.Name] = is
	}
}

// hideLiterals keeps what a file itself says of a secret out of the excerpts.
func (d *decoder) hideLiterals(x hclsyntax.Expression) {
	switch x := x.(type) {
	case nil, *hclsyntax.ScopeTraversalExpr:
	case *hclsyntax.FunctionCallExpr: // the name of the environment variable may be seen
		for _, arg := range x.Args[min(1, len(x.Args)):] {
			d.hideLiterals(arg)
		}
	default:
		d.diags.src.hide(x.Range())
	}
}

// unfit notes that a value is not what the attribute takes.
func (d *decoder) unfit(a *attribute, v value) {
	message := fmt.Sprintf("%s must be %s", a.name, a.want())
	hint := "the value comes from outside of the file"
	if !v.outside {
		hint = ""
		if _, isList := v.is.([]value); !a.secret && !(isList && a.kind == names) {
			message += ", not " + describe(v)
		}
		if s, ok := v.is.(string); ok && a.kind == choice && nearest(s, a.choices) != "" {
			hint = suggest(s, a.choices)
		}
	}
	d.diags.add(&v.rng, message, hint)
}

func (d *decoder) unknownAttribute(n *node, a *hclsyntax.Attribute) {
	noun := "attribute"
	if n.knobs {
		noun = "knob"
	}
	message := fmt.Sprintf("unknown %s %s", noun, quote(a.Name))
	hint := suggest(a.Name, n.attributeNames())
	switch inner := n.named(a.Name); {
	case len(inner) > 0:
		message = fmt.Sprintf("%s is a block, not an attribute", a.Name)
		hint = fmt.Sprintf("write %s { … }", inner[0].header())
	case nearest(a.Name, n.attributeNames()) == "":
		hint = d.home(hint, func(b *block) bool { return b.attribute(a.Name) != nil })
	}
	d.diags.add(&a.NameRange, message, hint)
}

// home says into which block of the schema something belongs, or else hint.
func (d *decoder) home(hint string, has func(*block) bool) string {
	if has(d.root) {
		return "it belongs at the top of the file, outside of any block"
	}
	if home := d.root.find(has); home != nil {
		return fmt.Sprintf("it belongs in %s { … }", home.header())
	}
	return hint
}

func (d *decoder) blocks(n *node, blocks hclsyntax.Blocks) {
	first := map[string]*hclsyntax.Block{}
	for _, b := range blocks {
		known := n.named(b.Type)
		if len(known) == 0 {
			d.unknownBlock(n, b)
			continue
		}
		if before := first[b.Type]; before != nil && !known[0].many {
			d.diags.add(&b.TypeRange, fmt.Sprintf("a second %s block", b.Type),
				fmt.Sprintf("there can be one; the first is in line %d", before.TypeRange.Start.Line))
		} else if before == nil {
			first[b.Type] = b
		}
		if spec := d.labelled(known, b); spec != nil {
			in := d.node(spec, b.Body)
			in.head = header(b)
			if len(b.Labels) > 0 {
				in.title = element{b.Labels[0], b.LabelRanges[0]}
			}
			d.missing(in)
			n.nodes = append(n.nodes, in)
		}
	}
	if d.partial {
		return
	}
	for _, spec := range n.block.blocks {
		if spec.required && first[spec.name] == nil {
			d.diags.add(nil, fmt.Sprintf("there is no %s block", spec.name), fmt.Sprintf("write %s { … }", spec.header()))
		}
	}
}

// missing notes the required attributes that a block lacks.
func (d *decoder) missing(n *node) {
	if d.partial {
		return
	}
	for _, a := range n.attributes {
		if a.required && !n.has(a.name) {
			d.diags.add(&n.head, fmt.Sprintf("%s is missing in %s", a.name, n.header()),
				fmt.Sprintf("%s must be %s", a.name, a.want()))
		}
	}
}

func (d *decoder) unknownBlock(n *node, b *hclsyntax.Block) {
	message := fmt.Sprintf("unknown block %s", quote(b.Type))
	hint := suggest(b.Type, n.blockNames())
	switch {
	case n.attribute(b.Type) != nil:
		message = fmt.Sprintf("%s is an attribute, not a block", b.Type)
		hint = fmt.Sprintf("write %s = …", b.Type)
	case nearest(b.Type, n.blockNames()) == "":
		hint = d.home(hint, func(home *block) bool { return len(home.named(b.Type)) > 0 })
	}
	d.diags.add(&b.TypeRange, message, hint)
}

// labelled returns which of the blocks of one name is meant.
func (d *decoder) labelled(known []*block, b *hclsyntax.Block) *block {
	spec, rng := known[0], header(b)
	switch {
	case spec.label == "" && len(b.Labels) > 0:
		d.diags.add(&b.LabelRanges[0], fmt.Sprintf("%s takes no label", b.Type), fmt.Sprintf("write %s { … }", b.Type))
		return spec
	case spec.label == "":
		return spec
	case len(b.Labels) == 0:
		d.diags.add(&rng, fmt.Sprintf("%s needs a label", b.Type), fmt.Sprintf("write %s { … }", spec.header()))
		return nil
	case len(b.Labels) > 1:
		d.diags.add(&b.LabelRanges[1], fmt.Sprintf("%s takes one label", b.Type), fmt.Sprintf("write %s { … }", spec.header()))
		return nil
	case spec.anyLabel():
		return spec
	}
	var labels []string
	for _, k := range known {
		if k.label == b.Labels[0] {
			return k
		}
		labels = append(labels, k.label)
	}
	d.diags.add(&b.LabelRanges[0], fmt.Sprintf("unknown %s %s", b.Type, quote(b.Labels[0])), suggest(b.Labels[0], labels))
	return nil
}

func header(b *hclsyntax.Block) hcl.Range {
	if n := len(b.LabelRanges); n > 0 {
		return hcl.RangeBetween(b.TypeRange, b.LabelRanges[n-1])
	}
	return b.TypeRange
}
