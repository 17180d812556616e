package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// saltSetting is where a session of the source has the salt of hashes: so it is
// in no statement, and in no book.
const saltSetting = "rbt.salt"

// maskSQL is what a masked column selects.
func maskSQL(c connectors.Column, m connectors.Mask) string {
	text := ident(c.Name) + "::text"
	switch m {
	case connectors.MaskHash:
		return "encode(sha256(convert_to(current_setting('" + saltSetting + "') || " + text + ", 'UTF8')), 'hex')"
	case connectors.MaskPartial:
		return "CASE WHEN length(" + text + ") > 4 THEN repeat('*', length(" + text + ") - 4) || right(" + text + ", 4)" +
			" ELSE repeat('*', length(" + text + ")) END"
	}
	if c.Wire == "text" || c.Wire == "varchar" {
		return "CASE WHEN " + ident(c.Name) + " IS NOT NULL THEN '***' END"
	}
	return "NULL::" + c.Type
}

// compute gives the stream its computed columns. What the table has on a column
// that is computed now, it cannot keep, but for the keys on one that is hashed:
// hashes differ where values do.
func (s *snapshot) compute(ctx context.Context, st *connectors.Stream) error {
	for _, want := range st.Spec.Computed {
		if err := s.computeOne(ctx, st, want); err != nil {
			return &connectors.StreamError{Stream: st.Spec.Name, Attribute: "column " + want.Column, Err: err}
		}
		st.Steps = append(st.Steps, computedStep(want))
	}
	return nil
}

// computedStep says in words what becomes of a column.
func computedStep(c connectors.Computed) string {
	switch c.Mask {
	case connectors.MaskHash:
		return "column " + c.Column + " is hashed"
	case connectors.MaskRedact:
		return "column " + c.Column + " is redacted"
	case connectors.MaskPartial:
		return "column " + c.Column + " is masked but for its end"
	}
	return "column " + c.Column + " is computed: " + c.Expr
}

func (s *snapshot) computeOne(ctx context.Context, st *connectors.Stream, want connectors.Computed) error {
	if cursor := st.Spec.Cursor; cursor != nil && (want.Column == cursor.Column || want.Column == cursor.TieBreaker) {
		return errors.New("the cursor and its tie breaker are read as they are: give the computed one another name")
	}
	was := findColumn(st.Table.Columns, want.Column)
	column := connectors.Column{Name: want.Column, Expr: want.Expr}
	if want.Mask != "" {
		if was == nil {
			return fmt.Errorf("there is no such column among those that are copied, which are %s", idents(columnNames(st.Table)))
		}
		column.Expr, column.Comment = maskSQL(*was, want.Mask), was.Comment
		column.NotNull = was.NotNull && want.Mask != connectors.MaskRedact
	}
	if err := s.typeOf(ctx, st, &column); err != nil {
		return err
	}
	if was == nil {
		st.Table.Columns = append(slices.Clip(st.Table.Columns), column)
		return nil
	}
	if want.Mask != "" && st.Key == want.Column { // marks keep the bounds of key ranges
		st.Key, st.Facts.(*facts).key = "", keyAxis{}
	}
	*was = column // selectColumns made the list this stream's own
	st.Table = dropTies(st.Table, want)
	return nil
}

// typeOf asks the server for the type of the column's expression, and refuses
// what would change the number of rows.
func (s *snapshot) typeOf(ctx context.Context, st *connectors.Stream, c *connectors.Column) error {
	from := " FROM " + st.Facts.(*facts).relation
	var d *pgconn.StatementDescription
	err := inSavepoint(ctx, s.holders[0], func() (err error) {
		if _, err = s.holders[0].Exec(ctx, "SELECT"+from+" WHERE ("+c.Expr+"\n) IS NULL LIMIT 0"); err != nil {
			return err
		}
		d, err = s.holders[0].PgConn().Prepare(ctx, "", "SELECT ("+c.Expr+"\n)"+from, nil)
		return err
	})
	if err != nil {
		return err
	}
	if err := describeType(ctx, s.holders[0], c, d.Fields[0].DataTypeOID, d.Fields[0].TypeModifier); err != nil {
		return err
	}
	c.Key = "" // the table has no such column
	return nil
}

// dropTies takes from a table what it has on a column that is computed.
func dropTies(t connectors.Table, c connectors.Computed) connectors.Table {
	on := func(columns []string) bool { return slices.Contains(columns, c.Column) }
	omit := func(what string) {
		t.Omitted = append(slices.Clip(t.Omitted), fmt.Sprintf("%s: column %s is computed", what, c.Column))
	}
	t.Constraints = slices.DeleteFunc(slices.Clone(t.Constraints), func(k connectors.Constraint) bool {
		isKey := k.Kind == "primary key" || k.Kind == "unique"
		if !on(k.Columns) || isKey && c.Mask == connectors.MaskHash {
			return false
		}
		omit(k.Kind + " " + k.Name)
		return true
	})
	t.Indexes = slices.DeleteFunc(slices.Clone(t.Indexes), func(i connectors.Index) bool {
		if on(i.Columns) {
			omit("index " + i.Name)
		}
		return on(i.Columns)
	})
	t.ForeignKeys = slices.DeleteFunc(slices.Clone(t.ForeignKeys), func(k connectors.ForeignKey) bool {
		if on(k.Columns) {
			omit("foreign key " + k.Name)
		}
		return on(k.Columns)
	})
	return t
}

// readAs is what the source selects for a column.
func readAs(t connectors.Table, name string) string {
	if c := findColumn(t.Columns, name); c != nil && c.Expr != "" {
		return "(" + c.Expr + "\n)" // which may end in a comment
	}
	return ident(name)
}

// selectList names the columns for SELECT.
func selectList(t connectors.Table, columns []string) string {
	list := make([]string, len(columns))
	for i, name := range columns {
		if list[i] = ident(name); readAs(t, name) != list[i] {
			list[i] = readAs(t, name) + " AS " + list[i]
		}
	}
	return strings.Join(list, ", ")
}
