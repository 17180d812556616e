package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
)

const createMarks = `CREATE SCHEMA IF NOT EXISTS _rbt;
	CREATE TABLE _rbt.marks (run_id text, stream text, generation int, mark int8, rows int8, bytes int8,
		snapshot text, predicate text, format text, committed_at timestamptz DEFAULT now(),
		PRIMARY KEY (run_id, stream, generation, mark))`

// copyPart relays a part through blocks of the size.
func copyPart(ctx context.Context, r connectors.Reader, w connectors.Writer, p connectors.Part, block int) (connectors.WriteStats, error) {
	if err := r.Start(ctx, p); err != nil {
		return connectors.WriteStats{}, err
	}
	if err := w.Begin(ctx, p); err != nil {
		return connectors.WriteStats{}, err
	}
	b := connectors.Block{Data: make([]byte, 0, block)}
	var rows int64
	for {
		done, err := r.Next(ctx, &b)
		if err != nil {
			return connectors.WriteStats{}, err
		}
		if done {
			err := w.Commit(ctx, rows)
			return w.Stats(), err
		}
		rows += int64(len(b.Ends))
		if err := w.Write(ctx, &b); err != nil {
			return connectors.WriteStats{}, err
		}
	}
}

func openLanes(t testing.TB, src, dst *pgtest.DB) (connectors.Reader, connectors.Writer) {
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: src.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close(ctx) })
	r, err := snap.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	w, err := newWriter(ctx, Config{DSN: dst.DSN})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	return r, w
}

// TestRelay copies parts in both formats through blocks and flushes of any
// size, down to one byte: what arrives must be what was there, and a flush
// must come at the first end of a row at or behind the bytes asked for.
func TestRelay(t *testing.T) {
	t.Parallel()
	const columns = "(id int, a text, b bytea, n numeric, z timestamptz)"
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t "+columns+`;
		INSERT INTO t SELECT i, CASE WHEN i % 5 > 0 THEN repeat(chr(33 + i % 90), i * i % 3000) || E'\\\t\n' END,
			decode(md5(i::text), 'hex'), i / 7.0, 'infinity' FROM generate_series(1, 300) i`)
	dst.Exec(t, createMarks+"; CREATE TABLE t "+columns)
	r, w := openLanes(t, src, dst)
	from, to := src.Conn(t), dst.Conn(t)
	mark := int64(0)
	rapid.Check(t, func(t *rapid.T) {
		mark++
		flush := rapid.Int64Range(1, 200_000).Draw(t, "flush")
		p := connectors.Part{
			Stream: "t", RunID: "r", Mark: mark,
			Relation: "ONLY public.t", Columns: "id, a, b, n, z", Into: "public.t",
			Whole:     rapid.Bool().Draw(t, "whole"),
			Predicate: rapid.SampledFrom([]string{"", "id <= 100", "id = 7", "false"}).Draw(t, "predicate"),
			Setting: policy.Setting{
				knobFormat: policy.EnumValue(rapid.SampledFrom([]string{formatText, formatBinary}).Draw(t, "format")),
				knobFlush:  policy.IntValue(flush),
			},
		}
		if p.Whole {
			p.Relation, p.Predicate = "public.t", ""
		}
		ctx := context.Background()
		stats, err := copyPart(ctx, r, w, p, rapid.IntRange(1, 5000).Draw(t, "block"))
		if err != nil {
			t.Fatal(err)
		}
		want := checksum(t, from, "SELECT * FROM t WHERE "+orTrue(p.Predicate))
		if diff := cmp.Diff(want, checksum(t, to, "SELECT * FROM t")); diff != "" {
			t.Fatalf("rows differ (-source +destination):\n%s", diff)
		}
		if _, err := to.Exec(ctx, "TRUNCATE t"); err != nil {
			t.Fatal(err)
		}
		// The longest row is 3 KB of text and some 100 bytes.
		if least := stats.Bytes / (flush + 6200); stats.Flushes < least || stats.Flushes > stats.Bytes/flush+1 {
			t.Fatalf("%d flushes of %d bytes after every %d", stats.Flushes, stats.Bytes, flush)
		}
	})
}

// checksum is the number of rows and a sum that does not depend on their order.
func checksum(t *rapid.T, conn *pgx.Conn, query string) string {
	var rows, sum string
	err := conn.QueryRow(context.Background(),
		"SELECT count(*)::text, coalesce(sum(hashtextextended(q::text, 0)::numeric), 0)::text FROM ("+query+") q").Scan(&rows, &sum)
	if err != nil {
		t.Fatal(err)
	}
	return rows + " rows, " + sum
}

// TestFlushAtRowBoundary writes rows of known sizes and counts the flushes.
func TestFlushAtRowBoundary(t *testing.T) {
	w := &writer{flushBytes: 10}
	for _, tc := range []struct {
		ends  []int32
		size  int
		fresh int64
		want  int
	}{
		{ends: []int32{4, 8, 12, 16}, size: 16, want: 12},
		{ends: []int32{4, 10, 12, 16}, size: 16, want: 10},
		{ends: []int32{4, 8}, size: 9, want: 9},
		{ends: []int32{4, 8, 20}, size: 30, fresh: 9, want: 4},
		{ends: []int32{4}, size: 30, fresh: 25, want: 4},
		{ends: nil, size: 30, fresh: 25, want: 30},
	} {
		w.fresh = tc.fresh
		if got := w.untilFlush(make([]byte, tc.size), tc.ends, 0); got != tc.want {
			t.Errorf("after %d fresh bytes, of %d bytes with row ends %v: %d, want %d", tc.fresh, tc.size, tc.ends, got, tc.want)
		}
	}
}

// TestRelayErrors holds that what a server says comes through, that the lane
// is of no more use then, and that nothing of the part remains.
func TestRelayErrors(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int, a text); INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i; INSERT INTO t VALUES (NULL, 'last')")
	dst.Exec(t, createMarks+"; CREATE TABLE t (id int NOT NULL, a text); CREATE TABLE gone (id int, a text); CREATE TABLE same (id int, a text)")
	part := connectors.Part{
		Stream: "t", RunID: "r", Mark: 1, Relation: "public.t", Columns: "id, a", Into: "public.t",
		Setting: policy.Setting{knobFormat: policy.EnumValue(formatText), knobFlush: policy.IntValue(1 << 20)},
	}
	ctx := context.Background()
	for _, tc := range []struct {
		name  string
		with  func(p *connectors.Part)
		want  string
		class string
		retry bool
	}{
		{"no source table", func(p *connectors.Part) { p.Relation = "nowhere" }, `relation "nowhere" does not exist`, "42", false},
		{"no destination table", func(p *connectors.Part) { p.Into = "nowhere" }, `relation "nowhere" does not exist`, "42", false},
		{"a row that the destination refuses", func(*connectors.Part) {}, `null value in column "id"`, "23", false},
		{"an error behind the first rows", func(p *connectors.Part) { p.Predicate = "1 / (5000 - id) >= 0" }, "division by zero", "22", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r, w := openLanes(t, src, dst)
			p := part
			tc.with(&p)
			_, err := copyPart(ctx, r, w, p, 64<<10)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Fatalf("error %v, want %q", err, tc.want)
			}
			if connectors.Retryable(err) != tc.retry {
				t.Errorf("Retryable = %t", !tc.retry)
			}
			if class := connectors.ErrorClass(err); class != tc.class {
				t.Errorf("of class %q, want %q", class, tc.class)
			}
			w.Close()
			if got := dst.Query(t, "SELECT count(*) FROM t"); got[0][0] != "0" {
				t.Errorf("%s rows remain", got[0][0])
			}
		})
	}
	t.Run("a backend that is terminated", func(t *testing.T) {
		for _, side := range []*pgtest.DB{src, dst} {
			r, w := openLanes(t, src, dst)
			side.Exec(t, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name LIKE 'rbt/%'`)
			p := part
			p.Into = "same"
			_, err := copyPart(ctx, r, w, p, 64<<10)
			if err == nil || !connectors.Retryable(err) {
				t.Errorf("error %v, Retryable %t", err, connectors.Retryable(err))
			}
			if class := connectors.ErrorClass(err); class != "57" && class != "network" {
				t.Errorf("%v is of class %q", err, class)
			}
		}
	})
	t.Run("a mark that is there already", func(t *testing.T) {
		p := part
		p.Into, p.Predicate = "same", "id < 10"
		for try := range 2 {
			r, w := openLanes(t, src, dst)
			_, err := copyPart(ctx, r, w, p, 64<<10)
			if (try == 1) != (err != nil) || err != nil && !connectors.Retryable(err) {
				t.Errorf("try %d: error %v, Retryable %t", try, err, connectors.Retryable(err))
			}
		}
		if got := dst.Query(t, "SELECT count(*) FROM same"); got[0][0] != "9" {
			t.Errorf("%s rows, want 9", got[0][0])
		}
	})
}

// TestSnapshotOutlivesConnections ends each of the connections that hold a
// snapshot in turn, while others write.
func TestSnapshotOutlivesConnections(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, "CREATE TABLE t (id int); INSERT INTO t VALUES (1)")
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(ctx)
	if _, err := snap.Describe(ctx, []connectors.StreamSpec{{Name: "t", Schema: "public", Table: "t"}}); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO t VALUES (2)")
	terminate := func(c ...uint32) {
		for _, pid := range c {
			db.Exec(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", pid))
		}
	}
	for _, which := range []int{0, 1, 0, 1} {
		terminate(snap.holders[which].PgConn().PID())
		if err := snap.look(ctx); err != nil {
			t.Fatal(err)
		}
		conn, err := snap.member(ctx)
		if err != nil {
			t.Fatal(err)
		}
		var n int
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM public.t").Scan(&n); err != nil || n != 1 {
			t.Fatalf("the moment has %d rows, %v; want 1", n, err)
		}
		conn.Close(ctx)
		locks := db.Query(t, fmt.Sprintf("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND mode = 'AccessShareLock' AND pid IN (%d, %d)",
			snap.holders[0].PgConn().PID(), snap.holders[1].PgConn().PID()))
		if locks[0][0] != "2" {
			t.Errorf("%s of 2 holders keep the table as it is", locks[0][0])
		}
	}
	terminate(snap.holders[0].PgConn().PID(), snap.holders[1].PgConn().PID())
	for range 2 { // and stays lost
		if _, err := snap.Reader(ctx); !errors.Is(err, connectors.ErrSnapshotLost) {
			t.Fatalf("Reader: %v, want ErrSnapshotLost", err)
		}
		if err := snap.look(ctx); !errors.Is(err, connectors.ErrSnapshotLost) {
			t.Fatalf("look: %v, want ErrSnapshotLost", err)
		}
	}
}

// TestSnapshotOfAnotherServer holds that a DSN which leads to another server is
// noticed, also where a snapshot of the same name is there.
func TestSnapshotOfAnotherServer(t *testing.T) {
	t.Parallel()
	db, other := pgtest.New(t), pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{}))
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(ctx)
	there, err := newSnapshot(ctx, Config{DSN: other.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close(ctx)
	snap.cfg.DSN, snap.id = other.DSN, there.id
	if _, err := snap.Reader(ctx); !errors.Is(err, errOtherServer) {
		t.Errorf("Reader: %v, want %v", err, errOtherServer)
	}
}

// TestExporterEndsAtOnce holds that a snapshot whose only holder ends before
// its deputy is there is worth another try.
func TestExporterEndsAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	snap, err := newSnapshot(t.Context(), Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range snap.holders {
		db.Exec(t, fmt.Sprintf("SELECT pg_terminate_backend(%d, 5000)", h.PgConn().PID()))
	}
	defer snap.Close(t.Context())
	if _, err := snap.join(t.Context(), snap.id); !connectors.Retryable(err) {
		t.Errorf("error %v, want one that may pass", err)
	}
}

// TestDescribeSeesRewrites holds that a table which is truncated between the
// snapshot and its lock is noticed: it would look empty. So would a partition,
// or a table behind a view.
func TestDescribeSeesRewrites(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	var specs []connectors.StreamSpec
	for _, name := range []string{"a", "b", "v", "p"} {
		specs = append(specs, connectors.StreamSpec{Name: name, Schema: "public", Table: name})
	}
	for _, change := range []string{
		"TRUNCATE b", "DROP TABLE b; CREATE TABLE b (id int)", "ALTER TABLE b RENAME TO x; ALTER TABLE c RENAME TO b",
		"TRUNCATE behind", "TRUNCATE p1", "DROP TABLE p1", "DROP TABLE p2", "ALTER TABLE p DETACH PARTITION p1",
		"ALTER TABLE p ATTACH PARTITION p3 FOR VALUES IN (3)", "CREATE TABLE p4 PARTITION OF p FOR VALUES IN (4)",
	} {
		db := pgtest.New(t)
		db.Exec(t, `CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE TABLE c (id int);
			CREATE TABLE behind (id int); CREATE VIEW v AS SELECT * FROM behind;
			CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
			CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (id); CREATE TABLE p3 (id int)`)
		snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		db.Exec(t, change)
		if _, err = snap.Describe(ctx, specs); !connectors.Retryable(err) {
			t.Errorf("after %s: %v, want an error that may pass", change, err)
		}
		snap.Close(ctx)
	}
}

// TestPartitionAttachedLater holds that the rows of a partition which is
// attached while the run reads stay out: locks do not keep it away, and the
// snapshot sees the rows that it had before.
func TestPartitionAttachedLater(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, `CREATE TABLE p (id int) PARTITION BY LIST (id); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
		CREATE TABLE p2 (id int); INSERT INTO p1 VALUES (1); INSERT INTO p2 VALUES (2)`)
	ctx := context.Background()
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(ctx)
	streams, err := snap.Describe(ctx, []connectors.StreamSpec{{Name: "p", Schema: "public", Table: "p"}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := snap.Cutter(ctx, streams[0], []string{"id"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	parts, err := c.Take(ctx, connectors.Cut{PartBytes: 1 << 20, Lanes: 1})
	if err != nil || len(parts) != 1 {
		t.Fatalf("%d parts, %v", len(parts), err)
	}
	db.Exec(t, "ALTER TABLE p ATTACH PARTITION p2 FOR VALUES IN (2)")
	conn, err := snap.member(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var n int
	if err := conn.QueryRow(ctx, "SELECT count(*) FROM "+parts[0].Relation+" WHERE "+orTrue(parts[0].Predicate)).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows, %v; want the 1 of the snapshot's partitions", n, err)
	}
}

// TestPredicatesKeepTableScansCheap holds that block ranges are read as such.
func TestPredicatesKeepTableScansCheap(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, pad text); INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i; ANALYZE t")
	plan := db.Query(t, "EXPLAIN SELECT id FROM ONLY public.t WHERE ctid >= '(100,0)' AND id > 5 AND ctid < '(200,0)'")
	if !slices.ContainsFunc(plan, func(line []string) bool { return strings.Contains(line[0], "Tid Range Scan") }) {
		t.Errorf("no scan for a range of blocks in %v", plan)
	}
}

// TestRefusedRow holds that a row which the destination refuses is what the error
// tells of, whichever of a part's statements it is in, and that nothing of the
// part stays.
func TestRefusedRow(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, 20000)")
	dst.Exec(t, createMarks+"; CREATE TABLE t (id int CHECK (id NOT IN (1, 9999, 20000)))")
	for _, refused := range []string{"id <= 1", "id >= 2", "id >= 10000"} {
		for _, flush := range []int64{1, 50_000, 1 << 20} {
			r, w := openLanes(t, src, dst)
			p := connectors.Part{
				Stream: "t", RunID: "r", Mark: 1, Relation: "ONLY public.t", Columns: "id", Into: "public.t", Predicate: refused,
				Setting: policy.Setting{knobFormat: policy.EnumValue(formatBinary), knobFlush: policy.IntValue(flush)},
			}
			_, err := copyPart(t.Context(), r, w, p, 1<<16)
			wantError(t, `new row for relation "t" violates check constraint "t_id_check"`, err)
			diff(t, [][]string{{"0", "0"}}, dst.Query(t, "select (select count(*) from t), (select count(*) from _rbt.marks)"))
		}
	}
}
