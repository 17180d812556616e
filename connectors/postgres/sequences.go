package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// createSequences gives a created table's columns the sequences that they draw
// from, where the source's stand.
func (p *publication) createSequences(ctx context.Context, tx pgx.Tx) error {
	var names []string
	for _, c := range p.target.Stream.Table.Columns {
		if c.Sequence != nil {
			names = append(names, c.Sequence.Name)
		}
	}
	taken, err := takenNames(ctx, tx, p.facts.name.Schema, names)
	if err != nil {
		return err
	}
	for _, c := range p.target.Stream.Table.Columns {
		s := c.Sequence
		if s == nil && c.Identity == "" || c.Generated != "" {
			continue
		}
		if s == nil { // the source's could not be read
			if _, err := tx.Exec(ctx, identitySQL(p.facts.name, c, "")); err != nil {
				return err
			}
			continue
		}
		name := relName{p.facts.name.Schema, freeName(s.Name, func(n string) bool { return taken[n] })}
		taken[name.Name] = true
		if err := execAll(ctx, tx, newSequence(p.facts.name, name, c)); err != nil {
			return err
		}
		if err := setSequence(ctx, tx, name, s.Last, s.Called); err != nil {
			return err
		}
	}
	return nil
}

// newSequence are the statements that create a column's sequence.
func newSequence(table, name relName, c connectors.Column) []string {
	s := c.Sequence
	options := sequenceSQL(s.Increment, s.Min, s.Max, s.Start, s.Cache, s.Cycle)
	if c.Identity != "" {
		return []string{identitySQL(table, c, "(SEQUENCE NAME "+name.sql()+" "+options+")")}
	}
	column := " ALTER COLUMN " + ident(c.Name)
	return []string{
		"CREATE SEQUENCE " + name.sql() + " AS " + s.Type + " " + options + " OWNED BY " + table.sql() + "." + ident(c.Name),
		"ALTER TABLE " + table.sql() + column + " SET DEFAULT " + drawing(c.Default, name),
	}
}

func identitySQL(table relName, c connectors.Column, options string) string {
	return fmt.Sprintf("ALTER TABLE %s ALTER COLUMN %s ADD GENERATED %s AS IDENTITY %s",
		table.sql(), ident(c.Name), strings.ToUpper(c.Identity), options)
}

// createIdentities gives the table that took the target's place the target's
// identity columns, with the sequences under their old names.
func (p *publication) createIdentities(ctx context.Context, tx pgx.Tx, rel *relation) error {
	for _, c := range rel.Columns {
		if c.Identity == "" || c.Sequence == nil {
			continue
		}
		name := relName{c.Sequence.Schema, c.Sequence.Name}
		if err := execAll(ctx, tx, newSequence(p.facts.name, name, c)); err != nil {
			return err
		}
		if err := setSequence(ctx, tx, name, c.Sequence.Last, c.Sequence.Called); err != nil {
			return err
		}
	}
	return nil
}

func setSequence(ctx context.Context, tx pgx.Tx, name relName, last int64, called bool) error {
	_, err := tx.Exec(ctx, "SELECT setval($1::regclass, $2::bigint, $3::boolean)", name.sql(), last, called)
	return err
}

// moveSequences takes the sequences of an existing table's columns to where the
// source's stand. After a replace they stand there exactly, else only ahead.
func (p *publication) moveSequences(ctx context.Context, tx pgx.Tx, now *present, replace bool) error {
	for _, name := range p.target.Columns {
		from := findColumn(p.target.Stream.Table.Columns, name).Sequence
		to := findColumn(now.rel.Columns, name)
		if from == nil || to == nil || to.Sequence == nil {
			continue
		}
		there := *to.Sequence
		if wide := findColumn(p.facts.evolution.retype, name); wide != nil && wide.Sequence != nil {
			there.Min, there.Max = wide.Sequence.Min, wide.Sequence.Max
		}
		if err := moveSequence(ctx, tx, *from, there, replace); err != nil {
			return err
		}
	}
	return nil
}

// moveSequence may only use setval to go ahead, because a rollback does not
// undo it. ALTER SEQUENCE RESTART gives the sequence a new file until the
// commit, setval included, but is for the owner.
func moveSequence(ctx context.Context, tx pgx.Tx, from, to connectors.Sequence, replace bool) error {
	name := relName{to.Schema, to.Name}
	var owned, settable bool
	const rights = `
SELECT pg_has_role(relowner, 'USAGE'), has_sequence_privilege(oid, 'UPDATE') FROM pg_class WHERE oid = $1::regclass`
	if err := tx.QueryRow(ctx, rights, name.sql()).Scan(&owned, &settable); err != nil {
		return err
	}
	last := min(max(from.Last, to.Min), to.Max)
	switch {
	case replace && owned:
		if _, err := tx.Exec(ctx, "ALTER SEQUENCE "+name.sql()+" RESTART"); err != nil {
			return err
		}
		return setSequence(ctx, tx, name, last, from.Called)
	case settable && ahead(last, from.Called, to):
		return setSequence(ctx, tx, name, last, from.Called)
	}
	return nil
}

// ahead reports whether a sequence has yet to come to where last is.
func ahead(last int64, called bool, s connectors.Sequence) bool {
	if last == s.Last {
		return called && !s.Called
	}
	return (last > s.Last) == (s.Increment > 0)
}
