package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"
)

// maxName is how many bytes of a name the server keeps (NAMEDATALEN - 1).
const maxName = 63

// stagingPrefix begins the name of everything that rbt makes beside a target
// and takes away again.
const stagingPrefix = "_rbt_"

// digest is a short name for the parts, the same in every process.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// stagingName is readable, and unique by the digest in it.
func stagingName(target, runID, stream string, generation int) string {
	end := fmt.Sprintf("_%s_%d", digest(runID, stream), generation)
	return stagingPrefix + shorten(target, maxName-len(stagingPrefix)-len(end)) + end
}

// shorten cuts a name to at most n bytes, between two characters.
func shorten(name string, n int) string {
	if len(name) <= n {
		return name
	}
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// serverName is the name that the server gives to what belongs to a column: of
// table and column it cuts the longer one.
func serverName(table, column, label string) string {
	room := maxName - len(label) - 2
	first, second := len(table), len(column)
	for first+second > room {
		if first > second {
			first--
		} else {
			second--
		}
	}
	return shorten(table, first) + "_" + shorten(column, second) + "_" + label
}

// freeName returns name, or where that is taken the name with a number.
func freeName(name string, taken func(string) bool) string {
	try := shorten(name, maxName)
	for i := 1; taken(try); i++ {
		end := fmt.Sprintf("_%d", i)
		try = shorten(name, maxName-len(end)) + end
	}
	return try
}

// sql is the name as SQL wants it.
func (n relName) sql() string { return ident(n.Schema, n.Name) }

// split turns names into the two columns that queries take them as.
func split(names []relName) (schemas, tables []string) {
	for _, n := range names {
		schemas, tables = append(schemas, n.Schema), append(tables, n.Name)
	}
	return schemas, tables
}
