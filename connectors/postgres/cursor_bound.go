package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// bound is up to where a stream can be read without missing a row: of all that
// are committed after the run's moment, none lies below it.
type bound struct {
	known   bool
	value   string
	reached bool   // rows with that value are complete as well, up to tie
	tie     string // empty where there is none
	steps   []string
}

// bounds finds out up to where the incremental streams can be read. It must be
// called before the moment is taken that they are read at.
//
// A row that is committed later may have a lesser cursor than rows that are
// visible now. Which ones cannot:
//
//   - A number is drawn from a sequence by who has locked that, the table, or one that
//     it is a partition of, for writing. So once all who have them locked now have
//     ended, no number up to the highest that is visible now will come any more.
//   - A time is that at which a transaction began, or later. So no time will come
//     any more that is before the beginning of the oldest transaction that is open
//     now.
func (s *Source) bounds(ctx context.Context, specs []connectors.StreamSpec) (map[string]bound, error) {
	specs = slices.DeleteFunc(slices.Clone(specs), func(spec connectors.StreamSpec) bool { return spec.Cursor == nil })
	if len(specs) == 0 {
		return nil, nil
	}
	conn, err := s.cfg.connect(ctx, sourceRole)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	relations, _, err := relationsOf(ctx, conn, specs) // Describe says what is wrong
	if err != nil {
		return nil, err
	}
	bounds, began := map[string]bound{}, time.Now() // all streams together wait as long as one
	for _, spec := range specs {
		r := relations[spec.Name]
		if r == nil || readable(r) != nil {
			continue // Describe says so
		}
		c, _, err := cursorOf(spec, r.Table)
		if err != nil {
			continue
		}
		b, err := s.bound(ctx, conn, c, r, began)
		if err != nil {
			return nil, wrap("find out up to where "+spec.Name+" is complete", err)
		}
		bounds[spec.Name] = b
	}
	return bounds, nil
}

// bound finds out up to where one stream can be read.
func (s *Source) bound(ctx context.Context, conn *pgx.Conn, c *cursor, r *relation, since time.Time) (bound, error) {
	b, err := c.highest(ctx, conn, r)
	if err != nil || !b.known {
		return b, err
	}
	if c.kind == byTime {
		seen, err := c.beforeOpen(ctx, conn, &b)
		if err != nil || seen {
			return b, err
		}
	}
	ended, err := s.writersEnd(ctx, conn, r, since, c.spec.Look)
	if err != nil || ended {
		return b, err
	}
	if c.spec.Look {
		b.steps = append(b.steps, fmt.Sprintf("transactions write to it: a run waits for them, %v at most", s.cfg.LockTimeout))
		return b, nil
	}
	return bound{steps: append(b.steps, fmt.Sprintf(
		"transactions that write to it have been open for %v: what is new since the last run is left to the next one", s.cfg.LockTimeout))}, nil
}

// highest is the highest cursor that is visible now.
func (c *cursor) highest(ctx context.Context, conn *pgx.Conn, r *relation) (bound, error) {
	name, tie, order := ident(c.column.Name), "NULL", ident(c.column.Name)+" DESC"
	if c.tie != nil {
		tie = ident(c.tie.Name)
		order += ", " + tie + " DESC"
	}
	condition := name + " IS NOT NULL"
	if c.kind == byTime {
		condition = name + " > '-infinity' AND " + name + " < 'infinity'"
	}
	b := bound{known: true, reached: true}
	// ORDER BY prefers the names that SELECT gives to those of columns.
	sql := "SELECT rbt_cursor::text, coalesce(rbt_tie::text, '') FROM (SELECT " + name + " AS rbt_cursor, " + tie + " AS rbt_tie FROM " +
		fromClause(r) + " WHERE " + condition + " ORDER BY " + order + " LIMIT 1) highest"
	err := conn.QueryRow(ctx, sql).Scan(&b.value, &b.tie)
	if errors.Is(err, pgx.ErrNoRows) {
		return bound{}, nil
	}
	return b, err
}

// beforeOpen lowers a bound to the time at which the oldest open transaction
// began, or to now. seen is false where that cannot be found out.
func (c *cursor) beforeOpen(ctx context.Context, conn *pgx.Conn, b *bound) (seen bool, err error) {
	at := "began"
	if c.column.Wire != "timestamptz" { // in the zone that the server has for those who ask for none
		at += " AT TIME ZONE (SELECT reset_val FROM pg_settings WHERE name = 'TimeZone')"
	}
	if strings.Contains(c.column.Type, "(") { // of less than microseconds
		at = "date_trunc('second', " + at + ")"
	}
	at = "(" + at + ")::" + c.column.Type
	sql := `
SELECT ` + at + `::text, ` + at + ` <= $1::text::` + c.column.Type + `, hidden > 0 OR prepared OR pg_is_in_recovery(), hidden, prepared
FROM (
	SELECT least(min(xact_start), clock_timestamp()) AS began, count(*) FILTER (WHERE backend_type IS NULL OR state = 'disabled') AS hidden,
		EXISTS (SELECT FROM pg_prepared_xacts WHERE database = current_database()) AS prepared
	FROM pg_stat_activity
	WHERE datname = current_database() AND pid <> pg_backend_pid()
		AND coalesce(backend_type NOT IN ('autovacuum worker', 'autovacuum launcher', 'walsender'), true) -- NULL where it is hidden
) open`
	var open string
	var before, blind, prepared bool
	var hidden int64
	if err := conn.QueryRow(ctx, sql, b.value).Scan(&open, &before, &blind, &hidden, &prepared); err != nil {
		return false, err
	}
	if blind {
		why := "a standby does not tell when its primary's transactions began"
		if prepared {
			why = "prepared transactions do not tell when they began"
		}
		if hidden > 0 {
			why = "the source's role cannot see when others' transactions began (GRANT pg_read_all_stats TO it)"
		}
		b.steps = append(b.steps, why+": rows whose transaction begins long before it writes them need a lookback")
		return false, nil
	}
	if before {
		b.value, b.reached, b.tie = open, false, ""
	}
	return true, nil
}

// writersSQL lists the transactions that have a table locked for writing, or a
// partition of it, or a table that it is a partition of: a row that is inserted
// there has its number before it is known which partition gets it, and only then
// is that locked. nextval keeps the sequence locked so until its transaction ends,
// which may insert the row much later. Prepared ones have no process.
const writersSQL = `
WITH RECURSIVE above (oid) AS (
	SELECT $1::oid
UNION
	SELECT i.inhparent FROM above JOIN pg_inherits i ON i.inhrelid = above.oid
), below (oid) AS (
	SELECT $1::oid
UNION
	SELECT i.inhrelid FROM below JOIN pg_inherits i ON i.inhparent = below.oid
), tables (oid) AS (
	SELECT oid FROM above UNION SELECT oid FROM below
), sequences (oid) AS (
	SELECT s.oid FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
	WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
		AND d.refobjid IN (SELECT oid FROM tables) AND d.refobjsubid > 0 -- of a column
)
SELECT DISTINCT l.virtualtransaction FROM pg_locks l
WHERE l.relation IN (SELECT oid FROM tables UNION SELECT oid FROM sequences) AND ` + toWrite

// toWrite is the condition of others' locks with which a relation of the database
// is written to.
const toWrite = `l.locktype = 'relation' AND l.granted
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND l.pid IS DISTINCT FROM pg_backend_pid()
	AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

// everybodySQL lists the transactions that have any relation of the user's locked
// for writing: who has drawn a number need not have a transaction id yet. Indexes
// are locked so for a VACUUM too. Of a standby's primary, or of where a foreign
// table is, there is no more to see than whether a transaction that has written,
// and began before $1, is still open.
const everybodySQL = `
SELECT 'somebody' WHERE txid_snapshot_xmin(txid_current_snapshot()) < $1::bigint
UNION
SELECT l.virtualtransaction FROM pg_locks l
WHERE l.relation >= 16384 AND l.relation NOT IN (SELECT indexrelid FROM pg_index) AND ` + toWrite

// writersEnd waits until everybody who writes to the table now has ended, since
// then for as long as for a lock, or not at all where it only looks. It reports
// whether they have.
func (s *Source) writersEnd(ctx context.Context, conn *pgx.Conn, r *relation, since time.Time, look bool) (bool, error) {
	sql, arg := writersSQL, any(r.OID)
	var standby bool
	var next int64
	const now = "SELECT pg_is_in_recovery(), txid_snapshot_xmax(txid_current_snapshot())"
	if err := conn.QueryRow(ctx, now).Scan(&standby, &next); err != nil {
		return false, err
	}
	if standby || r.OID == 0 || r.Kind == connectors.View || r.Kind == connectors.ForeignTable { // whose tables are others
		sql, arg = everybodySQL, next
	}
	var waiting []string
	pause := time.NewTicker(50 * time.Millisecond)
	defer pause.Stop()
	for {
		rows, err := conn.Query(ctx, sql, arg)
		if err != nil {
			return false, err
		}
		writers, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return false, err
		}
		if waiting == nil {
			waiting = writers
		}
		waiting = slices.DeleteFunc(waiting, func(w string) bool { return !slices.Contains(writers, w) })
		if len(waiting) == 0 {
			return true, nil
		}
		if look || s.cfg.LockTimeout > 0 && time.Since(since) > s.cfg.LockTimeout {
			return false, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-pause.C:
		}
	}
}
