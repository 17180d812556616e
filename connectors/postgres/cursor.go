package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// cursorKind says how a cursor's values grow, and so what is known of those that
// are still to come.
type cursorKind string

const (
	byNumber cursorKind = "number" // drawn from a sequence while the table is locked for writing
	byTime   cursorKind = "time"   // the time at which a transaction began, or later
	byUUID   cursorKind = "uuid"   // of version 7
	byText   cursorKind = "text"
)

// cursorKinds are those of the built-in types, by their wire names.
var cursorKinds = map[string]cursorKind{
	"int2": byNumber, "int4": byNumber, "int8": byNumber,
	"timestamp": byTime, "timestamptz": byTime, "date": byTime,
	"uuid": byUUID, "text": byText, "varchar": byText,
}

// cursor is the columns that an incremental stream goes by.
type cursor struct {
	spec     *connectors.Cursor
	column   connectors.Column
	kind     cursorKind
	tie      *connectors.Column // nil where there is none
	append   bool               // rows must not be read twice
	computed string             // the digest of what rows are computed with
}

// cursorOf finds a stream's cursor in its table. The error is about one of the
// stream's attributes.
func cursorOf(spec connectors.StreamSpec, t connectors.Table) (*cursor, string, error) {
	c := &cursor{spec: spec.Cursor, append: spec.WriteMode == connectors.Append, computed: connectors.Digest(spec.Computed)}
	column := findColumn(t.Columns, spec.Cursor.Column)
	if column == nil {
		return nil, "cursor", fmt.Errorf("there is no column %q among those that are copied", spec.Cursor.Column)
	}
	c.column, c.kind = *column, cursorKinds[column.Wire]
	if c.kind == "" {
		return nil, "cursor", fmt.Errorf("column %q is %s: a cursor is an integer, a timestamp, a date, a uuid or a text", column.Name, column.Type)
	}
	isTable := t.Kind == connectors.PlainTable || t.Kind == connectors.PartitionedTable
	if c.append && !isTable {
		return nil, "write_mode", fmt.Errorf("nothing says that a row of a %s is there once, so append could not tell the new ones from those that it has: "+
			`use write_mode = "upsert"`, t.Kind)
	}
	if t.Kind == connectors.MaterializedView && spec.Cursor.Lookback == "" {
		return nil, "cursor", errors.New("a materialized view has what was committed when it was refreshed, and the next refresh may bring rows before those: " +
			`copy what it is made from, set lookback to how far before, or use sync_mode = "full_refresh"`)
	}
	columns := []string{column.Name}
	if name := spec.Cursor.TieBreaker; name != "" {
		if c.tie = findColumn(t.Columns, name); c.tie == nil {
			return nil, "tie_breaker", fmt.Errorf("there is no column %q among those that are copied", name)
		}
		columns = append(columns, name)
		if !c.tie.NotNull {
			return nil, "tie_breaker", fmt.Errorf("column %q may be NULL, which is neither before nor after another value", name)
		}
	}
	if c.append && !keyWithin(t, columns) {
		return nil, "cursor", fmt.Errorf("several rows may have the same %s, and append could not tell the new ones from those that it has: "+
			`set tie_breaker to a column that is unique, or use write_mode = "upsert"`, columnsText(columns))
	}
	if after := spec.Cursor.After; after != nil && after.Computed != connectors.Digest(spec.Computed) {
		return nil, "cursor", errors.New("the columns that are computed or masked, or the salt of hashes, are not those of the runs so far, whose rows stay as they are: " + c.again())
	}
	if err := c.checkAfter(); err != nil {
		return nil, "cursor", err
	}
	if _, err := c.lookback(); err != nil {
		return nil, "lookback", err
	}
	return c, "", nil
}

// checkAfter makes sure that the last run went by the same columns, in the same
// order.
func (c *cursor) checkAfter() error {
	after := c.spec.After
	if after == nil {
		return nil
	}
	if after.Column != c.spec.Column || after.TieBreaker != c.spec.TieBreaker {
		was := strconv.Quote(after.Column)
		if after.TieBreaker != "" {
			was += " and tie_breaker " + strconv.Quote(after.TieBreaker)
		}
		return fmt.Errorf("the runs so far went by cursor %s: keep that, or %s", was, c.again())
	}
	name, was, is := after.Column, after.Order, orderOf(&c.column)
	if was == is {
		name, was, is = after.TieBreaker, after.TieOrder, orderOf(c.tie)
	}
	if was != is {
		return fmt.Errorf("the runs so far went by column %q as %s, and it is %s now: its values are not ordered as they were, so %s",
			name, was, is, c.again())
	}
	return nil
}

// orderOf tells whether a column's values can be compared with those that it had
// before; empty for no column. Numbers and texts are ordered alike whatever their
// length; a time of fewer digits is rounded, and so comes before or after itself.
func orderOf(c *connectors.Column) string {
	if c == nil {
		return ""
	}
	order := c.Type
	switch c.Wire {
	case "int2", "int4", "int8":
		order = "integer"
	case "varchar":
		order = "text"
	}
	if c.Collation != "" {
		order += " COLLATE " + c.Collation
	}
	return order
}

// again says how to read everything again.
func (c *cursor) again() string {
	if c.append {
		return "empty the target and delete the stream from _rbt.positions in the destination, to read everything again"
	}
	return "read everything again with rbt run --from-start"
}

// value is a constant of the cursor's type.
func (c *cursor) value(text string) string {
	sql := literal(text) + "::" + c.column.Type
	if c.column.Collation != "" { // that of the column, also where two constants are compared
		sql = "(" + sql + " COLLATE " + c.column.Collation + ")"
	}
	return sql
}

// position is where the next run begins, with the stream's columns in it.
func (c *cursor) position(b bound) *connectors.Position {
	p := &connectors.Position{Column: c.spec.Column, TieBreaker: c.spec.TieBreaker, Order: orderOf(&c.column), TieOrder: orderOf(c.tie),
		Value: b.value, Reached: b.reached, Computed: c.computed}
	if b.reached {
		p.Tie = b.tie
	}
	return p
}

// lower is the condition that a row was not taken by the runs so far; empty
// where every row counts.
func (c *cursor) lower() string {
	name := ident(c.column.Name)
	var conditions []string
	if c.spec.Initial != "" {
		conditions = append(conditions, name+" >= "+c.value(c.spec.Initial))
	}
	if c.spec.After != nil {
		conditions = append(conditions, c.beyond(*c.spec.After))
	}
	return strings.Join(conditions, " AND ")
}

// beyond is the condition that the runs up to a position have not taken a row,
// or are to look at it again.
func (c *cursor) beyond(after connectors.Position) string {
	name := ident(c.column.Name)
	switch {
	case c.spec.Lookback != "":
		back, _ := c.lookback() // checked by cursorOf
		return name + " >= " + back
	case after.Reached && c.tie != nil:
		return fmt.Sprintf("(%s, %s) > (%s, %s)", name, ident(c.tie.Name), c.value(after.Value), literal(after.Tie)+"::"+c.tie.Type)
	case after.Reached && c.append: // no other row has the same
		return name + " > " + c.value(after.Value)
	}
	return name + " >= " + c.value(after.Value)
}

// lookback is the least cursor to read where there is a lookback, as SQL.
func (c *cursor) lookback() (string, error) {
	back, after := c.spec.Lookback, c.spec.After
	if back == "" {
		return "", nil
	}
	if c.append {
		return "", errors.New(`it reads rows again, which append would add again: use write_mode = "upsert"`)
	}
	if c.kind == byNumber {
		n, err := strconv.ParseInt(back, 10, 64)
		if err != nil || n < 0 {
			return "", fmt.Errorf("the cursor is a number, so how far to look back is one, not %q", back)
		}
		if after == nil {
			return "", nil
		}
		at, err := strconv.ParseInt(after.Value, 10, 64)
		if err != nil {
			return "", err
		}
		return strconv.FormatInt(max(at, math.MinInt64+n)-n, 10), nil
	}
	d, err := time.ParseDuration(back)
	if err != nil || d < 0 || c.kind == byText {
		if c.kind == byText {
			return "", errors.New("nobody knows what lies so far before a text: leave it out")
		}
		return "", fmt.Errorf(`the cursor is a time, so how far to look back is a duration such as "5m", not %q`, back)
	}
	switch {
	case after == nil:
		return "", nil
	case c.kind == byUUID:
		return c.uuidBefore(after.Value, d)
	}
	return fmt.Sprintf("(%s - interval '%d microseconds')", c.value(after.Value), d.Microseconds()), nil
}

// uuidBefore is the least UUID of version 7 of a time before another's.
func (c *cursor) uuidBefore(text string, d time.Duration) (string, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(raw) != 16 {
		return "", fmt.Errorf("%q is no uuid", text)
	}
	if raw[6]>>4 != 7 {
		return "", fmt.Errorf("the uuid %s is of version %d, and only version 7 says when it was made", text, raw[6]>>4)
	}
	var at int64 // ms
	for _, b := range raw[:6] {
		at = at<<8 | int64(b)
	}
	at = max(at-d.Milliseconds(), 0)
	return c.value(fmt.Sprintf("%08x-%04x-0000-0000-000000000000", at>>16, at&0xffff)), nil
}

// odd is the condition of a row whose cursor is neither before nor after others;
// false where there can be none.
func (c *cursor) odd() string {
	name := ident(c.column.Name)
	var conditions []string
	if !c.column.NotNull {
		conditions = append(conditions, name+" IS NULL")
	}
	if c.kind == byTime {
		conditions = append(conditions, name+" IN ('infinity', '-infinity')")
	}
	if conditions == nil {
		return ""
	}
	return strings.Join(conditions, " OR ")
}

// bound is up to where a stream can be read without missing a row: of all that
// are committed after the run's moment, none lies below it.
type bound struct {
	known   bool
	value   string
	reached bool   // rows with that value are complete as well, up to tie
	tie     string // empty where there is none
	steps   []string
}

// window is the condition of the rows that a run reads, and where the next run
// begins; nil where it begins where this one did.
func (c *cursor) window(b bound) (condition string, next *connectors.Position) {
	if b.known {
		next = c.position(b)
	}
	lower := c.lower()
	if !c.append { // rows beyond the bound are read, and read again by the next run
		if odd := c.odd(); lower != "" && odd != "" {
			lower = "(" + lower + " OR " + odd + ")"
		}
		return lower, next
	}
	conditions := []string{"false"} // nothing is known to be complete
	name := ident(c.column.Name)
	switch {
	case !b.known:
	case b.reached && c.tie != nil:
		conditions[0] = fmt.Sprintf("(%s, %s) <= (%s, %s)", name, ident(c.tie.Name), c.value(b.value), literal(b.tie)+"::"+c.tie.Type)
	case b.reached:
		conditions[0] = name + " <= " + c.value(b.value)
	default:
		conditions[0] = name + " < " + c.value(b.value)
	}
	if lower != "" {
		conditions = append(conditions, lower)
	}
	return strings.Join(conditions, " AND "), next
}

// windowStep says in words what is read.
func (c *cursor) windowStep() string {
	name, after := c.spec.Column, c.spec.After
	switch {
	case after == nil && c.spec.Initial == "":
		return "read all rows: no run has noted where it ended"
	case after == nil:
		return fmt.Sprintf("read the rows from %s %s on: no run has noted where it ended", name, c.spec.Initial)
	}
	text := fmt.Sprintf("read the rows from %s %s on", name, after.Value)
	if c.spec.Lookback != "" {
		text = fmt.Sprintf("read the rows from %s before %s %s on", c.spec.Lookback, name, after.Value)
	}
	return text + ", where the last run ended"
}

// bounds finds out up to where the incremental streams can be read. It must be
// called before the moment is taken that they are read at.
//
// A row that is committed later may have a lesser cursor than rows that are
// visible now. Which ones cannot:
//
//   - A number is drawn from a sequence by a statement that has locked the table
//     for writing. So once all who have it locked now have ended, no number up to
//     the highest that is visible now will come any more.
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

// reads narrows an incremental stream to the rows that this run reads.
func (s *snapshot) reads(ctx context.Context, st *connectors.Stream) error {
	if st.Spec.Cursor == nil {
		return nil
	}
	c, attribute, err := cursorOf(st.Spec, st.Table)
	if err == nil {
		attribute, err = s.checkCursor(ctx, st, c)
	}
	if err != nil && attribute != "" {
		return &connectors.StreamError{Stream: st.Spec.Name, Attribute: attribute, Err: err}
	}
	if err != nil {
		return err
	}
	b := s.bounds[st.Spec.Name]
	if c.kind == byUUID && b.known && b.value[14] != '7' {
		return &connectors.StreamError{Stream: st.Spec.Name, Attribute: "cursor",
			Err: fmt.Errorf("the highest uuid, %s, is not of version 7: others do not grow, so new rows would not be found", b.value)}
	}
	f := st.Facts.(*facts)
	f.window, st.Position = c.window(b)
	st.Steps, st.Caveats = append([]string{c.windowStep()}, st.Steps...), b.steps
	if back, err := s.wentBack(ctx, st, c); err != nil || back {
		return err
	}
	return s.byIndex(ctx, st, c, b)
}

// checkCursor asks the server about what the stream's attributes say, and about
// rows that a cursor cannot find.
func (s *snapshot) checkCursor(ctx context.Context, st *connectors.Stream, c *cursor) (attribute string, err error) {
	if c.spec.Initial != "" {
		if said, err := s.try(ctx, "SELECT "+c.value(c.spec.Initial)); said != nil || err != nil {
			return "initial", errors.Join(said, err)
		}
	}
	odd := c.odd()
	if !c.append || odd == "" {
		return "", nil
	}
	f := st.Facts.(*facts)
	sql := "SELECT EXISTS (SELECT FROM " + f.relation + " WHERE (" + odd + ")"
	if f.where != "" {
		sql += " AND (" + f.where + "\n)"
	}
	var found bool
	if err := s.holders[0].QueryRow(ctx, sql+")").Scan(&found); err != nil {
		return "", wrap("look for rows without a cursor", err)
	}
	if found {
		return "cursor", fmt.Errorf("there are rows whose %s is NULL or infinite, which come after no other: leave them out with where, "+
			`or use write_mode = "upsert", which reads them every time`, c.column.Name)
	}
	return "", nil
}

// wentBack finds a cursor whose highest value is below the last run's end: rows
// were deleted, or the column was filled anew. What is taken stays so.
func (s *snapshot) wentBack(ctx context.Context, st *connectors.Stream, c *cursor) (back bool, err error) {
	after := c.spec.After
	if after == nil || st.Position == nil {
		return false, nil
	}
	was, is := c.value(after.Value), c.value(st.Position.Value)
	sql := "SELECT " + is + " < " + was
	if after.Reached && !st.Position.Reached { // rows that have it would be read again
		sql += " OR " + is + " = " + was
	}
	if err := s.holders[0].QueryRow(ctx, sql).Scan(&back); err != nil || !back {
		return false, wrap("compare the cursor with the last run's", err)
	}
	st.Caveats = append(st.Caveats, fmt.Sprintf("%s went back from %s to %s: what was taken stays taken, and rows that were filled in below are not read",
		c.column.Name, after.Value, st.Position.Value))
	if c.append {
		st.Facts.(*facts).window = "false"
	}
	st.Position = nil
	return true, nil
}

// byIndex reads the rows through an index where the server would, instead of
// sharing the whole table's blocks among lanes. Number cursors then divide the
// window; others are read in one piece.
func (s *snapshot) byIndex(ctx context.Context, st *connectors.Stream, c *cursor, b bound) error {
	f := st.Facts.(*facts)
	if f.window == "" {
		return nil
	}
	p, err := s.explain(ctx, f.relation+" WHERE "+f.window)
	if err != nil {
		return err
	}
	found := strings.Contains(p.node, "Index") || strings.HasPrefix(p.node, "Bitmap") || p.node == "Result"
	if !found {
		return nil
	}
	st.Rows, st.Bytes = p.rows, p.bytes
	f.bytes, f.heap, f.key = st.Bytes, nil, keyAxis{}
	f.noBlocks = fmt.Errorf("an index finds the rows by %s", c.column.Name)
	st.Key = ""
	if c.kind != byNumber || c.spec.After == nil || !b.known {
		return nil
	}
	low, err1 := strconv.ParseInt(c.spec.After.Value, 10, 64)
	high, err2 := strconv.ParseInt(b.value, 10, 64)
	if err1 != nil || err2 != nil || low >= high {
		return nil
	}
	st.Key = c.column.Name
	f.key = keyAxis{column: ident(c.column.Name), integer: true, nullable: !c.column.NotNull, shape: keyShape{low, high}, correlation: 1}
	return nil
}
