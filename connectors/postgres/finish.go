package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Finish closes the books and gives the lock back.
func (l *load) Finish(ctx context.Context, o connectors.Outcome) (err error) {
	defer func() { err = onDestination(err) }()
	err = l.finish(ctx, o)
	if !connectors.Retryable(err) {
		l.Close()
	}
	return err
}

func (l *load) finish(ctx context.Context, o connectors.Outcome) error {
	var keys error
	if o.Status == "done" {
		if keys = l.payKeys(ctx); connectors.Retryable(keys) {
			return keys
		}
		if keys != nil {
			o.Status, o.Error = "failed", keys.Error()
		}
	}
	err := l.change(ctx, "close the books", func(tx pgx.Tx) error { return l.closeBooks(ctx, tx, o) })
	if errors.Is(err, errSuperseded) && l.finished(ctx, o.Status) {
		err = nil // an earlier call did, and never heard of it
	}
	if keys != nil {
		return keys
	}
	return err
}

// finished reports whether the books say that this attempt ended so.
func (l *load) finished(ctx context.Context, status string) (yes bool) {
	const sql = "SELECT count(*) > 0 FROM _rbt.runs WHERE run_id = $1 AND attempt = $2 AND status = $3 AND finished_at IS NOT NULL"
	err := l.use(ctx, func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, sql, l.attempt.RunID, l.attempt.Number, status).Scan(&yes)
	})
	return err == nil && yes
}

// Close gives the lock back.
func (l *load) Close() {
	l.pool.close()
	l.vitals.close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lock.release()
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
