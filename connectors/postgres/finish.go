package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Finish closes the books and gives the lock back.
func (l *load) Finish(ctx context.Context, o connectors.Outcome) (err error) {
	defer func() { err = onDestination(err) }()
	defer l.close()
	var keys error
	if o.Status == "done" {
		if keys = l.payKeys(ctx); keys != nil {
			o.Status, o.Error = "failed", keys.Error()
		}
	}
	err = l.change(ctx, "close the books", func(tx pgx.Tx) error { return l.closeBooks(ctx, tx, o) })
	if keys != nil {
		return keys
	}
	return err
}

func (l *load) close() {
	l.pool.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	hangUp(l.lock.conn)
}

// closeBooks drops the staging tables that nobody will take up.
func (l *load) closeBooks(ctx context.Context, tx pgx.Tx, o connectors.Outcome) error {
	which := "resume <> 'continue'"
	if o.Status == "done" {
		which = "true"
	}
	staging, err := leftovers(ctx, tx, l.attempt.RunID, which)
	if err != nil {
		return err
	}
	for _, table := range staging {
		if err := l.dropStaging(ctx, tx, table); err != nil {
			return err
		}
	}
	const sql = `
UPDATE _rbt.runs SET status = $2, finished_at = now(), snapshot = $3, one_moment = $4, notes = $5, error = nullif($6, '')
WHERE run_id = $1`
	_, err = tx.Exec(ctx, sql, l.attempt.RunID, o.Status, o.Snapshot, o.OneMoment, o.Notes, o.Error)
	return err
}

// leftovers are the staging tables of a run that did not become visible.
func leftovers(ctx context.Context, tx pgx.Tx, runID, which string) ([]string, error) {
	rows, err := tx.Query(ctx,
		"SELECT staging FROM _rbt.streams WHERE run_id = $1 AND published_at IS NULL AND "+which, runID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
