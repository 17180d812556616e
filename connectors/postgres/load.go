package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// load is a run's session on the destination.
type load struct {
	dest    *Destination
	run     connectors.Run
	attempt connectors.Attempt
	pool    *pool
	vitals  *vitals

	drafts sync.Map // by stream name, the *draft that Stage left for Publish

	mu     sync.Mutex // guards the fields below
	lock   pipelineLock
	heldAt time.Time // when the lock was last known to be held
}

// Begin takes the pipeline's lock and opens its books.
func (d *Destination) Begin(ctx context.Context, r connectors.Run) (_ connectors.Load, err error) {
	defer func() { err = onDestination(err) }()
	l := &load{
		dest:   d,
		run:    r,
		pool:   newPool(2+d.options.IndexJobs, d.connect),
		vitals: newVitals(d.connect),
		lock:   pipelineLock{pipeline: r.Pipeline, connect: d.connect},
	}
	if err := l.lock.take(ctx); err != nil {
		return nil, err
	}
	if r.Locked != nil {
		r.Locked()
	}
	if err := l.open(ctx); err != nil {
		hangUp(l.lock.conn)
		return nil, err
	}
	return l, nil
}

// open finds the run to take up, or writes a new one into the books.
func (l *load) open(ctx context.Context) error {
	if err := openBooks(ctx, l.lock.conn); err != nil {
		return err
	}
	err := pgx.BeginFunc(ctx, l.lock.conn, func(tx pgx.Tx) error {
		last, _, err := lastUnfinished(ctx, tx, l.run.Pipeline)
		if err != nil {
			return err
		}
		if last != "" {
			// A transaction of the last attempt may be under way on the server
			// although its process is dead. It holds the run's row.
			if err := l.endOrphans(ctx, tx, "_rbt.runs"); err != nil {
				return err
			}
		}
		if last != "" && !l.run.Restart {
			return l.takeUp(ctx, tx, last)
		}
		return l.start(ctx, tx, last)
	})
	return wrap("write the run into the books", err)
}

// lastUnfinished returns the pipeline's run that a new attempt belongs to, with its
// last one, or nothing.
func lastUnfinished(ctx context.Context, tx pgx.Tx, pipeline string) (runID string, attempt int, err error) {
	const sql = `
SELECT run_id, attempt FROM _rbt.runs WHERE pipeline = $1 AND status NOT IN ('done', 'abandoned')
ORDER BY started_at DESC LIMIT 1`
	err = tx.QueryRow(ctx, sql, pipeline).Scan(&runID, &attempt)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, nil
	}
	return runID, attempt, err
}

// takeUp makes this load the next attempt of a run. From here on no earlier
// attempt can change anything.
func (l *load) takeUp(ctx context.Context, tx pgx.Tx, runID string) error {
	const sql = `
UPDATE _rbt.runs SET attempt = attempt + 1, status = 'running', attempted_at = now(), finished_at = NULL,
	error = NULL, version = $2, host = $3, pid = $4
WHERE run_id = $1 RETURNING attempt`
	l.attempt.RunID = runID
	err := tx.QueryRow(ctx, sql, runID, l.run.Version, hostname(), os.Getpid()).Scan(&l.attempt.Number)
	if err != nil {
		return err
	}
	l.attempt.Streams, err = readStreams(ctx, tx, runID)
	return err
}

// start writes a new run. What an unfinished one before it left goes, except
// for the foreign keys that it took off: the new run owes them now.
func (l *load) start(ctx context.Context, tx pgx.Tx, unfinished string) error {
	const insert = `
INSERT INTO _rbt.runs (run_id, pipeline, attempt, status, version, host, pid) VALUES ($1, $2, 1, 'running', $3, $4, $5)`
	l.attempt = connectors.Attempt{RunID: l.run.ID, Number: 1, Streams: map[string]connectors.StreamState{}}
	if _, err := tx.Exec(ctx, insert, l.run.ID, l.run.Pipeline, l.run.Version, hostname(), os.Getpid()); err != nil {
		return err
	}
	if unfinished != "" {
		if err := l.abandon(ctx, tx, unfinished); err != nil {
			return err
		}
	}
	const sweep = `
DELETE FROM _rbt.marks m USING _rbt.runs r
WHERE m.run_id = r.run_id AND r.pipeline = $1 AND r.status IN ('done', 'abandoned')`
	_, err := tx.Exec(ctx, sweep, l.run.Pipeline)
	return err
}

// abandon ends a run that nobody will take up.
func (l *load) abandon(ctx context.Context, tx pgx.Tx, runID string) error {
	staging, err := leftovers(ctx, tx, runID, "true")
	if err != nil {
		return err
	}
	for _, table := range staging {
		if err := l.dropStaging(ctx, tx, table); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, "UPDATE _rbt.foreign_keys SET run_id = $2 WHERE run_id = $1 AND NOT at_source", runID, l.run.ID); err != nil {
		return err
	}
	const unpublished = `
DELETE FROM _rbt.rejects j USING _rbt.streams s
WHERE j.run_id = $1 AND s.run_id = j.run_id AND s.stream = j.stream AND s.generation = j.generation AND s.published_at IS NULL`
	if _, err := tx.Exec(ctx, unpublished, runID); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "UPDATE _rbt.runs SET status = 'abandoned', finished_at = now() WHERE run_id = $1", runID)
	return err
}

func readStreams(ctx context.Context, tx pgx.Tx, runID string) (map[string]connectors.StreamState, error) {
	const sql = `
SELECT stream, generation, definition, coalesce(rows, 0), coalesce(plan::text, ''), published_at,
	(SELECT count(*) FROM _rbt.rejects j WHERE j.run_id = s.run_id AND j.stream = s.stream AND j.generation = s.generation)
FROM _rbt.streams s WHERE run_id = $1`
	rows, err := tx.Query(ctx, sql, runID)
	if err != nil {
		return nil, err
	}
	states := map[string]connectors.StreamState{}
	var name, plan string
	var s connectors.StreamState
	var published *time.Time
	_, err = pgx.ForEachRow(rows, []any{&name, &s.Generation, &s.Definition, &s.Rows, &plan, &published, &s.Rejected}, func() error {
		state := s
		if plan != "" {
			state.Plan = []byte(plan)
		}
		if state.Published = published != nil; state.Published {
			state.PublishedAt = *published
		}
		states[name] = state
		return nil
	})
	return states, err
}

func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// Attempt says which run this load belongs to, as it was at the beginning.
func (l *load) Attempt() connectors.Attempt { return l.attempt }

// Writer opens a connection for a lane.
func (l *load) Writer(ctx context.Context) (connectors.Writer, error) {
	return newWriter(ctx, l.dest.config)
}

// Note writes a stream's plan into the books.
func (l *load) Note(ctx context.Context, stream string, generation int, plan []byte) error {
	const sql = `UPDATE _rbt.streams SET plan = $4::jsonb WHERE run_id = $1 AND stream = $2 AND generation = $3`
	return onDestination(l.change(ctx, "note the plan of "+stream, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sql, l.attempt.RunID, stream, generation, string(plan))
		if err == nil && tag.RowsAffected() == 0 {
			err = fmt.Errorf("the books know no generation %d of it", generation)
		}
		return err
	}))
}

// Marks returns what each part holds that is committed for good.
//
// Writers commit without waiting for the disk, so Marks commits something
// itself, waits for it to be on disk, and thereby has all before it there too.
func (l *load) Marks(ctx context.Context, stream string, generation int) (map[int64]connectors.Committed, error) {
	const sql = `SELECT mark, rows, bytes FROM _rbt.marks WHERE run_id = $1 AND stream = $2 AND generation = $3`
	marks := map[int64]connectors.Committed{}
	err := l.change(ctx, "read the marks of "+stream, func(tx pgx.Tx) error {
		clear(marks)
		rows, err := tx.Query(ctx, sql, l.attempt.RunID, stream, generation)
		if err != nil {
			return err
		}
		var mark int64
		var c connectors.Committed
		if _, err = pgx.ForEachRow(rows, []any{&mark, &c.Rows, &c.Bytes}, func() error {
			marks[mark] = c
			return nil
		}); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, "UPDATE _rbt.streams SET plan = plan WHERE run_id = $1 AND stream = $2", l.attempt.RunID, stream)
		return err
	})
	return marks, onDestination(err)
}

// change runs one transaction on the books, fenced and committed to disk.
func (l *load) change(ctx context.Context, doing string, work func(pgx.Tx) error) error {
	return l.use(ctx, func(conn *pgx.Conn) error { return l.commit(ctx, conn, doing, "on", work) })
}

// prepare runs one fenced transaction whose loss in a crash costs nothing but
// doing it again: its commit does not wait for the disk. The next one of change
// takes it to the disk too.
func (l *load) prepare(ctx context.Context, doing string, work func(pgx.Tx) error) error {
	return l.use(ctx, func(conn *pgx.Conn) error { return l.commit(ctx, conn, doing, "off", work) })
}

// use runs work on a connection, with the pipeline's lock held.
func (l *load) use(ctx context.Context, work func(*pgx.Conn) error) error {
	if err := l.hold(ctx); err != nil {
		return err
	}
	return l.pool.use(ctx, work)
}

// commit runs one fenced transaction on the connection.
func (l *load) commit(ctx context.Context, conn *pgx.Conn, doing, synchronous string, work func(pgx.Tx) error) error {
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := l.fence(ctx, tx, synchronous); err != nil {
			return err
		}
		return work(tx)
	})
	return wrapUntold(doing, err)
}

// errSuperseded ends an attempt that was thought dead.
var errSuperseded = errors.New("another process has taken this run up meanwhile")

// fence keeps an attempt that was thought dead from changing anything. The
// lock on the row is shared, so that streams can be published side by side;
// the attempt that takes the run up waits for it.
func (l *load) fence(ctx context.Context, tx pgx.Tx, synchronous string) error {
	const sql = `
SELECT set_config('synchronous_commit', $3, true) FROM _rbt.runs
WHERE run_id = $1 AND attempt = $2 AND status = 'running' FOR SHARE`
	var set string
	err := tx.QueryRow(ctx, sql, l.attempt.RunID, l.attempt.Number, synchronous).Scan(&set)
	if errors.Is(err, pgx.ErrNoRows) {
		return errSuperseded
	}
	return err
}

// heldFor is how long the lock counts as held without another question. The
// fence keeps what is done meanwhile from doing harm, should it be lost.
const heldFor = time.Second

// hold makes sure that the lock is still this load's: its connection may have
// died with the server, or on the way.
func (l *load) hold(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if time.Since(l.heldAt) < heldFor && !l.lock.conn.IsClosed() {
		return nil
	}
	l.heldAt = time.Now()
	if l.lock.held(ctx) {
		return nil
	}
	l.heldAt = time.Time{}
	err := l.lock.retake(ctx)
	var locked *connectors.LockedError
	if errors.As(err, &locked) {
		return fmt.Errorf("the connection that held the pipeline's lock was lost, and another process took it: %w", err)
	}
	return err
}
