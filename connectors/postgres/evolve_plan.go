package postgres

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// evolver finds out how one target has to change.
type evolver struct {
	*planner
	t     *connectors.Target
	now   *present
	spec  connectors.Evolution
	found *evolution
	keeps bool // the rows that the target has
}

// evolve finds for each column of the stream the one of the same name at the
// target, and plans what has to change.
func (p *planner) evolve(t *connectors.Target, now *present) *evolution {
	e := &evolver{planner: p, t: t, now: now, spec: t.Stream.Spec.Evolution,
		found: &evolution{}, keeps: t.Stream.Spec.WriteMode != connectors.Replace}
	var missing []connectors.Column
	for _, c := range t.Stream.Table.Columns {
		to := findColumn(now.rel.Columns, c.Name)
		switch {
		case to == nil:
			missing = append(missing, c)
			continue
		case to.Generated != "":
			if c.Generated == "" {
				step(t, "column %s is not copied: the destination generates it", c.Name)
			}
			continue
		}
		t.Columns = append(t.Columns, c.Name)
		e.sameColumn(c, *to)
	}
	e.newColumns(missing)
	e.removedColumns()
	e.reportRenames(missing)
	e.finish()
	return e.found
}

// newColumns are those that the target does not have.
func (e *evolver) newColumns(missing []connectors.Column) {
	if len(missing) == 0 {
		return
	}
	names := columnNames(connectors.Table{Columns: missing})
	switch e.spec.NewColumn {
	case connectors.IgnoreColumn:
		step(e.t, "not copied: %s, which %s does not have", columnsText(names), e.now.name)
	case connectors.FailNewColumn:
		problem(e.t, `%s does not have %s, and new_column is "fail": add what is missing, or copy only columns = [%s]`,
			e.now.name, columnsText(names), quotedList(shared(e.t, e.now.rel)))
	default:
		for _, c := range missing {
			e.newColumn(c)
		}
	}
}

// newColumn adds a column as the source has it. Rows that the target has already
// have no value in it.
func (e *evolver) newColumn(c connectors.Column) {
	if drawn := findColumn(e.blueprints[e.t.Stream].Columns, c.Name); drawn != nil {
		c = *drawn
	}
	if c.Generated != "" || c.Sequence != nil {
		step(e.t, "column %s gets its values from the source only", c.Name)
	}
	if c.Generated != "" || c.Sequence != nil || e.keeps {
		c.Default = ""
	}
	c.Generated, c.Virtual, c.Identity, c.Sequence, c.NotNull = "", false, "", nil, c.NotNull && !e.keeps
	if c.Collation != "" && !e.collations[c.Collation] {
		problem(e.t, "column %s needs collation %s, which the destination does not have: create it there", c.Name, c.Collation)
	}
	e.found.add = append(e.found.add, c)
	e.t.Columns = append(e.t.Columns, c.Name)
	if e.keeps {
		step(e.t, "add column %s, which is NULL in the rows that %s has", c.Name, e.now.name)
	} else {
		step(e.t, "add column %s", c.Name)
	}
}

// sameColumn compares a column of both sides.
func (e *evolver) sameColumn(from, to connectors.Column) {
	e.sameType(from, to)
	plain := e.t.Stream.Table.Kind == connectors.PlainTable || e.t.Stream.Table.Kind == connectors.PartitionedTable
	known := plain && from.Expr == "" // whether it may be NULL
	if !known || from.NotNull || !to.NotNull || to.Identity != "" || e.isKey(to.Name) {
		return
	}
	if e.spec.Nullability == connectors.FailNullability {
		problem(e.t, `column %s may be NULL at the source but not in %s, and nullability is "fail": ALTER TABLE %s ALTER COLUMN %s DROP NOT NULL`,
			to.Name, e.now.name, e.now.name.sql(), ident(to.Name))
		return
	}
	e.found.relax = append(e.found.relax, to.Name)
	step(e.t, "let column %s be NULL, as it may be at the source", to.Name)
}

// isKey reports whether a column of the target must not be NULL: it is in the
// primary key, or in the one that an upsert goes by.
func (e *evolver) isKey(name string) bool {
	return slices.Contains(primaryKey(e.now.rel.Table), name) || slices.Contains(e.t.Stream.Spec.PrimaryKey, name)
}

func (e *evolver) sameType(from, to connectors.Column) {
	if from.Type == to.Type {
		return
	}
	differ := fmt.Sprintf("column %s is %s at the source and %s at the destination", from.Name, from.Type, to.Type)
	switch {
	case e.spec.TypeChange == connectors.FailTypeChange:
		problem(e.t, `%s, and type_change is "fail": change its type there, or leave it out with columns = […]`, differ)
	case e.holds(to.Type, from.Type):
		step(e.t, "column %s is %s at the source and stored as %s", from.Name, from.Type, to.Type)
	case e.spec.TypeChange == connectors.CastType:
		step(e.t, "column %s is %s at the source, and its texts are read as %s: what that does not hold is rounded, cut off or refused", from.Name, from.Type, to.Type)
	case e.holds(from.Type, to.Type) && !e.otherZone(from, to):
		step(e.t, "change column %s from %s to %s", from.Name, to.Type, from.Type)
		wide := to
		wide.Type, wide.Wire, wide.TextOnly, wide.Key, wide.Collation = from.Type, from.Wire, from.TextOnly, from.Key, from.Collation
		if s := widerSequence(wide); s != nil {
			if wide.Sequence = s; wide.Identity == "" {
				e.found.wider = append(e.found.wider, s)
			}
		}
		e.found.retype = append(e.found.retype, wide)
	default:
		problem(e.t, `%s: change its type there, read its texts as that with type_change = "cast", or leave it out with columns = […]`, differ)
	}
}

// integers are the bounds of the types that a sequence may have.
var integers = map[string][2]int64{
	"smallint": {math.MinInt16, math.MaxInt16}, "integer": {math.MinInt32, math.MaxInt32}, "bigint": {math.MinInt64, math.MaxInt64},
}

// widerSequence is the sequence of a column that gets another type, as the server
// makes it: a bound that was the old type's becomes the new one's. It is nil where
// the sequence stays as it is.
func widerSequence(c connectors.Column) *connectors.Sequence {
	if c.Sequence == nil || !c.Sequence.Owned {
		return nil
	}
	old, known := integers[c.Sequence.Type]
	fresh, integer := integers[c.Type]
	if !known || !integer || fresh[1] <= old[1] {
		return nil
	}
	s := *c.Sequence
	s.Type = c.Type
	if s.Min == old[0] {
		s.Min = fresh[0]
	}
	if s.Max == old[1] {
		s.Max = fresh[1]
	}
	return &s
}

// otherZone reports whether the rows that the target keeps would get times in a
// zone that nobody has said.
func (e *evolver) otherZone(from, to connectors.Column) bool {
	const zone = " with time zone"
	return e.keeps && strings.Contains(from.Type, zone) != strings.Contains(to.Type, zone)
}

// removedColumns are those that only the target has.
func (e *evolver) removedColumns() {
	var removed []string
	for _, to := range e.now.rel.Columns {
		if to.Name == deletedColumn || findColumn(e.t.Stream.Table.Columns, to.Name) != nil {
			continue
		}
		removed = append(removed, to.Name)
		switch e.spec.RemovedColumn {
		case connectors.DropColumn:
			e.found.drop = append(e.found.drop, to.Name)
			step(e.t, "drop column %s%s", to.Name, e.goesAlong(to.Name))
		case connectors.KeepColumn:
			e.keepColumn(to)
		}
	}
	if len(removed) > 0 && e.spec.RemovedColumn == connectors.FailRemovedColumn {
		problem(e.t, `%s has %s, which the source does not have, and removed_column is "fail": drop what is too much`,
			e.now.name, columnsText(removed))
	}
}

// keepColumn makes sure that rows can come without a value for it.
func (e *evolver) keepColumn(to connectors.Column) {
	filled := to.Default != "" || to.Identity != "" || to.Generated != "" || !to.NotNull
	switch {
	case filled:
		step(e.t, "keep column %s, which the source does not have", to.Name)
	case e.isKey(to.Name) || e.spec.Nullability == connectors.FailNullability:
		problem(e.t, "column %s of %s must not be NULL, has no default, and the source does not have it: give it a default", to.Name, e.now.name)
	default:
		e.found.relax = append(e.found.relax, to.Name)
		step(e.t, "let column %s be NULL: the source does not have it", to.Name)
	}
}

// goesAlong names what goes with a column.
func (e *evolver) goesAlong(column string) string {
	var names []string
	for _, c := range e.now.rel.Constraints {
		if slices.Contains(c.Columns, column) {
			names = append(names, c.Kind+" "+c.Name)
		}
	}
	for _, i := range e.now.rel.Indexes {
		if slices.Contains(i.Columns, column) {
			names = append(names, "index "+i.Name)
		}
	}
	if names == nil {
		return ""
	}
	return ", and with it " + strings.Join(names, ", ")
}

// reportRenames names what may be one column under two names: nothing tells
// that from one that came and one that went.
func (e *evolver) reportRenames(missing []connectors.Column) {
	for _, c := range missing {
		for _, to := range e.now.rel.Columns {
			if to.Type == c.Type && to.Name != deletedColumn && findColumn(e.t.Stream.Table.Columns, to.Name) == nil {
				step(e.t, "not done: perhaps column %s was renamed to %s? Then first: ALTER TABLE %s RENAME COLUMN %s TO %s",
					to.Name, c.Name, e.now.name.sql(), ident(to.Name), ident(c.Name))
			}
		}
	}
}

// finish finds what keeps the table from being changed, and writes down how it
// will be.
func (e *evolver) finish() {
	e.enumLabels()
	e.newTypes()
	e.t.Changes = append(e.t.Changes, e.found.labels...)
	if !e.found.changesTable() {
		return
	}
	sql := append(e.found.sql(e.now.name), e.found.sequences()...)
	e.t.Changes = append(e.t.Changes, sql...)
	switch {
	case !e.now.rel.Owned:
		problem(e.t, "the role %s does not own %s, so it cannot change it: %s", e.site.role, e.now.name, strings.Join(sql, "; "))
	case e.now.rel.Partition || len(e.now.rel.InheritsFrom) > 0:
		problem(e.t, "%s is a part of %s, and has its columns: change that", e.now.name, e.now.rel.InheritsFrom[0])
	}
	if e.now.ofType != "" {
		problem(e.t, "%s is a table of type %s, and has its columns: change the type, or ALTER TABLE %s NOT OF", e.now.name, e.now.ofType, e.now.name.sql())
	}
	if e.now.rel.HasChildren && e.now.rel.Kind == connectors.PlainTable {
		problem(e.t, "other tables inherit from %s, and would change with it: %s", e.now.name, strings.Join(sql, "; "))
	}
	for _, name := range e.found.drop {
		e.checkTies(name, "dropped", true)
	}
	for _, c := range e.found.retype {
		e.checkTies(c.Name, "changed", false)
	}
	if e.keeps {
		step(e.t, "change %s in a transaction of its own, before the first row", e.now.name)
	}
}

// checkTies finds what uses a column and keeps it from being changed.
func (e *evolver) checkTies(column, what string, drop bool) {
	for _, tie := range e.ties[e.now.rel.OID] {
		if tie.column == column && (drop || !tie.foreignKey) {
			problem(e.t, "column %s of %s cannot be %s, because %s uses it: drop that first", column, e.now.name, what, tie.user)
		}
	}
}

// tie is something that uses a column, and neither changes nor goes with it.
type tie struct {
	column, user string
	foreignKey   bool // which lets the column's type change
}

const tiesSQL = `
WITH col AS (
	SELECT attrelid, attname, attnum FROM pg_attribute WHERE attrelid = ANY($1::oid[]) AND attnum > 0 AND NOT attisdropped
)
SELECT DISTINCT c.attrelid, c.attname, coalesce(k.contype = 'f', false), o.type || ' ' || o.identity
FROM col c
JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.attrelid AND d.refobjsubid = c.attnum
LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
LEFT JOIN pg_constraint k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
CROSS JOIN LATERAL pg_identify_object(
	CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(r.ev_class, d.objid), 0) o
WHERE r.oid IS NOT NULL OR a.adnum <> c.attnum OR k.contype = 'f'
	OR d.classid IN ('pg_policy'::regclass, 'pg_trigger'::regclass, 'pg_proc'::regclass, 'pg_publication_rel'::regclass)
UNION ALL
SELECT c.attrelid, c.attname, false, 'the partition key'
FROM col c JOIN pg_partitioned_table p ON p.partrelid = c.attrelid AND c.attnum = ANY (p.partattrs)
ORDER BY 1, 2, 4`

// readTies finds what uses the columns of the targets that may have to change.
func (p *planner) readTies(ctx context.Context, conn *pgx.Conn, streams []*connectors.Stream) error {
	var oids []uint32
	for _, s := range streams {
		rel := p.found[targetName(s.Spec)].rel
		if rel != nil && !sameColumns(s.Table.Columns, rel.Columns) {
			oids = append(oids, rel.OID)
		}
	}
	p.ties = map[uint32][]tie{}
	if len(oids) == 0 {
		return nil
	}
	rows, err := conn.Query(ctx, tiesSQL, oids)
	if err != nil {
		return err
	}
	var oid uint32
	var t tie
	_, err = pgx.ForEachRow(rows, []any{&oid, &t.column, &t.foreignKey, &t.user}, func() error {
		p.ties[oid] = append(p.ties[oid], t)
		return nil
	})
	return err
}

// sameColumns reports whether two tables have the same columns, in any order.
func sameColumns(a, b []connectors.Column) bool {
	return len(a) == len(b) && all(a, func(c connectors.Column) bool {
		other := findColumn(b, c.Name)
		return other != nil && other.Type == c.Type
	})
}

// lacksColumns reports whether a target that exists lacks columns that will be
// added.
func (p *planner) lacksColumns(s *connectors.Stream) bool {
	rel := p.found[targetName(s.Spec)].rel
	return rel != nil && s.Spec.Evolution.NewColumn == connectors.AddColumn &&
		slices.ContainsFunc(s.Table.Columns, func(c connectors.Column) bool { return findColumn(rel.Columns, c.Name) == nil })
}
