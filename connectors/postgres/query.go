package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// relationsOf returns what the streams read, by their names: tables and the
// like that exist, and queries. Queries that the server refuses are wrong, each a
// *connectors.StreamError.
func relationsOf(ctx context.Context, conn *pgx.Conn, specs []connectors.StreamSpec) (relations map[string]*relation, wrong []error, err error) {
	var names []relName
	for _, spec := range specs {
		if spec.Query == "" {
			names = append(names, relName{spec.Schema, spec.Table})
		}
	}
	tables, err := readTables(ctx, conn, names)
	if err != nil {
		return nil, nil, err
	}
	relations = map[string]*relation{}
	for _, spec := range specs {
		if spec.Query == "" {
			relations[spec.Name] = tables[relName{spec.Schema, spec.Table}]
			continue
		}
		r, err := queryRelation(ctx, conn, spec)
		if about := new(connectors.StreamError); errors.As(err, &about) {
			wrong = append(wrong, err)
		} else if err != nil {
			return nil, nil, err
		}
		relations[spec.Name] = r
	}
	return relations, wrong, nil
}

// queryRelation is a query as a relation: its columns are what the server says
// that they are.
func queryRelation(ctx context.Context, conn *pgx.Conn, spec connectors.StreamSpec) (*relation, error) {
	r := &relation{CanSelect: true, Query: spec.Query, Table: connectors.Table{
		Dialect: "postgres", Schema: spec.Schema, Name: spec.Table, Kind: connectors.Query}}
	var columns []connectors.Column
	err := inSavepoint(ctx, conn, func() error {
		d, err := conn.PgConn().Prepare(ctx, "", spec.Query, nil)
		if err == nil { // what closes the bracket around it is no query on its own
			_, err = conn.Exec(ctx, "SELECT FROM "+fromClause(r)+" LIMIT 0")
		}
		if err != nil {
			return err
		}
		for _, f := range d.Fields {
			c := connectors.Column{Name: f.Name}
			if findColumn(columns, f.Name) != nil || f.Name == "?column?" {
				return fmt.Errorf("two columns are called %q, or one has no name: name it with AS", f.Name)
			}
			if err := describeType(ctx, conn, &c, f.DataTypeOID, f.TypeModifier); err != nil {
				return fmt.Errorf("column %q: %w", f.Name, err)
			}
			columns = append(columns, c)
		}
		return nil
	})
	if err != nil && connectors.Retryable(wrap("", err)) {
		return nil, wrap("look at the query", err)
	}
	if err != nil {
		return nil, &connectors.StreamError{Stream: spec.Name, Attribute: "query", Err: err}
	}
	r.Columns = columns
	return r, nil
}

// fromQuery names a query for FROM. It may end in a comment.
func fromQuery(query string) string {
	return "(" + strings.TrimRight(query, "; \t\r\n") + "\n) AS rbt_query"
}

// describeType says what a column of a type is, which must be built in.
func describeType(ctx context.Context, conn *pgx.Conn, c *connectors.Column, oid uint32, modifier int32) error {
	const sql = `
SELECT format_type(t.oid, $2), t.typname, t.typnamespace = 'pg_catalog'::regnamespace, t.typtype = 'p'
FROM pg_type t WHERE t.oid = $1`
	var name string
	var builtIn, pseudo bool
	err := conn.QueryRow(ctx, sql, oid, modifier).Scan(&c.Type, &name, &builtIn, &pseudo)
	switch {
	case err != nil:
		return wrap("read the type of an expression", err)
	case pseudo:
		return fmt.Errorf("its type is %s: give one value of a type that a column can have", c.Type)
	case !builtIn:
		return fmt.Errorf("its type %s is not built in: cast it, as in (…)::text", c.Type)
	}
	c.Wire = name
	if element, array := strings.CutPrefix(name, "_"); array {
		c.Wire = element + "[]"
	}
	if !stable[strings.TrimSuffix(c.Wire, "[]")] {
		c.Wire, c.TextOnly = "", "type "+c.Type
	}
	c.Key = keyOf(name)
	return nil
}

// serverPlan is what the source's planner says of reading a stream.
type serverPlan struct {
	node        string // the uppermost
	rows, bytes int64  // estimates
}

// explain asks the source how it would read rows; from is what follows FROM.
func (s *snapshot) explain(ctx context.Context, from string) (serverPlan, error) {
	var text []byte
	if err := s.holders[0].QueryRow(ctx, "EXPLAIN (FORMAT JSON) SELECT * FROM "+from).Scan(&text); err != nil {
		return serverPlan{}, wrap("ask how the rows are found", err)
	}
	var plans []struct {
		Plan struct {
			Node  string  `json:"Node Type"`
			Rows  float64 `json:"Plan Rows"`
			Width float64 `json:"Plan Width"`
		}
	}
	if err := json.Unmarshal(text, &plans); err != nil || len(plans) != 1 {
		return serverPlan{}, fmt.Errorf("the server's plan cannot be read: %w", err)
	}
	p := plans[0].Plan
	return serverPlan{p.Node, int64(p.Rows), int64(p.Rows * p.Width)}, nil
}
