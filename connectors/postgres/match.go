package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// typePair is a type at the source and one at the destination.
type typePair struct{ from, to string }

// shared are the source's columns that the target has.
func shared(t *connectors.Target, rel *relation) []string {
	var names []string
	for _, c := range t.Stream.Table.Columns {
		if findColumn(rel.Columns, c.Name) != nil {
			names = append(names, c.Name)
		}
	}
	return names
}

func findColumn(columns []connectors.Column, name string) *connectors.Column {
	i := slices.IndexFunc(columns, func(c connectors.Column) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &columns[i]
}

// choose resolves the destination's knobs. Binary is allowed where the bytes
// mean the same on both sides; a table that is created has the source's types.
func (p *planner) choose(t *connectors.Target, rel *relation) {
	var names []string
	var why string
	for _, name := range t.Columns {
		from := findColumn(t.Stream.Table.Columns, name)
		to := from
		if rel != nil {
			to = findColumn(rel.Columns, name)
		}
		if reason := textOnly(*from, *to); reason != "" {
			names = append(names, name)
			if why == "" {
				why = reason
			}
		}
	}
	flush, format := flushKnob(), formatKnob()
	flushChoice := connectors.Choice{Knob: flush, Best: flush.Default, Why: "the default"}
	formatChoice := connectors.Choice{Knob: format, Best: format.Default, Why: "every column has the same stable binary form on both sides"}
	if len(names) > 0 {
		formatChoice.Knob.Values = []string{formatText}
		formatChoice.Best, formatChoice.Why = policy.EnumValue(formatText), columnsText(names)+": "+why
		formatChoice.WhyNot = map[string]string{formatBinary: formatChoice.Why}
	}
	t.Choices = []connectors.Choice{flushChoice, formatChoice}
}

// textOnly says why the values of a column cannot travel in binary.
func textOnly(from, to connectors.Column) string {
	switch {
	case from.Wire == "":
		return from.TextOnly
	case to.Wire == "":
		return to.TextOnly
	case from.Wire != to.Wire:
		return from.Type + " at the source and " + to.Type + " at the destination"
	}
	return ""
}

// columnsText names at most three columns.
func columnsText(names []string) string {
	if len(names) == 1 {
		return "column " + names[0]
	}
	if len(names) > 3 {
		return fmt.Sprintf("columns %s and %d more", strings.Join(names[:3], ", "), len(names)-3)
	}
	return "columns " + strings.Join(names, ", ")
}

func quotedList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(quoted, ", ")
}

// typePairs are the types that differ between the sources and their targets, in
// both directions.
func (p *planner) typePairs(streams []*connectors.Stream) []typePair {
	var pairs []typePair
	for _, s := range streams {
		rel := p.found[targetName(s.Spec)].rel
		if rel == nil {
			continue
		}
		for _, c := range s.Table.Columns {
			to := findColumn(rel.Columns, c.Name)
			if to == nil || to.Type == c.Type || slices.Contains(pairs, typePair{c.Type, to.Type}) {
				continue
			}
			pairs = append(pairs, typePair{c.Type, to.Type}, typePair{to.Type, c.Type})
		}
	}
	return pairs
}

// castsSQL decides about pairs of types; an array's elements decide for it. A
// type that the destination does not know may still be kept as text. The casts are
// listed: many that the server makes by itself lose digits, and users make more. A
// domain with a modifier of its own is not looked into.
const castsSQL = `
WITH pair AS (
	SELECT w.a, w.b, to_regtype(w.a) AS from_type, to_regtype(w.b) AS to_type
	FROM unnest($1::text[], $2::text[]) AS w (a, b)
), plain AS (
	SELECT p.a, p.b,
		CASE WHEN both_arrays THEN f.typelem ELSE p.from_type::oid END AS f,
		CASE WHEN both_arrays THEN t.typelem ELSE coalesce(nullif(t.typbasetype, 0), p.to_type::oid) END AS t, p.to_type
	FROM pair p
	LEFT JOIN pg_type f ON f.oid = p.from_type
	LEFT JOIN pg_type t ON t.oid = p.to_type,
	LATERAL (SELECT coalesce(f.typcategory = 'A' AND t.typcategory = 'A', false)) AS l (both_arrays)
)
SELECT a, b, coalesce(
	coalesce((SELECT typtypmod FROM pg_type WHERE oid = to_type AND typtype = 'd'), -1) = -1 AND (
		f = t
		OR t IN ('text'::regtype, 'varchar'::regtype)
		OR (coalesce((SELECT nullif(typbasetype, 0) FROM pg_type WHERE oid = f), f), t) IN (
			SELECT a::regtype::oid, b::regtype::oid FROM (VALUES
				('int2', 'int4'), ('int2', 'int8'), ('int2', 'numeric'), ('int2', 'float4'), ('int2', 'float8'),
				('int4', 'int8'), ('int4', 'numeric'), ('int4', 'float8'), ('int8', 'numeric'), ('float4', 'float8'),
				('date', 'timestamp'), ('date', 'timestamptz'), ('timestamp', 'timestamptz'), ('cidr', 'inet'), ('bit', 'varbit')) exact (a, b))
		OR t = (SELECT typbasetype FROM pg_type WHERE oid = f)), false)
FROM plain`

func readCasts(ctx context.Context, conn *pgx.Conn, pairs []typePair) (map[typePair]bool, error) {
	casts := map[typePair]bool{}
	if len(pairs) == 0 {
		return casts, nil
	}
	var from, to []string
	for _, p := range pairs {
		from, to = append(from, p.from), append(to, p.to)
	}
	rows, err := conn.Query(ctx, castsSQL, from, to)
	if err != nil {
		return nil, err
	}
	var pair typePair
	var fits bool
	_, err = pgx.ForEachRow(rows, []any{&pair.from, &pair.to, &fits}, func() error {
		casts[pair] = fits
		return nil
	})
	return casts, err
}
