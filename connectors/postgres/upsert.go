package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// deletedColumn is when the source was seen not to have a row any more.
const deletedColumn = "_rbt_deleted_at"

// planUpsert plans a table whose rows are updated by their keys.
func (p *planner) planUpsert(t *connectors.Target, now *present, after *relation) {
	t.Method = methodUpsert
	spec := t.Stream.Spec
	step(t, "load into a table beside %s, then insert its rows, or update those with the same %s, in one transaction",
		now.name, columnsText(spec.PrimaryKey))
	if !hasKey(after.Table, spec.PrimaryKey) {
		problem(t, "%s has no unique key on exactly %s, none of them NULL: ALTER TABLE %s ADD PRIMARY KEY (%s)",
			now.name, columnsText(spec.PrimaryKey), now.name.sql(), idents(spec.PrimaryKey))
	}
	if now.hasRules {
		problem(t, "%s has rules for INSERT or UPDATE, which upsert cannot go past: make triggers of them", now.name)
	}
	p.planRights(t, now)
	for _, name := range t.Columns {
		if to := findColumn(after.Columns, name); to.Identity == "always" && !slices.Contains(spec.PrimaryKey, name) {
			step(t, "column %s is an identity that is always generated: rows that exist keep theirs", name)
		}
	}
	switch spec.Deleted {
	case connectors.MarkDeleted:
		p.planMark(t, now)
	case connectors.DropDeleted:
		step(t, "delete the rows whose keys the source does not have any more")
		for _, k := range now.incoming {
			if !strings.Contains(k.definition.tail, " ON DELETE CASCADE") && !strings.Contains(k.definition.tail, " ON DELETE SET ") {
				step(t, `fail where %s refers to such a row: give the key ON DELETE CASCADE, or use delete = "soft"`, k)
			}
		}
	}
}

// planRights finds what the role may not do.
func (p *planner) planRights(t *connectors.Target, now *present) {
	rights, may := "SELECT, INSERT, UPDATE", now.canInsert && now.canUpdate
	if t.Stream.Spec.Deleted == connectors.DropDeleted {
		rights, may = rights+", DELETE", may && now.canDelete
	}
	if !may {
		problem(t, "the role %s may not read %s and change its rows: GRANT %s ON %s TO %s",
			p.site.role, now.name, rights, now.name.sql(), ident(p.site.role))
	}
}

// planMark plans the column that marks what the source does not have any more.
func (p *planner) planMark(t *connectors.Target, now *present) {
	column := findColumn(now.rel.Columns, deletedColumn)
	switch {
	case ownMark(t):
		return
	case column == nil && !now.rel.Owned:
		problem(t, "the role %s does not own %s, so it cannot add the column %s: ALTER TABLE %s ADD COLUMN %s timestamptz",
			p.site.role, now.name, deletedColumn, now.name.sql(), deletedColumn)
		return
	case column == nil:
		step(t, "add column %s", deletedColumn)
	case column.Type != "timestamp with time zone":
		problem(t, "column %s of %s is %s: it must be timestamptz", deletedColumn, now.name, column.Type)
		return
	}
	step(t, "mark the rows whose keys the source does not have any more in %s", deletedColumn)
}

// ownMark finds a source that has the column of the marks itself.
func ownMark(t *connectors.Target) bool {
	found := findColumn(t.Stream.Table.Columns, deletedColumn) != nil
	if found {
		problem(t, `the source has a column %s of its own: leave it out with columns = […], or use delete = "hard"`, deletedColumn)
	}
	return found
}

// hasKey reports whether a unique key of the table, which is checked row by row
// and has no NULL, is on exactly the columns.
func hasKey(t connectors.Table, columns []string) bool {
	same := func(of []string) bool {
		return len(of) == len(columns) && !slices.ContainsFunc(columns, func(c string) bool { return !slices.Contains(of, c) })
	}
	return anyKey(t, same)
}

// keyWithin reports whether a unique key is on some of the columns, so that no
// two rows are the same in all of them.
func keyWithin(t connectors.Table, columns []string) bool {
	return anyKey(t, func(of []string) bool {
		return len(of) > 0 && !slices.ContainsFunc(of, func(c string) bool { return !slices.Contains(columns, c) })
	})
}

func anyKey(t connectors.Table, fits func(columns []string) bool) bool {
	filled := func(columns []string) bool {
		return !slices.ContainsFunc(columns, func(name string) bool {
			c := findColumn(t.Columns, name)
			return c == nil || !c.NotNull
		})
	}
	if slices.ContainsFunc(t.Constraints, func(c connectors.Constraint) bool {
		unique := (c.Kind == "primary key" || c.Kind == "unique") && !strings.Contains(c.Definition, " DEFERRABLE") &&
			!strings.Contains(c.Definition, " WITHOUT OVERLAPS")
		return unique && fits(c.Columns) && filled(c.Columns)
	}) {
		return true
	}
	return slices.ContainsFunc(t.Indexes, func(i connectors.Index) bool {
		d, err := parseIndex(i.Definition)
		return err == nil && i.Unique && d.plain() && fits(i.Columns) && filled(i.Columns)
	})
}

// settleKeys leaves one row of each key in the staging table of an upsert: the
// one with the latest cursor, else the last that was loaded. It can be done
// again.
func (p *publication) settleKeys(ctx context.Context, tx pgx.Tx) error {
	spec := p.target.Stream.Spec
	if spec.WriteMode != connectors.Upsert {
		return nil
	}
	null, filled := p.nullKeys()
	if err := p.refuseNullKeys(ctx, tx, null, filled); err != nil {
		return err
	}
	if keyWithin(p.target.Stream.Table, spec.PrimaryKey) {
		return nil
	}
	order := "ctid DESC"
	if spec.Cursor != nil && slices.Contains(p.target.Columns, spec.Cursor.Column) {
		order = ident(spec.Cursor.Column) + " DESC NULLS LAST, " + order
	}
	where := ""
	if len(filled) > 0 { // those that are put aside are told apart by nothing
		where = " WHERE " + strings.Join(filled, " AND ")
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`
DELETE FROM %[1]s s USING (
	SELECT ctid AS at, row_number() OVER (PARTITION BY %[2]s ORDER BY %[3]s) AS place FROM %[1]s%[4]s
) d WHERE s.ctid = d.at AND d.place > 1`, p.staging.sql(), idents(spec.PrimaryKey), order, where))
	return err
}

// nullKeys are conditions, one a column of the key that may be NULL, that it is
// and that it is not.
func (p *publication) nullKeys() (null, filled []string) {
	for _, name := range p.target.Stream.Spec.PrimaryKey {
		if c := findColumn(p.target.Stream.Table.Columns, name); c == nil || !c.NotNull {
			null, filled = append(null, ident(name)+" IS NULL"), append(filled, ident(name)+" IS NOT NULL")
		}
	}
	return null, filled
}

// refuseNullKeys finds rows that could not be told apart, where they are not put
// aside.
func (p *publication) refuseNullKeys(ctx context.Context, tx pgx.Tx, null, filled []string) error {
	if len(null) == 0 || p.target.Stream.Spec.Rejects != nil {
		return nil
	}
	var rows int64
	sql := "SELECT count(*) FROM " + p.staging.sql() + " WHERE " + strings.Join(null, " OR ")
	if err := tx.QueryRow(ctx, sql).Scan(&rows); err != nil {
		return err
	}
	if rows > 0 {
		return fmt.Errorf("%s without a value in %s cannot be upserted: leave them out with where = %q",
			count(int(rows), "row"), columnsText(p.target.Stream.Spec.PrimaryKey), strings.Join(filled, " AND "))
	}
	return nil
}

// upsert puts the rows into the target by their keys.
func (p *publication) upsert(ctx context.Context, tx pgx.Tx) error {
	now, err := p.load.inspectOne(ctx, tx.Conn(), p.facts.name)
	if err != nil {
		return err
	}
	lacks := func(name string) bool { return findColumn(now.rel.Columns, name) == nil }
	if now.rel == nil || !hasKey(now.rel.Table, p.target.Stream.Spec.PrimaryKey) || slices.ContainsFunc(p.target.Columns, lacks) {
		return errChanged(p.facts.name)
	}
	if lacks(deletedColumn) { // only then: it locks readers out
		if err := execAll(ctx, tx, []string{markSQL(p.target, p.facts.name)}); err != nil {
			return err
		}
	}
	if err := p.settleMended(ctx, tx); err != nil {
		return err
	}
	// Triggers see the settings that they are used to.
	if _, err := tx.Exec(ctx, usualSettings()); err != nil {
		return err
	}
	if p.target.Stream.Spec.Rejects != nil {
		if err := p.rejectNullKeys(ctx, tx); err != nil {
			return err
		}
		if p.deferrable, err = deferrableKeys(ctx, tx, now.rel.OID); err != nil {
			return err
		}
	}
	// What is gone goes first: a row that came may have its value of a unique key.
	if p.deleted, err = p.dealWithDeleted(ctx, tx, now); err != nil {
		return err
	}
	missing, err := p.countMissing(ctx, tx, now)
	if err != nil {
		return err
	}
	changed, err := p.moveStaged(ctx, tx, movingBy(func(where string) string {
		return upsertSQL(p.target.Stream.Spec, now.rel, p.target.Columns, p.staging.sql()+where, p.stays(now))
	}))
	if err != nil {
		return err
	}
	if err := p.checkArrived(ctx, tx, now, missing, changed); err != nil {
		return err
	}
	p.progress(fmt.Sprintf("%d rows came or changed, %d are gone", changed, p.deleted))
	return p.moved(ctx, tx, now, false)
}

// deferrableKey is a key that is checked when a statement ends.
type deferrableKey struct{ Schema, Table, Name string }

// deferrableKeys are those of a table and of its partitions, which the server
// names where one is violated.
func deferrableKeys(ctx context.Context, tx pgx.Tx, table uint32) ([]deferrableKey, error) {
	const sql = `
SELECT n.nspname, c.relname, k.conname
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (k.conrelid = $1 OR k.conrelid IN (SELECT relid FROM pg_partition_tree($1)))
	AND k.contype IN ('p', 'u', 'x') AND k.condeferrable`
	rows, err := tx.Query(ctx, sql, table)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[deferrableKey])
}

// upsertSQL rewrites only rows that differ: a new version of a row costs as
// much as a row, and its indexes' entries. The comparison is of the values'
// bytes, which every type has, and finds what equality does not: 0 and -0.
// unless, where it is not empty, is a condition of rows that stay as they are.
func upsertSQL(spec connectors.StreamSpec, rel *relation, copied []string, from, unless string) string {
	columns := idents(copied)
	sql := "INSERT INTO " + ident(rel.Schema, rel.Name) + " AS t (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " + columns +
		" FROM " + from + " ON CONFLICT (" + idents(spec.PrimaryKey) + ") DO "
	var set, old, fresh []string
	for _, name := range copied {
		c := findColumn(rel.Columns, name)
		if slices.Contains(spec.PrimaryKey, name) && equalIsSame(c) || c.Identity == "always" {
			continue
		}
		set = append(set, ident(name)+" = excluded."+ident(name))
		old, fresh = append(old, "t."+ident(name)), append(fresh, "excluded."+ident(name))
	}
	var differs []string
	if len(set) > 0 {
		differs = append(differs, recordOf(old)+" OPERATOR(pg_catalog.*<>) "+recordOf(fresh))
	}
	if spec.Deleted == connectors.MarkDeleted {
		set = append(set, deletedColumn+" = NULL")
		differs = append(differs, "t."+deletedColumn+" IS NOT NULL")
	}
	if len(set) == 0 {
		return sql + "NOTHING"
	}
	sql += "UPDATE SET " + strings.Join(set, ", ") + " WHERE (" + strings.Join(differs, " OR ") + ")"
	if unless != "" {
		sql += " AND (" + unless + ") IS NOT TRUE"
	}
	return sql
}

// tried is how many rows the transaction has tried to update. Where triggers of users
// may swallow some, stays counts them.
const tried = "coalesce(nullif(current_setting('rbt.tried', true), ''), '0')::bigint"

// stays is the condition of rows of the target, t, that stay as they are though a
// row of their key differs; empty where there are none. Among rows of one key at the
// source the one with the highest cursor counts, and those without a cursor are read
// by every run.
func (p *publication) stays(now *present) string {
	var or []string
	spec := p.target.Stream.Spec
	if spec.Cursor != nil && spec.Cursor.After != nil && slices.Contains(p.target.Columns, spec.Cursor.Column) &&
		!keyWithin(p.target.Stream.Table, spec.PrimaryKey) {
		cursor := ident(spec.Cursor.Column)
		or = append(or, "excluded."+cursor+" IS NULL AND t."+cursor+" IS NOT NULL")
	}
	if now.watched {
		or = append(or, "set_config('rbt.tried', ("+tried+" + 1)::text, true) = ''") // which it is not
	}
	return strings.Join(or, " OR ")
}

// equalIsSame reports whether values of the column that are equal are the same,
// unlike 1.0 and 1.00, or texts that a collation does not tell apart.
func equalIsSame(c *connectors.Column) bool {
	name, _, _ := strings.Cut(c.Type, "(")
	switch strings.TrimSpace(name) {
	case "smallint", "integer", "bigint", "oid", "uuid", "boolean", "date", "bytea", "timestamp",
		"timestamp without time zone", "timestamp with time zone":
		return true
	case "text", "character varying":
		return c.Collation == ""
	}
	return false
}

// recordOf is a row of expressions as one value: operators on ROW itself are
// resolved for its fields.
func recordOf(expressions []string) string {
	return "ROW(" + strings.Join(expressions, ", ") + ")::record"
}

// missingRows are how many staged rows have a key that the target does not.
type missingRows struct{ all, taken int64 } // and those of them that were not refused

// countMissing counts them where triggers of users may swallow rows.
func (p *publication) countMissing(ctx context.Context, tx pgx.Tx, now *present) (m missingRows, err error) {
	if !now.watched {
		return m, nil
	}
	sql := "SELECT count(*), count(*) FILTER (WHERE s.ctid::text <> ALL ($1)) FROM " + p.staging.sql() +
		" s WHERE NOT EXISTS (SELECT FROM " + p.facts.name.sql() + " t WHERE " + p.sameKey() + ")"
	err = tx.QueryRow(ctx, sql, append([]string{}, p.refused...)).Scan(&m.all, &m.taken)
	return m, err
}

// checkArrived makes sure that every key is there, and that every row that was to be
// updated is: a trigger may swallow rows. before is what was missing until then, and
// changed are the rows that the server says came or changed.
func (p *publication) checkArrived(ctx context.Context, tx pgx.Tx, now *present, before missingRows, changed int64) error {
	if !now.watched {
		return nil
	}
	after, err := p.countMissing(ctx, tx, now)
	if err != nil {
		return err
	}
	var updates int64
	if err := tx.QueryRow(ctx, "SELECT "+tried).Scan(&updates); err != nil {
		return err
	}
	if dropped := after.taken + (before.all - after.all + updates - changed); dropped > 0 {
		return fmt.Errorf("%s did not take %s: a trigger there drops them", p.facts.name, count(int(dropped), "row"))
	}
	return nil
}

// sameKey is the condition that a row of the target, t, and one of the staging
// table, s, have the same key.
func (p *publication) sameKey() string {
	var same []string
	for _, name := range p.target.Stream.Spec.PrimaryKey {
		same = append(same, "t."+ident(name)+" = s."+ident(name))
	}
	return strings.Join(same, " AND ")
}

// dealWithDeleted marks or deletes the rows that the source has no more, and
// says how many they are.
func (p *publication) dealWithDeleted(ctx context.Context, tx pgx.Tx, now *present) (int64, error) {
	if spec := p.target.Stream.Spec; spec.Rejects != nil && spec.Deleted != connectors.KeepDeleted {
		// Rows that were put aside are not staged, but are not gone either.
		aside, _, err := p.load.rejected(ctx, tx.Conn(), spec.Name, p.row.generation)
		if err != nil || aside > 0 {
			return 0, err
		}
	}
	if err := p.refuseToEmpty(ctx, tx, now); err != nil {
		return 0, err
	}
	gone := "NOT EXISTS (SELECT FROM " + p.staging.sql() + " s WHERE " + p.sameKey() + ")"
	table := fromClause(now.rel) // the rows of tables that inherit from it are not this run's
	var sql string
	switch p.target.Stream.Spec.Deleted {
	case connectors.MarkDeleted:
		gone = deletedColumn + " IS NULL AND " + gone
		sql = "UPDATE " + table + " t SET " + deletedColumn + " = now() WHERE " + gone
	case connectors.DropDeleted:
		sql = "DELETE FROM " + table + " t WHERE " + gone
	default:
		return 0, nil
	}
	if _, err := tx.Exec(ctx, "ANALYZE "+p.staging.sql()+" ("+idents(p.target.Stream.Spec.PrimaryKey)+")"); err != nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, sql)
	if err != nil || !now.watched {
		return tag.RowsAffected(), err
	}
	var kept int64
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM "+table+" t WHERE "+gone).Scan(&kept); err != nil {
		return 0, err
	}
	if kept > 0 {
		err = fmt.Errorf("%s keeps %s that the source has no more: a trigger there drops the change", p.facts.name, count(int(kept), "row"))
	}
	return tag.RowsAffected(), err
}

// refuseToEmpty keeps a source without a row, or a condition that no row meets,
// from having all rows deleted: that is more often a mistake than meant.
func (p *publication) refuseToEmpty(ctx context.Context, tx pgx.Tx, now *present) error {
	if p.target.Stream.Spec.Deleted != connectors.DropDeleted {
		return nil
	}
	var empties bool
	sql := "SELECT NOT EXISTS (SELECT FROM " + p.staging.sql() + ") AND EXISTS (SELECT FROM " + fromClause(now.rel) + ")"
	if err := tx.QueryRow(ctx, sql).Scan(&empties); err != nil || !empties {
		return err
	}
	return fmt.Errorf(`the source has no row, and delete = "hard" would delete all rows of %s: if that is meant, truncate it`, p.facts.name)
}

// markSQL adds the column that marks what the source has no more; empty where
// that is not wanted.
func markSQL(t *connectors.Target, table relName) string {
	if t.Stream.Spec.Deleted != connectors.MarkDeleted {
		return ""
	}
	return "ALTER TABLE " + table.sql() + " ADD COLUMN " + deletedColumn + " timestamptz"
}
