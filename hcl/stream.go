package hcl

import "fmt"

// streamNode is a stream block with its names parsed.
type streamNode struct {
	*node
	pattern Pattern
	exclude []Pattern
}

// streams parses the labels of the stream blocks. Those without a valid one
// are noted and left out.
func (d *decoder) streams(root *node) []streamNode {
	var list []streamNode
	for _, n := range root.inner("stream") {
		p, err := ParsePattern(n.title.text)
		if err != nil {
			d.diags.add(&n.title.rng, fmt.Sprintf("%s does not name a table: %v", quote(n.title.text), err),
				`write "schema.table", or "public.*" for many; "public.\"odd.name\"" quotes a part`)
			continue
		}
		list = append(list, streamNode{n, p, d.excludes(n, p)})
	}
	return list
}

// excludes parses the exclude list. A name without a schema is of the
// stream's: nothing else could match.
func (d *decoder) excludes(n *node, stream Pattern) []Pattern {
	var list []Pattern
	for _, e := range get[[]element](n, "exclude") {
		p, err := parsePattern(e.text, stream.schema)
		if err != nil {
			d.diags.add(&e.rng, fmt.Sprintf("%s does not name tables: %v", quote(e.text), err), `write "schema.table"; * and ? are wildcards`)
			continue
		}
		list = append(list, p)
	}
	return list
}
