package postgres

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
)

const numbers = "create table t (id int primary key, v text); create index by_v on t (v);"

func TestLock(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	first := b.begin(t)
	_, err := b.dest.Begin(t.Context(), connectors.Run{ID: "second", Pipeline: "test"})
	var locked *connectors.LockedError
	if !errors.As(err, &locked) || connectors.Retryable(err) {
		t.Fatalf("error %v, want a *LockedError", err)
	}
	for _, want := range []string{"process ", " on host ", " since ", "(run " + first.Attempt().RunID + ")"} {
		if !strings.Contains(locked.Holder, want) {
			t.Errorf("holder %q does not say %q", locked.Holder, want)
		}
	}
	other := NewDestination(Config{DSN: b.dst.DSN, Pipeline: "other"}, DestinationOptions{})
	l, err := other.Begin(t.Context(), connectors.Run{ID: "third", Pipeline: "other"})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Fatal(err)
	}
	if err := first.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Fatal(err)
	}
	b.begin(t)
}

// First runs that begin at the same moment create the books once.
func TestFirstRunsAtOnce(t *testing.T) {
	db := pgtest.New(t)
	var wg sync.WaitGroup
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		wg.Go(func() {
			d := NewDestination(Config{DSN: db.DSN, Pipeline: name}, DestinationOptions{})
			l, err := d.Begin(t.Context(), connectors.Run{ID: name, Pipeline: name})
			if err == nil {
				err = l.Finish(t.Context(), connectors.Outcome{Status: "done"})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestBooksOfALaterFormat(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.run(t)
	b.dst.Exec(t, "insert into _rbt.meta values (2)")
	_, err := b.dest.Begin(t.Context(), connectors.Run{ID: "r", Pipeline: "test"})
	wantError(t, "the books in schema _rbt have format 2; this rbt reads format 1", err)
}

// A run that was abandoned is taken up under its own ID.
func TestTakeUp(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, numbers+"create table u (id int primary key); insert into t select i, i from generate_series(1, 100) i; insert into u values (1)")
	kept := replace("t")
	kept.Resume = connectors.Continue
	snap, targets := b.targets(t, kept, replace("u"))
	first := b.begin(t)
	loaded := fill(t, snap, first, targets[0])
	if err := first.Note(t.Context(), "t", loaded.Generation, []byte(`{"x": 12345678901234567890}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Publish(t.Context(), targets[1], fill(t, snap, first, targets[1]), nil); err != nil {
		t.Fatal(err)
	}
	first.Close()

	second := b.begin(t)
	attempt := second.Attempt()
	diff(t, first.Attempt().RunID, attempt.RunID)
	diff(t, 2, attempt.Number)
	diff(t, true, attempt.Streams["u"].Published)
	diff(t, int64(1), attempt.Streams["u"].Rows)
	diff(t, false, attempt.Streams["t"].Published)
	diff(t, `{"x": 12345678901234567890}`, string(attempt.Streams["t"].Plan))

	_, targets = b.targets(t, kept)
	again, into, err := second.Stage(t.Context(), targets[0], true)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, loaded.Generation, again)
	diff(t, [][]string{{"100"}}, b.dst.Query(t, "select count(*) from "+strings.TrimSuffix(into, ` ("id", "v")`)))
	marks, err := second.Marks(t.Context(), "t", again)
	if err != nil {
		t.Fatal(err)
	}
	var rows int64
	for _, part := range marks {
		rows += part.Rows
	}
	diff(t, int64(100), rows)
	if _, err := second.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Fatal(err)
	}
	if err := second.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"100"}}, b.dst.Query(t, "select count(*) from t"))
	b.leavesNothing(t)
	diff(t, 1, b.begin(t).Attempt().Number)
	diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from _rbt.marks"))
}

// A staging table of another stream, or made like another table, is not kept.
func TestStageAnewWhereTheStreamChanged(t *testing.T) {
	src := pgtest.New(t)
	src.Exec(t, numbers+"insert into t values (1, 'x')")
	for _, tc := range []struct {
		name, sql string
		change    func(*connectors.StreamSpec)
		keep      bool
		want      int
	}{
		{"same", "", nil, true, 1},
		{"not asked for", "", nil, false, 2},
		{"where", "", func(s *connectors.StreamSpec) { s.Where = "id > 1" }, true, 2},
		{"columns", "", func(s *connectors.StreamSpec) { s.Columns = []string{"id"} }, true, 2},
		{"target is there now", numbers, nil, true, 2},
		{"staging is gone", "do $$ begin execute (select 'drop table ' || staging from _rbt.streams); end $$", nil, true, 2},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			spec := replace("t")
			spec.Resume = connectors.Continue
			snap, targets := b.targets(t, spec)
			l := b.begin(t)
			fill(t, snap, l, targets[0])
			b.dst.Exec(t, tc.sql)
			if tc.change != nil {
				tc.change(&spec)
			}
			_, targets = b.targets(t, spec)
			got, _, err := l.Stage(t.Context(), targets[0], tc.keep)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, tc.want, got)
			if tc.want == 2 {
				diff(t, [][]string{{"1"}}, b.dst.Query(t, `select count(*) from pg_class where relname like '\_rbt\_t\_%' and relkind = 'r'`))
				diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from _rbt.marks"))
			}
		})
	}
}

// An unfinished run keeps the staging tables of the streams that continue.
func TestFinishUnfinished(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, numbers+"create table u (id int primary key)")
	kept := replace("u")
	kept.Resume = connectors.Continue
	snap, targets := b.targets(t, replace("t"), kept)
	l := b.begin(t)
	fill(t, snap, l, targets[0])
	fill(t, snap, l, targets[1])
	if err := l.Finish(t.Context(), connectors.Outcome{Status: "interrupted", Error: "Ctrl-C", Notes: []string{"a", "b"}}); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"interrupted", "Ctrl-C", "{a,b}"}}, b.dst.Query(t, "select status, error, notes from _rbt.runs"))
	diff(t, [][]string{{"1"}}, b.dst.Query(t, `select count(*) from pg_class where relname like '\_rbt\_%' and relkind = 'r'`))
	restarted, err := b.dest.Begin(t.Context(), connectors.Run{ID: "r", Pipeline: "test", Restart: true})
	if err != nil {
		t.Fatal(err)
	}
	defer restarted.Close()
	b.leavesNothing(t)
}

// An attempt that was thought dead cannot change anything any more.
func TestFence(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, numbers+"insert into t values (1, 'new')")
	b.dst.Exec(t, numbers+"insert into t values (1, 'old')")
	snap, targets := b.targets(t, replace("t"))
	old := b.begin(t)
	loaded := fill(t, snap, old, targets[0])
	b.dst.Exec(t, "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'")
	wait(t, func() bool {
		return b.dst.Query(t, "select count(*) from pg_locks where locktype = 'advisory'")[0][0] == "0"
	})
	taken := b.begin(t)
	diff(t, 2, taken.Attempt().Number)
	old.(*load).heldAt = time.Time{} // as if a second had passed
	_, err := old.Publish(t.Context(), targets[0], loaded, nil)
	wantError(t, "the connection that held the pipeline's lock was lost, and another process took it", err)
	if connectors.Retryable(err) {
		t.Error("the error says that it may pass")
	}
	if err := taken.Finish(t.Context(), connectors.Outcome{Status: "failed"}); err != nil {
		t.Fatal(err)
	}
	_, err = old.Publish(t.Context(), targets[0], loaded, nil)
	wantError(t, "another process has taken this run up meanwhile", err)
	wantError(t, "another process has taken this run up meanwhile", old.Note(t.Context(), "t", loaded.Generation, []byte("{}")))
	wantError(t, "another process has taken this run up meanwhile",
		old.NoteTuning(t.Context(), connectors.Tuning{Stream: "t", Skip: &policy.Skip{Reason: policy.SkippedSmall}}))
	diff(t, [][]string{{"old"}}, b.dst.Query(t, "select v from t"))
}

func wait(t *testing.T, until func() bool) {
	t.Helper()
	for range 500 {
		if until() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}

// All connections are killed once, at every moment of Publish that two
// milliseconds tell apart. The next call finishes what the first one began.
func TestKilledWhilePublishing(t *testing.T) {
	const index = "create index by_v on t (v); create unique index two on t (v, id);"
	const old = "create table t (id serial primary key, v text);" + index +
		"insert into t values (-1, 'old'); select setval('t_id_seq', 7000);"
	for _, tc := range []struct{ name, sql string }{
		{"create", "drop table if exists t"},
		{"swap", "drop table if exists t; " + old},
		{"truncate and insert", "drop table if exists t cascade; " + old + "create view w as select * from t"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{IndexJobs: 3})
			b.src.Exec(t, "create table t (id serial primary key, v text);"+index+"insert into t (v) select i from generate_series(1, 3000) i")
			l := b.begin(t)
			killer := b.dst.Conn(t)
			failures := 0
			for delay := time.Duration(0); delay < 60*time.Millisecond; delay += 2 * time.Millisecond {
				b.dst.Exec(t, tc.sql)
				snap, targets := b.targets(t, replace("t"))
				method(t, tc.name, targets[0])
				loaded := fill(t, snap, l, targets[0])
				snap.Close(t.Context())
				err := publishAndKill(t, l, targets[0], loaded, killer, delay)
				for ; err != nil; _, err = l.Publish(t.Context(), targets[0], loaded, nil) {
					if failures++; !connectors.Retryable(err) {
						t.Fatalf("after %s: %v", delay, err)
					}
					if tc.name != "create" {
						seen := b.dst.Query(t, "select count(*), min(id), (select last_value from t_id_seq) from t")[0]
						if seen[0] != "3000" {
							diff(t, []string{"1", "-1", "7000"}, seen)
						}
					}
				}
				const all = "select count(*), sum(id), md5(string_agg(v, ',' order by id)), (select last_value from t_id_seq) from t"
				diff(t, b.src.Query(t, all), b.dst.Query(t, all))
				b.leavesNothing(t)
			}
			if failures == 0 {
				t.Error("nothing was killed in time")
			}
		})
	}
}

const killAll = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'rbt/test' and datname = current_database()"

func publishAndKill(t *testing.T, l connectors.Load, target *connectors.Target, loaded connectors.Loaded, killer *pgx.Conn, delay time.Duration) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		time.Sleep(delay)
		if _, err := killer.Exec(t.Context(), killAll); err != nil {
			t.Error(err)
		}
	})
	_, err := l.Publish(t.Context(), target, loaded, nil)
	return err
}

// A connection that is lost in the middle of the commit leaves it under way on
// the server: the next call waits for it.
func TestCommitUnderWayWhilePublishing(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key); insert into t select generate_series(1, 10)")
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	orphan := b.dst.Conn(t)
	staging := b.dst.Query(t, "select staging from _rbt.streams")[0][0]
	if _, err := orphan.Exec(t.Context(), "begin; alter table "+staging+" rename to t; update _rbt.streams set published_at = now()"); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		time.Sleep(300 * time.Millisecond)
		if _, err := orphan.Exec(t.Context(), "commit"); err != nil {
			t.Error(err)
		}
	})
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Error(err)
	}
	wg.Wait()
	diff(t, [][]string{{"10"}}, b.dst.Query(t, "select count(*) from t"))
}

// A lane whose connection the network forgot still has the staging table
// locked, for as long as the server waits for it.
func TestForgottenLaneWhilePublishing(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key); insert into t select generate_series(1, 10)")
	b.dst.Exec(t, "create table t (id int primary key)")
	snap, targets := b.targets(t, appendTo("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	lane := b.dst.Conn(t)
	staging := b.dst.Query(t, "select staging from _rbt.streams")[0][0]
	if _, err := lane.Exec(t.Context(), "set application_name = 'rbt/test'; begin; insert into "+staging+" values (11)"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := l.Publish(ctx, targets[0], loaded, nil); err != nil {
		t.Error(err)
	}
	diff(t, [][]string{{"10"}}, b.dst.Query(t, "select count(*) from t"))
}

// Who comes right behind a run finds the lock free.
func TestLockIsFreeAfterFinish(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	for range 40 {
		if err := b.begin(t).Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
			t.Fatal(err)
		}
	}
}

// A commit whose answer was lost has closed the books.
func TestFinishAfterUnheardCommit(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	l := b.begin(t)
	b.dst.Exec(t, "update _rbt.runs set status = 'failed', finished_at = now()")
	if err := l.Finish(t.Context(), connectors.Outcome{Status: "failed"}); err != nil {
		t.Error(err)
	}
}

// All connections are killed once, at many moments of Finish. The next call
// finishes what the first one began.
func TestKilledWhileFinishing(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{ForeignKeys: true})
	b.src.Exec(t, "create table t (id int primary key, up int references t); insert into t values (1, 1)")
	killer := b.dst.Conn(t)
	for delay := time.Duration(0); delay < 20*time.Millisecond; delay += time.Millisecond {
		b.dst.Exec(t, "drop table if exists t")
		snap, targets := b.targets(t, replace("t"))
		l := b.begin(t)
		loaded := fill(t, snap, l, targets[0])
		snap.Close(t.Context())
		if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
			t.Fatal(err)
		}
		killed := make(chan error)
		go func() {
			time.Sleep(delay)
			_, err := killer.Exec(context.Background(), killAll)
			killed <- err
		}()
		err := l.Finish(t.Context(), connectors.Outcome{Status: "done"})
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		for ; err != nil; err = l.Finish(t.Context(), connectors.Outcome{Status: "done"}) {
			if !connectors.Retryable(err) {
				t.Fatalf("after %s: %v", delay, err)
			}
		}
		left := b.dst.Query(t, "select count(*) from _rbt.runs where status <> 'done'")
		diff(t, [][]string{{"0"}}, left)
	}
}

// After a restart of the server every method works again.
func TestDestinationRestarts(t *testing.T) {
	cluster := pgtest.Cluster(t, pgcluster.Options{})
	b := &bench{src: pgtest.New(t), dst: pgtest.On(t, cluster)}
	b.dest = b.destination(DestinationOptions{})
	b.src.Exec(t, numbers+"insert into t select i, i from generate_series(1, 1000) i")
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	restart := func(mode pgcluster.Mode) {
		t.Helper()
		if err := cluster.Restart(t.Context(), mode); err != nil {
			t.Fatal(err)
		}
	}
	restart(pgcluster.Fast)
	loaded := fill(t, snap, l, targets[0])
	if _, err := l.Marks(t.Context(), "t", loaded.Generation); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(pgcluster.Immediate); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); !connectors.Retryable(err) {
		t.Fatalf("error %v, want one that may pass", err)
	}
	restart(pgcluster.Immediate)
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Fatal(err)
	}
	restart(pgcluster.Immediate)
	if err := l.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"1000"}}, b.dst.Query(t, "select count(*) from t"))
}

// A reader that does not let go makes the swap give up in time, so that it does
// not block other readers for long.
func TestSwapGivesUpOnALock(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.dest.config.LockTimeout = 100 * time.Millisecond
	b.src.Exec(t, numbers+"insert into t values (1, 'new')")
	b.dst.Exec(t, numbers)
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	reader := b.dst.Conn(t)
	if _, err := reader.Exec(t.Context(), "begin; select * from t"); err != nil {
		t.Fatal(err)
	}
	_, err := l.Publish(t.Context(), targets[0], loaded, nil)
	wantError(t, "publish public.t: ERROR: canceling statement due to lock timeout", err)
	if !connectors.Retryable(err) {
		t.Error("the error does not say that it may pass")
	}
	reader.Close(context.Background())
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Fatal(err)
	}
}

// Parts that were counted before may be gone when the rows are about to become
// visible: nothing does then.
func TestUndoneWhilePublishing(t *testing.T) {
	const small, large = "2", "20000" // rows of 300 bytes: below and above smallTable
	for _, method := range []string{methodCreate, methodSwap, methodInsert} {
		for _, rows := range []string{small, large} {
			testUndoneWhilePublishing(t, method, rows)
		}
	}
}

func testUndoneWhilePublishing(t *testing.T, method, rows string) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (v text); insert into t select rpad(i::text, 300) from generate_series(1, "+rows+") i")
	spec := replace("t")
	if method == methodInsert {
		spec = appendTo("t")
	}
	if method != methodCreate {
		b.dst.Exec(t, "create table t (v text); insert into t values ('before')")
	}
	snap, targets := b.targets(t, spec)
	diff(t, method, targets[0].Method)
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	before := b.dst.Query(t, "select oid, relname from pg_class where relname = 't'")
	staging := b.dst.Query(t, "select staging from _rbt.streams")[0][0]
	_, err := l.Publish(t.Context(), targets[0], loaded, func(step string) {
		if step == method {
			// TRUNCATE would wait for the transaction that analyzed a small table.
			b.dst.Exec(t, "delete from _rbt.marks; delete from "+staging)
		}
	})
	if !errors.Is(err, connectors.ErrUndone) {
		t.Errorf("%s of %s rows: error %v, want %v", method, rows, err, connectors.ErrUndone)
	}
	diff(t, before, b.dst.Query(t, "select oid, relname from pg_class where relname = 't'"))
}

// The server crashes at every step of Publish, and once more right after: what
// was built without waiting for the disk is built again, or is there.
func TestCrashedWhilePublishing(t *testing.T) {
	server := pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"wal_writer_delay": "10s"}})
	b := &bench{src: pgtest.New(t), dst: pgtest.On(t, server)}
	b.dest = b.destination(DestinationOptions{})
	b.src.Exec(t, numbers)
	crash := func() {
		if err := server.Restart(t.Context(), pgcluster.Immediate); err != nil {
			t.Error(err)
		}
	}
	const small, large = "1000", "20000"
	for _, tc := range []struct {
		method, rows string
		bad          bool
	}{{methodCreate, small, false}, {methodSwap, large, false}, {methodSwap, small, false}, {methodCreate, large, false}, {methodSwap, small, true}} {
		if tc.method == methodCreate {
			b.dst.Exec(t, "drop table if exists t")
		}
		b.src.Exec(t, "truncate t; insert into t select i, rpad(i::text, 300) from generate_series(1, "+tc.rows+") i")
		want := map[string]bool{"build primary key t_pkey": true, "build index by_v": true, "analyze": true, tc.method: true}
		spec, rejects := replace("t"), "0"
		if tc.bad {
			b.src.Exec(t, "alter table t drop constraint t_pkey; insert into t select * from t where id <= 3")
			spec.Rejects, rejects, want["look for bad rows"] = &connectors.Rejects{Max: 3}, "3", true
		}
		snap, targets := b.targets(t, spec)
		diff(t, tc.method, targets[0].Method)
		l := b.begin(t)
		loaded := fill(t, snap, l, targets[0])
		steps := map[string]bool{}
		for done := false; !done; {
			_, err := l.Publish(t.Context(), targets[0], loaded, func(step string) {
				if !steps[step] {
					steps[step] = true
					crash()
				}
			})
			switch done = err == nil; {
			case errors.Is(err, connectors.ErrUndone):
				loaded = fill(t, snap, l, targets[0])
			case !done && !connectors.Retryable(err):
				t.Fatal(err)
			}
		}
		crash()
		diff(t, want, steps)
		diff(t, [][]string{{rejects}}, b.dst.Query(t, "select count(*) from _rbt.rejects"))
		const all = "select count(*), sum(id), md5(string_agg(v, ',' order by id)) from (select distinct * from t) t"
		diff(t, b.src.Query(t, all), b.dst.Query(t, all))
		diff(t, [][]string{{"by_v", "t"}, {"t_pkey", "t"}}, b.dst.Query(t, `select c.relname, indisvalid from pg_index
			join pg_class c on c.oid = indexrelid where indrelid = 't'::regclass order by 1`))
		if err := l.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
			t.Fatal(err)
		}
		snap.Close(t.Context())
		b.leavesNothing(t)
	}
}

// TestBooksMadeBeforehand lets a role open the books that may not create
// schemas, in one that somebody made for it.
func TestBooksMadeBeforehand(t *testing.T) {
	t.Parallel()
	db := pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{}))
	db.Exec(t, `CREATE ROLE writer LOGIN; CREATE SCHEMA _rbt AUTHORIZATION writer`)
	d := NewDestination(Config{DSN: strings.Replace(db.DSN, "//postgres@", "//writer@", 1), Pipeline: "p"}, DestinationOptions{})
	load, err := d.Begin(t.Context(), connectors.Run{ID: "r", Pipeline: "p", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := load.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Error(err)
	}
}
