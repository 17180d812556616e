package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// pipelineLock is the advisory lock that keeps a pipeline from running twice
// at a time. The server holds it for as long as the connection lives.
type pipelineLock struct {
	pipeline string
	connect  func(context.Context) (*pgx.Conn, error)
	conn     *pgx.Conn
}

// take gets the lock, or returns a *connectors.LockedError.
func (k *pipelineLock) take(ctx context.Context) error {
	conn, err := k.connect(ctx)
	if err != nil {
		return err
	}
	if err := k.tryLock(ctx, conn); err != nil {
		hangUp(conn)
		return err
	}
	k.conn = conn
	return nil
}

func (k *pipelineLock) tryLock(ctx context.Context, conn *pgx.Conn) error {
	var locked bool
	err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1::bigint)", lockKey("pipeline", k.pipeline)).Scan(&locked)
	switch {
	case err != nil:
		return wrap("take the pipeline's lock", err)
	case locked:
		return nil
	}
	holder, err := k.holder(ctx, conn)
	if err != nil {
		return wrap("find out who holds the pipeline's lock", err)
	}
	return &connectors.LockedError{Pipeline: k.pipeline, Holder: holder}
}

// held asks the server. A caller who is told to stop in the middle must not
// cost the connection, so the question has a time limit of its own.
func (k *pipelineLock) held(ctx context.Context) bool {
	if k.conn.IsClosed() {
		return false
	}
	limit := time.Now().Add(heldPatience)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(limit) {
		limit = deadline
	}
	ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), limit)
	defer cancel()
	return k.conn.Ping(ctx) == nil
}

// heldPatience is how long a server may take to answer before its connection
// counts as lost.
const heldPatience = 15 * time.Second

// retake gets the lock back after its connection died. The server may not have
// noticed the death yet, so the old backend is ended first.
func (k *pipelineLock) retake(ctx context.Context) error {
	old := k.conn.PgConn().PID()
	hangUp(k.conn)
	conn, err := k.connect(ctx)
	if err != nil {
		return err
	}
	if err = k.endHolder(ctx, conn, old); err == nil {
		err = k.tryLock(ctx, conn)
	}
	if err != nil {
		hangUp(conn)
		return err
	}
	k.conn = conn
	return nil
}

// endHolder ends the backend if it is the one that holds the lock, and waits
// until it let go. A backend of that number that does not hold the lock
// belongs to somebody else.
func (k *pipelineLock) endHolder(ctx context.Context, conn *pgx.Conn, backend uint32) error {
	const sql = `
SELECT pg_terminate_backend(pid) FROM pg_locks WHERE pid = $2::int AND ` + holdsLock
	for range 50 {
		tag, err := conn.Exec(ctx, sql, lockKey("pipeline", k.pipeline), int64(backend))
		if err != nil {
			return wrap("end the lost connection that holds the pipeline's lock", err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// holdsLock is true of the row in pg_locks that holds the advisory lock $1.
const holdsLock = `
locktype = 'advisory' AND granted AND objsubid = 1
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
AND (classid::bigint << 32) + objid::bigint = $1::bigint`

// holder says who has the lock: what the books know of the process, else what
// the server knows of its connection.
func (k *pipelineLock) holder(ctx context.Context, conn *pgx.Conn) (string, error) {
	var exist bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('_rbt.runs') IS NOT NULL").Scan(&exist); err != nil {
		return "", err
	}
	if exist {
		const sql = `
SELECT pid, host, attempted_at, run_id FROM _rbt.runs
WHERE pipeline = $1 AND status = 'running' ORDER BY attempted_at DESC LIMIT 1`
		var pid int
		var host, run string
		var since time.Time
		err := conn.QueryRow(ctx, sql, k.pipeline).Scan(&pid, &host, &since, &run)
		if err == nil {
			return fmt.Sprintf("process %d on host %s since %s (run %s)", pid, host, since.UTC().Format("2006-01-02 15:04:05 UTC"), run), nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return "", err
		}
	}
	const sql = `
SELECT format('server process %s, connected from %s', l.pid, coalesce(host(a.client_addr), 'the server''s own host'))
FROM pg_locks l LEFT JOIN pg_stat_activity a USING (pid) WHERE ` + holdsLock
	var text string
	err := conn.QueryRow(ctx, sql, lockKey("pipeline", k.pipeline)).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return "a process that has just ended", nil
	}
	return text, err
}
