package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

const terminateOne = `SELECT pg_terminate_backend(pid) FROM (
	SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'rbt/%'
	ORDER BY random() LIMIT 1) one`

// afterParts calls do once, in a goroutine of its own, when n parts are done.
// It returns the channel that do's end closes.
func afterParts(cfg *runtime.Config, n int, do func()) <-chan struct{} {
	done := make(chan struct{})
	parts := 0
	next := cfg.Events
	cfg.Events = func(e runtime.Event) {
		if next != nil {
			next(e)
		}
		if _, ok := e.(runtime.PartDone); !ok {
			return
		}
		if parts++; parts == n {
			go func() {
				defer close(done)
				do()
			}()
		}
	}
	return done
}

// TestTerminatedBackends ends random sessions of rbt on both sides while it
// copies. Every row must arrive once all the same.
func TestTerminatedBackends(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	for range 5 {
		cfg := config(src.DSN, dst.DSN, stream("orders"))
		ended := afterParts(&cfg, 1, func() {
			for range 4 {
				for _, db := range []*pgtest.DB{src, dst} {
					db.Query(t, terminateOne)
				}
				time.Sleep(time.Duration(10+rand.IntN(60)) * time.Millisecond)
			}
		})
		mustRun(t, cfg)
		<-ended
		sameRows(t, src, dst, "orders")
		nothingLeft(t, dst)
	}
}

// forgetful starts a server that a crash makes forget what was committed without
// waiting for the disk: nobody but a commit that waits writes its log.
func forgetful(t *testing.T) *pgcluster.Cluster {
	return pgtest.Cluster(t, pgcluster.Options{Durable: true, Settings: map[string]string{
		"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB", "wal_buffers": "64MB", "bgwriter_lru_maxpages": "0", "autovacuum": "off",
	}})
}

// TestDestinationCrash crashes the destination while parts are committed
// without waiting for the disk: those that are lost must be copied again.
func TestDestinationCrash(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, orders)
	server := forgetful(t)
	dst := pgtest.On(t, server)
	for _, n := range []int{1, 5, 15} {
		cfg := config(src.DSN, dst.DSN, stream("orders"))
		crashed := afterParts(&cfg, n, func() {
			if err := server.Restart(context.Background(), pgcluster.Immediate); err != nil {
				t.Error(err)
			}
		})
		s := mustRun(t, cfg)
		<-crashed
		sameRows(t, src, dst, "orders")
		nothingLeft(t, dst)
		books := dst.Query(t, "SELECT bytes FROM _rbt.streams ORDER BY published_at DESC LIMIT 1")
		if got := fmt.Sprint(s.Bytes); got != books[0][0] {
			t.Errorf("a crash after %d parts: %s bytes, and %s by the books", n, got, books[0][0])
		}
	}
}

// TestSourceRestart loses the snapshot for good.
func TestSourceRestart(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	src, dst := pgtest.On(t, server), pgtest.New(t)
	src.Exec(t, orders+"CREATE TABLE tiny (id int PRIMARY KEY); INSERT INTO tiny VALUES (1)")
	for _, resume := range []connectors.Resume{connectors.Restart, connectors.Continue} {
		t.Run(string(resume), func(t *testing.T) {
			spec := stream("orders")
			spec.Resume = resume
			cfg := config(src.DSN, dst.DSN, spec, stream("tiny"))
			restarted := afterParts(&cfg, 10, func() {
				if err := server.Restart(context.Background(), pgcluster.Fast); err != nil {
					t.Error(err)
				}
			})
			s := mustRun(t, cfg)
			<-restarted
			sameRows(t, src, dst, "orders", "tiny")
			nothingLeft(t, dst)
			told := strings.Contains(strings.Join(s.Notes, "\n"), "lost the snapshot")
			if !told {
				t.Errorf("notes %q do not tell that the snapshot was lost", s.Notes)
			}
			if kept := strings.Contains(strings.Join(s.Notes, "\n"), "kept from an earlier moment"); kept != (resume == connectors.Continue) {
				t.Errorf("notes %q with resume %s", s.Notes, resume)
			}
			if resume == connectors.Continue && s.OneMoment {
				t.Error("a continued table passes for one moment")
			}
		})
	}
}

// TestInterrupt stops a run in the middle: it must end soon, and leave nothing
// that anybody sees.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	for _, mode := range []connectors.WriteMode{connectors.Replace, connectors.Append} {
		spec := stream("orders")
		spec.WriteMode = mode
		cfg := config(src.DSN, dst.DSN, spec)
		ctx, cancel := context.WithCancelCause(t.Context())
		stop := errors.New("stopped by the test")
		var at time.Time
		stopped := afterParts(&cfg, 5, func() { at = time.Now(); cancel(stop) })
		s, err := runtime.Run(ctx, cfg)
		<-stopped
		if !errors.Is(err, stop) || s.Status != "interrupted" {
			t.Fatalf("%v, %+v", err, s)
		}
		if took := time.Since(at); took > 5*time.Second {
			t.Errorf("it took %v to stop", took)
		}
		nothingLeft(t, dst)
		if got := dst.Query(t, "SELECT to_regclass('orders')"); got[0][0] != "NULL" {
			t.Errorf("the target is there after an interrupted first run")
		}
		cfg.Events = nil
		if s = mustRun(t, cfg); s.Attempt != 2 {
			t.Errorf("attempt %d, want 2", s.Attempt)
		}
		sameRows(t, src, dst, "orders")
		dst.Exec(t, "DROP TABLE orders")
	}
}

// TestContinue goes on where an interrupted run stopped, with rows that
// changed meanwhile.
func TestContinue(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	spec := stream("orders")
	spec.Resume = connectors.Continue
	cfg := config(src.DSN, dst.DSN, spec)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := afterParts(&cfg, 8, cancel)
	if _, err := runtime.Run(ctx, cfg); err == nil {
		t.Fatal("the run was not interrupted")
	}
	<-stopped
	// New versions of rows lie in other blocks, and some keys are new.
	src.Exec(t, "UPDATE orders SET note = 'changed'; INSERT INTO orders SELECT i, 1, 1, now(), 'new' FROM generate_series(60001, 61000) i")
	var parts int
	cfg.Events = func(e runtime.Event) {
		if _, ok := e.(runtime.PartDone); ok {
			parts++
		}
	}
	s := mustRun(t, cfg)
	if s.OneMoment || len(s.Notes) == 0 {
		t.Errorf("one moment: %t, notes %v", s.OneMoment, s.Notes)
	}
	// Every key once; each row as it was at one of the two moments.
	got := dst.Query(t, `SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE note = 'changed') > 0, count(*) FILTER (WHERE note <> 'changed' AND note <> 'new') > 0 FROM orders`)
	if want := "[61000 61000 t t]"; fmt.Sprint(got[0]) != want {
		t.Errorf("count, keys, new and old rows: %v, want %s", got[0], want)
	}
	nothingLeft(t, dst)
}

// TestSecondRun holds that one pipeline runs once at a time.
func TestSecondRun(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	cfg := config(src.DSN, dst.DSN, stream("orders"))
	var second error
	tried := afterParts(&cfg, 1, func() {
		other := config(src.DSN, dst.DSN, stream("orders"))
		_, second = runtime.Run(context.Background(), other)
	})
	mustRun(t, cfg)
	<-tried
	var locked *connectors.LockedError
	if !errors.As(second, &locked) {
		t.Fatalf("the second run: %v, want a LockedError", second)
	}
}

// TestAppendAgain appends twice, and not a third time where the run that did
// so was only interrupted behind it.
func TestAppendAgain(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders+"CREATE TABLE tiny (id int); INSERT INTO tiny VALUES (1), (2)")
	dst.Exec(t, "CREATE TABLE tiny (id int)")
	tiny := stream("tiny")
	tiny.WriteMode = connectors.Append
	cfg := config(src.DSN, dst.DSN, tiny)
	for range 2 {
		mustRun(t, cfg)
		cfg.Run.ID += "x"
	}
	cfg = config(src.DSN, dst.DSN, tiny, stream("orders"))
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Events = func(e runtime.Event) {
		if e, ok := e.(runtime.StreamDone); ok && e.Stream == "public.tiny" {
			cancel()
		}
	}
	if _, err := runtime.Run(ctx, cfg); err == nil {
		t.Skip("the run was over before it could be interrupted")
	}
	cfg.Events = nil
	s := mustRun(t, cfg)
	if got := dst.Query(t, "SELECT count(*) FROM tiny")[0][0]; got != "6" {
		t.Errorf("%s rows after three appends of 2, notes %v", got, s.Notes)
	}
	sameRows(t, src, dst, "orders")
}

// finishing fails to Finish at first.
type finishing struct{ connectors.Destination }

type finishingLoad struct {
	connectors.Load
	failed bool
}

type passing struct{ error }

func (passing) Retryable() bool { return true }

func (d finishing) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	load, err := d.Destination.Begin(ctx, r)
	return &finishingLoad{Load: load}, err
}

func (l *finishingLoad) Finish(ctx context.Context, o connectors.Outcome) error {
	if !l.failed {
		l.failed = true
		return passing{errors.New("it will pass")}
	}
	return l.Load.Finish(ctx, o)
}

// TestFinishAgain holds that a connection lost at the very end does not fail a
// run that has copied everything.
func TestFinishAgain(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE tiny (id int); INSERT INTO tiny VALUES (1), (2)")
	cfg := config(src.DSN, dst.DSN, stream("tiny"))
	cfg.Destination = finishing{cfg.Destination}
	mustRun(t, cfg)
	if got := dst.Query(t, "SELECT status FROM _rbt.runs")[0][0]; got != "done" {
		t.Errorf("status %s in the books", got)
	}
}

// unheard loses the answers to the first commits of its writers.
type unheard struct {
	connectors.Destination
	left *atomic.Int64
}

type unheardLoad struct {
	connectors.Load
	left *atomic.Int64
}

type unheardWriter struct {
	connectors.Writer
	left *atomic.Int64
}

func (d unheard) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	load, err := d.Destination.Begin(ctx, r)
	return unheardLoad{load, d.left}, err
}

func (l unheardLoad) Writer(ctx context.Context) (connectors.Writer, error) {
	w, err := l.Load.Writer(ctx)
	return unheardWriter{w, l.left}, err
}

func (w unheardWriter) Commit(ctx context.Context, rows int64) error {
	err := w.Writer.Commit(ctx, rows)
	if err == nil && w.left.Add(-1) >= 0 {
		err = passing{errors.New("the answer is lost")}
	}
	return err
}

// TestCommitUnheard holds that a part whose commit was not heard of is not
// copied again.
func TestCommitUnheard(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	cfg := config(src.DSN, dst.DSN, stream("orders"))
	var left atomic.Int64
	left.Store(5)
	cfg.Destination = unheard{cfg.Destination, &left}
	tries := 0
	cfg.Events = func(e runtime.Event) {
		if _, ok := e.(runtime.Retry); ok {
			tries++
		}
	}
	mustRun(t, cfg)
	sameRows(t, src, dst, "orders")
	if tries != 5 {
		t.Errorf("%d retries, want 5", tries)
	}
}

// losing loses its first snapshot when lost is closed.
type losing struct {
	connectors.Source
	lost chan struct{}
}

type losingSnapshot struct {
	connectors.Snapshot
	lost chan struct{}
}

func (s *losing) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx, specs)
	lost := s.lost
	s.lost = nil // the next one lasts
	return losingSnapshot{snap, lost}, err
}

func (s losingSnapshot) Hold(ctx context.Context) error {
	select {
	case <-s.lost:
		return connectors.ErrSnapshotLost
	case <-ctx.Done():
		return nil
	}
}

// publishing calls published behind the first Publish, before anybody else
// knows how it went.
type publishing struct {
	connectors.Destination
	published func()
}

type publishingLoad struct {
	connectors.Load
	published func()
}

func (d publishing) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	load, err := d.Destination.Begin(ctx, r)
	return publishingLoad{load, sync.OnceFunc(d.published)}, err
}

func (l publishingLoad) Publish(ctx context.Context, t *connectors.Target, loaded connectors.Loaded, progress func(string)) (int64, error) {
	deleted, err := l.Load.Publish(ctx, t, loaded, progress)
	l.published()
	select {
	case <-ctx.Done(): // the answer is lost
		return 0, ctx.Err()
	case <-time.After(time.Second):
		return deleted, err
	}
}

// TestLostWhilePublishing loses the snapshot while a stream is published: that
// needs the source no more, and rows that are appended must not be appended
// again.
func TestLostWhilePublishing(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE tiny (id int); INSERT INTO tiny VALUES (1), (2)")
	dst.Exec(t, "CREATE TABLE tiny (id int)")
	tiny := stream("tiny")
	tiny.WriteMode = connectors.Append
	cfg := config(src.DSN, dst.DSN, tiny)
	lost := make(chan struct{})
	cfg.Source = &losing{cfg.Source, lost}
	cfg.Destination = publishing{cfg.Destination, func() { close(lost) }}
	mustRun(t, cfg)
	if got := dst.Query(t, "SELECT count(*) FROM tiny")[0][0]; got != "2" {
		t.Errorf("%s rows, want 2", got)
	}
}

// TestWaitingChange lets somebody wait for an exclusive lock on a table while
// the run reads it: neither lanes nor other streams may wait behind.
func TestWaitingChange(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders+"CREATE TABLE later (id int PRIMARY KEY); INSERT INTO later SELECT generate_series(1, 1000)")
	cfg := config(src.DSN, dst.DSN, stream("orders"), stream("later"))
	// A lane that opens behind the change gives its part to one that is before it.
	cfg.Source = postgres.NewSource(postgres.Config{DSN: src.DSN, Pipeline: "test", LockTimeout: time.Second}, postgres.SourceOptions{})
	changed := afterParts(&cfg, 8, func() {
		src.Exec(t, "ALTER TABLE orders ADD COLUMN more int; TRUNCATE later")
	})
	s := mustRun(t, cfg)
	<-changed
	if got := dst.Query(t, "SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM later)"); fmt.Sprint(got[0]) != "[60000 1000]" {
		t.Errorf("rows: %v, want those of before the change; notes %v", got[0], s.Notes)
	}
}

// lateSource opens the source connections of all lanes but the first when late
// is closed.
type lateSource struct {
	connectors.Source
	late   <-chan struct{}
	opened *atomic.Int32
}

type lateSnapshot struct {
	connectors.Snapshot
	late   <-chan struct{}
	opened *atomic.Int32
}

func (s lateSource) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx, specs)
	return lateSnapshot{snap, s.late, s.opened}, err
}

func (s lateSnapshot) Reader(ctx context.Context) (connectors.Reader, error) {
	if s.opened.Add(1) > 1 {
		select {
		case <-s.late:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return s.Snapshot.Reader(ctx)
}

// TestLateLanes opens all lanes but one behind a change that waits for the run
// to end: the one must copy their parts.
func TestLateLanes(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders)
	cfg := config(src.DSN, dst.DSN, stream("orders"))
	late := make(chan struct{})
	own := postgres.NewSource(postgres.Config{DSN: src.DSN, Pipeline: "test", LockTimeout: 100 * time.Millisecond}, postgres.SourceOptions{})
	opened := &atomic.Int32{}
	cfg.Source = lateSource{own, late, opened}
	cfg.RetryFor = 3 * time.Second
	cfg.WorkerCap = 16
	seen := record(&cfg)
	changing := make(chan struct{})
	changed := afterParts(&cfg, 1, func() {
		defer close(late)
		go func() {
			defer close(changing)
			src.Exec(t, "ALTER TABLE orders ADD COLUMN more int")
		}()
		for src.Query(t, "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND NOT granted")[0][0] == "0" {
			time.Sleep(time.Millisecond)
		}
	})
	mustRun(t, cfg)
	<-changed
	<-changing
	if notices := of[runtime.Notice](seen); len(notices) != 1 {
		t.Errorf("%v, want to be told once that lanes are missing", notices)
	}
	if n := opened.Load(); n != 4 {
		t.Errorf("%d lanes tried to open, want the four that there are without tuning", n)
	}
	if got := dst.Query(t, "SELECT count(*) FROM orders")[0][0]; got != "60000" {
		t.Errorf("%s rows, want 60000", got)
	}
}
