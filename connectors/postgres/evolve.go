package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// evolution is how a table that exists changes, so that it takes a stream's
// rows. Its zero value changes nothing.
type evolution struct {
	add    []connectors.Column
	drop   []string
	retype []connectors.Column // as they will be
	relax  []string
	wider  []*connectors.Sequence // of columns to retype, as they will be; identities' change with them
	// types are those that the columns to add are made of, and labels the
	// statements that give enums what they lack. Rows can have new labels only once
	// they are committed.
	types  []connectors.Type
	labels []string
}

// changesTable reports whether the table itself changes.
func (e *evolution) changesTable() bool {
	return len(e.add)+len(e.drop)+len(e.retype)+len(e.relax) > 0
}

// apply is the table as it will be, with what goes along with its columns.
func (e *evolution) apply(before *relation) *relation {
	after := *before
	dropped := func(name string) bool { return slices.Contains(e.drop, name) }
	gone := func(columns []string) bool { return slices.ContainsFunc(columns, dropped) }
	after.Columns = slices.DeleteFunc(slices.Clone(before.Columns), func(c connectors.Column) bool { return dropped(c.Name) })
	after.Constraints = slices.DeleteFunc(slices.Clone(before.Constraints), func(c connectors.Constraint) bool { return gone(c.Columns) })
	after.Indexes = slices.DeleteFunc(slices.Clone(before.Indexes), func(i connectors.Index) bool { return gone(i.Columns) })
	for i := range after.Columns {
		c := &after.Columns[i]
		if to := findColumn(e.retype, c.Name); to != nil {
			*c = *to
		}
		if slices.Contains(e.relax, c.Name) {
			c.NotNull = false
		}
	}
	after.Columns = append(after.Columns, e.add...)
	return &after
}

// sql are the statements that change a table.
func (e *evolution) sql(table relName) []string {
	if !e.changesTable() {
		return nil
	}
	var actions, comments []string
	for _, name := range e.drop {
		actions = append(actions, "DROP COLUMN "+ident(name))
	}
	for _, c := range e.retype {
		actions = append(actions, retypeSQL(c)...)
	}
	for _, name := range e.relax {
		actions = append(actions, "ALTER COLUMN "+ident(name)+" DROP NOT NULL")
	}
	for _, c := range e.add {
		actions = append(actions, "ADD COLUMN "+columnSQL(c, 0))
		if c.Comment != "" {
			comments = append(comments, "COMMENT ON COLUMN "+table.sql()+"."+ident(c.Name)+" IS "+literal(c.Comment))
		}
	}
	return append([]string{"ALTER TABLE " + table.sql() + " " + strings.Join(actions, ", ")}, comments...)
}

// sequences are the statements that let the sequences of columns with another type
// count as far as the columns can. The server does so itself for identities.
func (e *evolution) sequences() []string {
	var sql []string
	for _, s := range e.wider {
		sql = append(sql, "ALTER SEQUENCE "+ident(s.Schema, s.Name)+" AS "+s.Type)
	}
	return sql
}

// retypeSQL gives a column another type. A default that is no number may not be
// cast by itself.
func retypeSQL(c connectors.Column) []string {
	alter := "ALTER COLUMN " + ident(c.Name)
	typed := alter + " TYPE " + strings.TrimPrefix(bareColumnSQL(c), ident(c.Name)+" ") + " USING " + ident(c.Name) + "::" + c.Type
	if c.Default == "" || c.Sequence != nil {
		return []string{typed}
	}
	return []string{alter + " DROP DEFAULT", typed, alter + " SET DEFAULT (" + c.Default + ")::" + c.Type}
}

// done reports whether the table has changed already: the answer to a commit may
// have been lost.
func (e *evolution) done(rel *relation) bool {
	has := func(want connectors.Column) bool {
		c := findColumn(rel.Columns, want.Name)
		return c != nil && c.Type == want.Type
	}
	lacks := func(name string) bool { return findColumn(rel.Columns, name) == nil }
	relaxed := func(name string) bool {
		c := findColumn(rel.Columns, name)
		return c != nil && !c.NotNull
	}
	return all(e.add, has) && all(e.retype, has) && all(e.drop, lacks) && all(e.relax, relaxed)
}

func all[T any](list []T, holds func(T) bool) bool {
	return !slices.ContainsFunc(list, func(v T) bool { return !holds(v) })
}

// evolve changes what has to change before a row comes: the labels of enums, and
// a target that keeps the rows which it has. Others change when their rows are
// replaced.
func (l *load) evolve(ctx context.Context, t *connectors.Target, f *targetFacts) error {
	e := f.evolution
	if len(e.labels) > 0 {
		err := l.change(ctx, "add labels for "+f.name.String(), func(tx pgx.Tx) error { return execAll(ctx, tx, e.labels) })
		if err != nil {
			return err
		}
	}
	if !e.changesTable() || t.Stream.Spec.WriteMode == connectors.Replace {
		return nil
	}
	return l.change(ctx, "change "+f.name.String(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE "+f.name.sql()+" IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
		now, err := l.inspectOne(ctx, tx.Conn(), f.name)
		switch {
		case err != nil:
			return err
		case now.rel == nil:
			return errChanged(f.name)
		case fingerprint(now.rel) == f.shape:
			return f.evolveIn(ctx, tx, t, f.name)
		case !e.done(now.rel):
			return errChanged(f.name)
		}
		return nil
	})
}

// evolveIn changes a table that is like the target.
func (f *targetFacts) evolveIn(ctx context.Context, tx pgx.Tx, t *connectors.Target, table relName) error {
	if len(f.evolution.types) > 0 {
		if err := prepareNames(ctx, tx, t, f.evolution.types); err != nil {
			return err
		}
	}
	return execAll(ctx, tx, append(f.evolution.sql(table), f.evolution.sequences()...))
}
