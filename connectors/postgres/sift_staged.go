package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// span is some of the staged rows: those of a range of blocks, or of a list.
type span struct {
	from, to int64    // blocks; to is not among them
	rows     []string // their ctids; nil where the blocks count
}

func (s span) where() string {
	if s.rows != nil {
		return " WHERE ctid = ANY ('{" + quotedCtids(s.rows) + "}'::tid[])"
	}
	return fmt.Sprintf(" WHERE ctid >= '(%d,0)' AND ctid < '(%d,0)'", s.from, s.to)
}

func quotedCtids(ctids []string) string { return `"` + strings.Join(ctids, `","`) + `"` }

// moving puts the staged rows for which a condition holds into a table, and
// returns how many it took.
type moving func(ctx context.Context, tx pgx.Tx, where string) (int64, error)

// movingBy moves them by a statement that sql makes for the condition.
func movingBy(sql func(where string) string) moving {
	return func(ctx context.Context, tx pgx.Tx, where string) (int64, error) {
		tag, err := tx.Exec(ctx, sql(where))
		return tag.RowsAffected(), err
	}
}

// moveStaged moves all staged rows into the target. Where bad rows are put aside it halves what is refused
// until single rows are left. It returns how many rows the target took.
func (p *publication) moveStaged(ctx context.Context, tx pgx.Tx, move moving) (int64, error) {
	if p.target.Stream.Spec.Rejects == nil {
		moved, err := move(ctx, tx, "")
		if refusesRow(err) {
			err = &opError{doing: "publish " + p.facts.name.String(), err: err, row: true}
		}
		return moved, err
	}
	// What is checked at the commit could not be put down to a row any more.
	if _, err := tx.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return 0, err
	}
	all, err := p.allStaged(ctx, tx)
	if err != nil {
		return 0, err
	}
	return p.siftStaged(ctx, tx, move, all, false)
}

// allStaged is the span of all rows.
func (p *publication) allStaged(ctx context.Context, tx pgx.Tx) (all span, err error) {
	const size = "SELECT pg_relation_size($1::regclass) / current_setting('block_size')::bigint"
	err = tx.QueryRow(ctx, size, p.staging.sql()).Scan(&all.to)
	return all, err
}

// siftStaged moves the rows of a span. bad says that one of them is known to be
// refused.
func (p *publication) siftStaged(ctx context.Context, tx pgx.Tx, move moving, s span, bad bool) (moved int64, err error) {
	if s.rows == nil && s.from == s.to || s.rows != nil && len(s.rows) == 0 {
		return 0, nil
	}
	if !bad || len(s.rows) == 1 {
		moved, refused, err := p.trySpan(ctx, tx, move, s)
		if err != nil || refused == nil {
			return moved, err
		}
		if len(s.rows) == 1 {
			return 0, p.rejectStaged(ctx, tx, s.rows[0], refused)
		}
	}
	left, right, err := p.halve(ctx, tx, s)
	if err != nil {
		return 0, err
	}
	before := len(p.refused)
	first, err := p.siftStaged(ctx, tx, move, left, false)
	if err != nil {
		return 0, err
	}
	second, err := p.siftStaged(ctx, tx, move, right, len(p.refused) == before)
	return first + second, err
}

// trySpan moves the rows of a span, or none of them where one is refused. A savepoint
// that is only rolled back stays open, with a lock of its own: thousands of them fill
// the server's table of locks.
func (p *publication) trySpan(ctx context.Context, tx pgx.Tx, move moving, s span) (moved int64, refused, err error) {
	if _, err := tx.Exec(ctx, "SAVEPOINT rbt_span"); err != nil {
		return 0, nil, err
	}
	end := "RELEASE SAVEPOINT rbt_span"
	moved, err = move(ctx, tx, s.where())
	switch {
	case p.swaps(err):
		return 0, nil, fmt.Errorf("%w; rows cannot be put aside for it, since the key is DEFERRABLE, so that rows may be good together which are not alone", err)
	case refusesRow(err):
		moved, refused = 0, err
		end = "ROLLBACK TO SAVEPOINT rbt_span; " + end
	case err != nil:
		return 0, nil, err
	}
	_, err = tx.Exec(ctx, end)
	return moved, refused, err
}

// swaps reports whether an error is about a key that is checked when a statement
// ends. Rows that swap its values are good together only, so that halves of them
// say nothing.
func (p *publication) swaps(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && slices.Contains(p.deferrable, deferrableKey{pg.SchemaName, pg.TableName, pg.ConstraintName})
}

// halve divides a span; a single block into its rows.
func (p *publication) halve(ctx context.Context, tx pgx.Tx, s span) (left, right span, err error) {
	if half := s.from + (s.to-s.from)/2; s.rows == nil && half > s.from {
		return span{from: s.from, to: half}, span{from: half, to: s.to}, nil
	}
	if s.rows == nil {
		rows, err := tx.Query(ctx, "SELECT ctid::text FROM "+p.staging.sql()+s.where())
		if err != nil {
			return left, right, err
		}
		if s.rows, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return left, right, err
		}
		if len(s.rows) == 1 {
			return span{}, s, nil
		}
	}
	half := len(s.rows) / 2
	return span{rows: s.rows[:half]}, span{rows: s.rows[half:]}, nil
}

// rejectStaged puts a staged row aside.
func (p *publication) rejectStaged(ctx context.Context, tx pgx.Tx, ctid string, refused error) error {
	most := p.target.Stream.Spec.Rejects.Max
	if p.refused = append(p.refused, ctid); int64(len(p.refused)) > most {
		return &connectors.TooManyRejectsError{Max: most, Last: describe(refused)}
	}
	var row rejectedRow
	sql := "COPY (SELECT " + idents(p.target.Columns) + " FROM " + p.staging.sql() + span{rows: []string{ctid}}.where() + ") TO STDOUT"
	if _, err := tx.Conn().PgConn().CopyTo(ctx, &row, sql); err != nil {
		return err
	}
	all := connectors.Part{RunID: p.load.attempt.RunID, Stream: p.target.Stream.Spec.Name, Generation: p.row.generation,
		Sift: &connectors.Sift{Columns: p.target.Columns, Key: p.target.Stream.RowKey()}}
	_, err := tx.Exec(ctx, insertReject(all, row, refused, tx.Conn().PgConn().ParameterStatus("server_encoding")))
	return err
}
