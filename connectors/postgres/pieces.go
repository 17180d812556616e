package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// piece is an index or a constraint that a table gets after the load. It is
// built on the staging table under a temporary name, and gets its own name in
// the transaction that publishes.
type piece struct {
	name       string
	what       string // for people: "index orders_at"
	temporary  string
	build      string // empty where there is nothing to build
	tablespace string // empty for the database's
	inSchema   bool   // its name must be free in the schema, not just in the table
	plain      bool   // a btree on columns of built-in types: no server refuses it
	// attach returns the statements that make the piece the target's.
	attach func(target relName, name string) []string
}

// indexDetails is what a definition does not say of an index.
type indexDetails struct {
	definition                 string
	tablespace                 string
	clustered, replicaIdentity bool
}

// readIndexDetails reads them for a table, by the index's name.
func readIndexDetails(ctx context.Context, conn *pgx.Conn, oid uint32) (map[string]indexDetails, error) {
	const sql = `
SELECT c.relname, pg_get_indexdef(c.oid), coalesce(s.spcname, ''),
	i.indisclustered, i.indisreplident
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace
WHERE i.indrelid = $1`
	details := map[string]indexDetails{}
	rows, err := conn.Query(ctx, sql, oid)
	if err != nil {
		return nil, err
	}
	var name string
	var d indexDetails
	_, err = pgx.ForEachRow(rows, []any{&name, &d.definition, &d.tablespace, &d.clustered, &d.replicaIdentity}, func() error {
		details[name] = d
		return nil
	})
	return details, err
}

// pieces are what the table has beside its columns. details are those of its
// indexes, nil where the table is at the source.
func pieces(t connectors.Table, details map[string]indexDetails, staging relName) ([]piece, error) {
	var all []piece
	for _, c := range t.Constraints {
		p, err := constraintPiece(c, details[c.Name], staging)
		if err != nil {
			return nil, err
		}
		p.plain = p.plain && builtin(t.Columns, c.Columns)
		all = append(all, p)
	}
	for _, i := range t.Indexes {
		p, err := indexPiece(i, details[i.Name], staging)
		if err != nil {
			return nil, err
		}
		p.plain = p.plain && builtin(t.Columns, i.Columns)
		all = append(all, p)
	}
	return all, nil
}

// builtin reports whether the columns all are of types that every server has.
func builtin(all []connectors.Column, names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool {
		c := findColumn(all, name)
		return c == nil || c.Wire == "" || strings.HasSuffix(c.Wire, "[]")
	})
}

func indexPiece(i connectors.Index, d indexDetails, staging relName) (piece, error) {
	definition, err := parseIndex(i.Definition)
	if err != nil {
		return piece{}, err
	}
	p := newPiece(i.Name, "index "+i.Name, i.Definition, d, staging)
	p.tablespace = d.tablespace
	p.inSchema = true
	p.build = definition.create(p.temporary, staging)
	p.plain = definition.plain()
	p.attach = func(target relName, name string) []string {
		sql := []string{"ALTER INDEX " + ident(target.Schema, p.temporary) + " RENAME TO " + ident(name)}
		if i.Comment != "" {
			sql = append(sql, "COMMENT ON INDEX "+ident(target.Schema, name)+" IS "+literal(i.Comment))
		}
		return append(sql, d.marks(target, name)...)
	}
	return p, nil
}

func constraintPiece(c connectors.Constraint, d indexDetails, staging relName) (piece, error) {
	p := newPiece(c.Name, c.Kind+" "+c.Name, c.Definition, d, staging)
	p.tablespace = d.tablespace
	p.inSchema = c.Kind != "check"
	var attach func(target relName, name string) string
	index, deferrable, ok := parseUnique(c.Definition)
	switch {
	case c.Kind == "check" && laterCheck(c):
		attach = func(target relName, name string) string { return addConstraint(target, name, c.Definition) }
	case c.Kind == "check": // it is there from the beginning
		attach = func(relName, string) string { return "" }
	case ok:
		if d.definition != "" {
			var err error
			if index, err = parseIndex(d.definition); err != nil {
				return p, err
			}
		}
		p.build = index.create(p.temporary, staging)
		p.plain = index.plain()
		attach = func(target relName, name string) string {
			return addConstraint(target, name, strings.ToUpper(c.Kind)+" USING INDEX "+ident(p.temporary)+deferrable)
		}
	default: // an exclusion constraint cannot take over an index
		p.build = addConstraint(staging, p.temporary, c.Definition)
		attach = func(target relName, name string) string {
			return fmt.Sprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", target.sql(), ident(p.temporary), ident(name))
		}
	}
	p.attach = func(target relName, name string) []string {
		sql := []string{attach(target, name)}
		if c.Comment != "" {
			sql = append(sql, fmt.Sprintf("COMMENT ON CONSTRAINT %s ON %s IS %s", ident(name), target.sql(), literal(c.Comment)))
		}
		if c.IndexComment != "" {
			sql = append(sql, "COMMENT ON INDEX "+ident(target.Schema, name)+" IS "+literal(c.IndexComment))
		}
		return append(sql, d.marks(target, name)...)
	}
	return p, nil
}

// newPiece names a piece by all that it is built by, so that one that an earlier
// attempt has built is found again, and is not mistaken for another.
func newPiece(name, what, definition string, d indexDetails, staging relName) piece {
	built := digest(staging.Name, name, definition, d.definition, d.tablespace)
	return piece{name: name, what: what, temporary: stagingPrefix + built}
}

func addConstraint(table relName, name, definition string) string {
	return "ALTER TABLE " + table.sql() + " ADD CONSTRAINT " + ident(name) + " " + definition
}

// marks are the statements that give a table's index the roles it had.
func (d indexDetails) marks(target relName, name string) []string {
	var sql []string
	if d.clustered {
		sql = append(sql, "ALTER TABLE "+target.sql()+" CLUSTER ON "+ident(name))
	}
	if d.replicaIdentity {
		sql = append(sql, "ALTER TABLE "+target.sql()+" REPLICA IDENTITY USING INDEX "+ident(name))
	}
	return sql
}
