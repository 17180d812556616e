package postgres

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

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
