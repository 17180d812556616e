package postgres

import (
	"fmt"
	"strings"
)

// The server prints definitions with the names of tables in them. The
// functions here cut such texts at their names by reading them as the server
// does, because a name may hold any character.

// cutName cuts a name, quoted or not, off the front of s.
func cutName(s string) (name, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexFunc(s, func(r rune) bool {
			return r != '_' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
		})
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], end > 0
	}
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			continue
		}
		if i+1 < len(s) && s[i+1] == '"' {
			i++
			continue
		}
		return strings.ReplaceAll(s[1:i], `""`, `"`), s[i+1:], true
	}
	return "", s, false
}

// cutRelation cuts a name with its schema off the front of s.
func cutRelation(s string) (name relName, rest string, ok bool) {
	schema, rest, ok := cutName(s)
	if !ok || !strings.HasPrefix(rest, ".") {
		return relName{}, s, false
	}
	table, rest, ok := cutName(rest[1:])
	return relName{Schema: schema, Name: table}, rest, ok
}

// cutList cuts a list of names in parentheses off the front of s. The list
// keeps its parentheses.
func cutList(s string) (list, rest string, ok bool) {
	if !strings.HasPrefix(s, "(") {
		return "", s, false
	}
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted // a doubled quote ends and begins: the same
		case s[i] == ')' && !quoted:
			return s[:i+1], s[i+1:], true
		}
	}
	return "", s, false
}

// indexDefinition is what pg_get_indexdef gives, without the two names in it.
type indexDefinition struct {
	unique bool
	tail   string // from USING on
}

func parseIndex(definition string) (indexDefinition, error) {
	d := indexDefinition{}
	rest, ok := strings.CutPrefix(definition, "CREATE UNIQUE INDEX ")
	if d.unique = ok; !ok {
		rest, ok = strings.CutPrefix(definition, "CREATE INDEX ")
	}
	if ok {
		_, rest, ok = cutName(rest)
	}
	if ok {
		rest, ok = strings.CutPrefix(rest, " ON ")
	}
	rest = strings.TrimPrefix(rest, "ONLY ")
	if ok {
		_, rest, ok = cutRelation(rest)
	}
	if ok {
		d.tail, ok = strings.CutPrefix(rest, " ")
	}
	if !ok || !strings.HasPrefix(d.tail, "USING ") {
		return d, fmt.Errorf("cannot read the index definition %q", definition)
	}
	return d, nil
}

// create is the statement that builds the index on a table.
func (d indexDefinition) create(name string, on relName) string {
	unique := ""
	if d.unique {
		unique = "UNIQUE "
	}
	return fmt.Sprintf("CREATE %sINDEX %s ON %s %s", unique, ident(name), on.sql(), d.tail)
}

// plain reports whether the index is a btree on columns and nothing more.
func (d indexDefinition) plain() bool {
	rest, ok := strings.CutPrefix(d.tail, "USING btree (")
	for ok {
		if _, rest, ok = cutName(rest); ok {
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, " DESC"), " NULLS")
			rest = strings.TrimPrefix(strings.TrimPrefix(rest, " FIRST"), " LAST")
		}
		if rest == ")" {
			return ok
		}
		if ok {
			rest, ok = strings.CutPrefix(rest, ", ")
		}
	}
	return false
}

// parseUnique turns the definition of a primary key or unique constraint, as
// pg_get_constraintdef gives it, into the index below it and what the
// constraint says besides. It reports false for one that no plain index can
// stand for.
func parseUnique(definition string) (d indexDefinition, deferrable string, ok bool) {
	d.unique = true
	rest, ok := strings.CutPrefix(definition, "PRIMARY KEY ")
	if !ok {
		rest, ok = strings.CutPrefix(definition, "UNIQUE ")
	}
	if !ok {
		return d, "", false
	}
	nulls := ""
	if after, found := strings.CutPrefix(rest, "NULLS NOT DISTINCT "); found {
		nulls, rest = " NULLS NOT DISTINCT", after
	}
	columns, rest, ok := cutList(rest)
	if !ok || strings.HasSuffix(columns, " WITHOUT OVERLAPS)") {
		return d, "", false
	}
	include := ""
	if after, found := strings.CutPrefix(rest, " INCLUDE "); found {
		if include, rest, ok = cutList(after); !ok {
			return d, "", false
		}
		include = " INCLUDE " + include
	}
	d.tail = "USING btree " + columns + include + nulls
	return d, rest, true
}

// foreignKeyDefinition is what pg_get_constraintdef gives for a foreign key,
// cut around the table that it refers to.
type foreignKeyDefinition struct {
	head   string // FOREIGN KEY (a, b)
	parent relName
	tail   string // (x, y) ON DELETE …
}

func parseForeignKey(definition string) (foreignKeyDefinition, error) {
	d := foreignKeyDefinition{}
	rest, ok := strings.CutPrefix(definition, "FOREIGN KEY ")
	if ok {
		d.head, rest, ok = cutList(rest)
		d.head = "FOREIGN KEY " + d.head
	}
	if ok {
		rest, ok = strings.CutPrefix(rest, " REFERENCES ")
	}
	if ok {
		d.parent, d.tail, ok = cutRelation(rest)
	}
	if !ok {
		return d, fmt.Errorf("cannot read the foreign key definition %q", definition)
	}
	return d, nil
}

// validated reports whether the server is to check the rows that are there.
func (d foreignKeyDefinition) validated() bool {
	return !strings.HasSuffix(d.tail, " NOT VALID") && !strings.HasSuffix(d.tail, " NOT ENFORCED")
}

// references is the definition with the parent's name put back.
func (d foreignKeyDefinition) references(parent string) string {
	return d.head + " REFERENCES " + parent + " " + d.tail
}
