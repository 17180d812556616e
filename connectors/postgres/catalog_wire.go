package postgres

import "strings"

// stable are the built-in types whose binary form is the same on all servers
// that are supported. xml, money, tsvector and the reg* types are not among
// them: their values depend on settings, dictionaries or OIDs.
var stable = named(`
	bool bytea char int2 int4 int8 oid float4 float8 numeric
	text varchar bpchar json jsonb uuid bit varbit pg_lsn
	date time timetz timestamp timestamptz interval
	inet cidr macaddr macaddr8
	point lseg box path polygon line circle
	int4range int8range numrange daterange tsrange tstzrange
	int4multirange int8multirange nummultirange datemultirange tsmultirange tstzmultirange`)

// hashed are the built-in types whose values have one text form each, so that
// classes of its hash can partition a table.
var hashed = named(`
	bool bytea char name oid float4 float8 numeric
	text varchar bpchar uuid bit varbit pg_lsn
	date time timetz timestamp timestamptz interval
	inet cidr macaddr macaddr8`)

func named(types string) map[string]bool {
	names := map[string]bool{}
	for name := range strings.FieldsSeq(types) {
		names[name] = true
	}
	return names
}

// wire names the stable binary form of the type; it is empty where there is none.
func (c *catalog) wire(t *dataType) string {
	if t.Element != 0 {
		if element := c.wire(c.types[t.Element]); element != "" {
			return element + "[]"
		}
		return ""
	}
	if t.builtin() && stable[t.Name] {
		return t.Name
	}
	return ""
}

// textOnly says what keeps the type from having a stable binary form.
func (c *catalog) textOnly(t *dataType) string {
	name := t.Schema + "." + t.Name
	switch {
	case t.Element != 0:
		return "array of " + c.textOnly(c.types[t.Element])
	case t.Extension != "":
		return "extension type " + name + " (extension " + t.Extension + ")"
	case t.RowType:
		return "row type of " + name
	}
	return typeKinds[t.Kind] + " " + name
}

var typeKinds = map[string]string{
	"b": "type",
	"c": "composite type",
	"d": "domain",
	"e": "enum type",
	"m": "multirange type",
	"p": "pseudo-type",
	"r": "range type",
}

// key says how a column of the type can partition a table. A domain's values
// compare as those of its base type do.
func (c *catalog) key(t *dataType) string {
	switch {
	case t.Kind == "d":
		return c.key(c.types[t.Parts[0]])
	case t.Kind == "e" && t.Extension == "":
		return "hash"
	case !t.builtin():
		return ""
	}
	return keyOf(t.Name)
}

// keyOf is key for a built-in type.
func keyOf(name string) string {
	switch {
	case name == "int2" || name == "int4" || name == "int8":
		return "integer"
	case hashed[name]:
		return "hash"
	}
	return ""
}
