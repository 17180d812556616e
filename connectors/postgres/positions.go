package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Positions is where the pipeline's incremental streams stand.
func (d *Destination) Positions(ctx context.Context, pipeline string) (positions map[string]connectors.Position, err error) {
	err = d.consult(ctx, func(conn *pgx.Conn) error {
		positions, err = readPositions(ctx, conn, pipeline)
		return wrap("read where the streams stand", err)
	})
	return positions, err
}

func readPositions(ctx context.Context, conn *pgx.Conn, pipeline string) (map[string]connectors.Position, error) {
	const sql = `
SELECT stream, cursor_column, tie_breaker, cursor_order, tie_order, value, reached, tie, computed, target
FROM _rbt.positions WHERE pipeline = $1`
	rows, err := conn.Query(ctx, sql, pipeline)
	if err != nil {
		return nil, err
	}
	positions := map[string]connectors.Position{}
	var stream string
	var p connectors.Position
	fields := []any{&stream, &p.Column, &p.TieBreaker, &p.Order, &p.TieOrder, &p.Value, &p.Reached, &p.Tie, &p.Computed, &p.Target}
	_, err = pgx.ForEachRow(rows, fields, func() error {
		positions[stream] = p
		return nil
	})
	return positions, err
}

// notePosition writes where the stream's next run begins, in the transaction
// that makes this run's rows visible.
func (p *publication) notePosition(ctx context.Context, tx pgx.Tx) error {
	at := p.target.Stream.Position
	if at == nil {
		return nil
	}
	const sql = `
INSERT INTO _rbt.positions (pipeline, stream, cursor_column, tie_breaker, cursor_order, tie_order, value, reached, tie, computed, target, run_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (pipeline, stream) DO UPDATE SET cursor_column = excluded.cursor_column, tie_breaker = excluded.tie_breaker,
	cursor_order = excluded.cursor_order, tie_order = excluded.tie_order,
	value = excluded.value, reached = excluded.reached, tie = excluded.tie, computed = excluded.computed,
	target = excluded.target, run_id = excluded.run_id, noted_at = now()`
	_, err := tx.Exec(ctx, sql, p.load.run.Pipeline, p.target.Stream.Spec.Name, at.Column, at.TieBreaker, at.Order, at.TieOrder,
		at.Value, at.Reached, at.Tie, at.Computed, p.facts.name.sql(), p.load.attempt.RunID)
	return err
}

// readFilledBy finds the pipelines that have filled targets by their cursors, and
// are not this one.
func (p *planner) readFilledBy(ctx context.Context, conn *pgx.Conn, pipeline string) error {
	p.filledBy = map[string]string{}
	if !p.site.booksReady {
		return nil
	}
	format, err := readBooksFormat(ctx, conn)
	if err != nil || format == 0 {
		return err
	}
	rows, err := conn.Query(ctx, "SELECT target, pipeline FROM _rbt.positions WHERE pipeline <> $1", pipeline)
	if err != nil {
		return err
	}
	var target, other string
	_, err = pgx.ForEachRow(rows, []any{&target, &other}, func() error {
		p.filledBy[target] = other
		return nil
	})
	return err
}

// checkAfter finds a target that does not have the rows which the runs so far
// have read.
func (p *planner) checkAfter(t *connectors.Target, name relName) {
	if t.Stream.Spec.Cursor == nil {
		return
	}
	if other := p.filledBy[name.sql()]; t.Stream.Spec.Cursor.After == nil && other != "" && t.Exists && t.Stream.Spec.WriteMode == connectors.Append {
		problem(t, "%s has the rows that pipeline %q has read, and this run would append them again: keep that pipeline's name, or choose another target", name, other)
	}
	if t.Stream.Spec.Cursor.After == nil {
		return
	}
	again := "rbt run --from-start reads everything again"
	if t.Stream.Spec.WriteMode == connectors.Append {
		again = "to read everything again, delete the stream from _rbt.positions in the destination"
	}
	switch after := t.Stream.Spec.Cursor.After; {
	case after.Target != name.sql():
		problem(t, "the runs so far filled %s, not %s: keep the target; %s", after.Target, name, again)
	case !t.Exists:
		problem(t, "%s is not there any more, with the rows of the runs so far: %s", name, again)
	}
}
