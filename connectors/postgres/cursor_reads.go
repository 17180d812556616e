package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/rapidbyte/rbt/connectors"
)

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
