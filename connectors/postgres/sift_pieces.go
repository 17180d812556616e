package postgres

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// siftForPieces puts the staged rows aside for which an index or a constraint
// cannot be built, and finds out anew what is missing. The rows go into a table
// that has all pieces from the beginning: what it refuses, in the order in which
// the rows lie, is to blame. Of rows with equal keys the first one stays. refused
// is what building said, and the error where no row is to blame.
func (p *publication) siftForPieces(ctx context.Context, refused error) error {
	p.refused = nil
	p.progress("look for bad rows")
	return p.load.prepare(ctx, "publish "+p.facts.name.String(), func(tx pgx.Tx) error {
		sieve := relName{p.staging.Schema, stagingPrefix + digest(p.staging.Name, "sieve")}
		pieces, err := p.plannedPieces(ctx, tx.Conn(), sieve)
		if err != nil {
			return err
		}
		// What is checked at the commit could not be put down to a row any more.
		sql := []string{"SET LOCAL lock_timeout = 0", "SET CONSTRAINTS ALL IMMEDIATE", "CREATE UNLOGGED TABLE " + sieve.sql() + " (" + like(p.staging) + ")"}
		for _, piece := range pieces {
			sql = append(sql, piece.build)
		}
		if err := execAll(ctx, tx, sql); err != nil {
			return err
		}
		all, err := p.allStaged(ctx, tx)
		if err != nil {
			return err
		}
		insert := movingBy(func(where string) string { return p.insertSQL(sieve, p.staging, where) })
		intoSieve := func(ctx context.Context, tx pgx.Tx, where string) (int64, error) {
			moved, err := insert(ctx, tx, where)
			return moved, p.inItsNames(err, sieve, pieces...)
		}
		if _, err := p.siftStaged(ctx, tx, intoSieve, all, true); err != nil {
			return err
		}
		if err := p.checkParts(ctx, tx); err != nil {
			return err
		}
		if len(p.refused) == 0 {
			return refused
		}
		// An index is built on rows too that were deleted a moment ago.
		err = execAll(ctx, tx, []string{"TRUNCATE " + p.staging.sql(), p.insertSQL(p.staging, sieve, ""), "DROP TABLE " + sieve.sql()})
		if err != nil {
			return err
		}
		return p.findMissing(ctx, tx)
	})
}

// checkParts makes sure that no part was undone by a crash meanwhile.
func (p *publication) checkParts(ctx context.Context, tx pgx.Tx) error {
	const sql = "SELECT count(*) FROM _rbt.marks WHERE run_id = $1 AND stream = $2 AND generation = $3"
	var parts int
	err := tx.QueryRow(ctx, sql, p.load.attempt.RunID, p.target.Stream.Spec.Name, p.row.generation).Scan(&parts)
	if err == nil && parts != p.loaded.Parts {
		err = connectors.ErrUndone
	}
	return err
}

// inItsNames has a server's error about a table and its pieces speak of the
// target's, as people know them.
func (p *publication) inItsNames(err error, table relName, pieces ...piece) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		names := []string{table.Name, p.facts.name.Name}
		for _, piece := range pieces {
			names = append(names, piece.temporary, piece.name)
		}
		plain := strings.NewReplacer(names...)
		pg.Message, pg.Detail = plain.Replace(pg.Message), plain.Replace(pg.Detail)
	}
	return err
}
