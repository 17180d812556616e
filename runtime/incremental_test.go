package runtime_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

// incremental adds to the table, or updates it by its id.
func incremental(table string, mode connectors.WriteMode, c connectors.Cursor) connectors.StreamSpec {
	s := stream(table)
	s.WriteMode, s.Cursor = mode, &c
	if mode == connectors.Upsert {
		s.PrimaryKey = []string{"id"}
	}
	return s
}

// by is a cursor with nothing besides.
func by(column string) connectors.Cursor { return connectors.Cursor{Column: column} }

func byWith(column, tie string) connectors.Cursor {
	return connectors.Cursor{Column: column, TieBreaker: tie}
}

// again is the configuration of the pipeline's next run.
func again(cfg runtime.Config) runtime.Config {
	cfg.Run.ID = fmt.Sprintf("run%d", rand.Uint64())
	return cfg
}

// TestIncremental tells what runs read that follow changes of the source.
func TestIncremental(t *testing.T) {
	t.Parallel()
	type step struct {
		change string // at the source
		want   string // the rows of the target after the run, id:v
		read   int64  // how many rows the run moved
	}
	const numbered = "CREATE TABLE t (id int PRIMARY KEY, n bigint, v text);"
	for _, tc := range []struct {
		name   string
		spec   connectors.StreamSpec
		table  string
		create string // at the destination
		steps  []step
	}{{
		"a number, appended", incremental("t", connectors.Append, by("id")), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 0, 'a'), (2, 0, 'b')", "1:a 2:b", 2},
			{"", "1:a 2:b", 0},
			{"INSERT INTO t VALUES (3, 0, 'c'); UPDATE t SET v = 'x' WHERE id = 1", "1:a 2:b 3:c", 1},
			{"DELETE FROM t", "1:a 2:b 3:c", 0},
			{"INSERT INTO t VALUES (3, 0, 'again'), (4, 0, 'd')", "1:a 2:b 3:c 4:d", 1},
		},
	}, {
		"equal numbers, with a tie breaker", incremental("t", connectors.Append, byWith("n", "id")), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 7, 'a'), (2, 7, 'b')", "1:a 2:b", 2},
			{"INSERT INTO t VALUES (3, 7, 'c'), (4, 8, 'd')", "1:a 2:b 3:c 4:d", 2},
			{"INSERT INTO t VALUES (5, 8, 'e')", "1:a 2:b 3:c 4:d 5:e", 1},
		},
	}, {
		"equal numbers, upserted", incremental("t", connectors.Upsert, by("n")), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 7, 'a'), (2, 8, 'b')", "1:a 2:b", 2},
			{"INSERT INTO t VALUES (3, 8, 'c')", "1:a 2:b 3:c", 2},
			{"UPDATE t SET n = 9, v = 'A' WHERE id = 1", "1:A 2:b 3:c", 3},
			{"", "1:A 2:b 3:c", 1},
		},
	}, {
		"no number", incremental("t", connectors.Upsert, by("n")), numbered, "", []step{
			{"INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b')", "1:a 2:b", 2},
			{"INSERT INTO t VALUES (3, NULL, 'c'); UPDATE t SET v = 'A' WHERE id = 1", "1:A 2:b 3:c", 3},
		},
	}, {
		"a number that goes back", incremental("t", connectors.Upsert, by("n")), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 100, 'a')", "1:a", 1},
			{"DELETE FROM t; INSERT INTO t VALUES (2, 50, 'b')", "1:a", 0},
			{"INSERT INTO t VALUES (3, 100, 'c')", "1:a 3:c", 1},
		},
	}, {
		"numbers looked back for", incremental("t", connectors.Upsert, connectors.Cursor{Column: "n", Lookback: "10"}), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 100, 'a')", "1:a", 1},
			{"INSERT INTO t VALUES (2, 90, 'b'), (3, 89, 'c')", "1:a 2:b", 2},
		},
	}, {
		"a first number", incremental("t", connectors.Append, connectors.Cursor{Column: "id", Initial: "2"}), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 0, 'a'), (2, 0, 'b')", "2:b", 1},
			{"INSERT INTO t VALUES (3, 0, 'c')", "2:b 3:c", 1},
		},
	}, {
		"a first number, of later runs too", incremental("t", connectors.Upsert, connectors.Cursor{Column: "n", Initial: "10"}), numbered, "", []step{
			{"INSERT INTO t VALUES (1, 5, 'a'), (2, 20, 'b')", "2:b", 1},
			{"INSERT INTO t VALUES (3, 7, 'c'), (4, 25, 'd')", "2:b 4:d", 2},
		},
	}, {
		"an empty table at first", incremental("t", connectors.Append, by("id")), numbered, "", []step{
			{"", "", 0},
			{"INSERT INTO t VALUES (1, 0, 'a')", "1:a", 1},
		},
	}, {
		"a target that has rows", incremental("t", connectors.Upsert, by("n")), numbered,
		numbered + "INSERT INTO t VALUES (1, 0, 'old'), (9, 0, 'its own')", []step{
			{"INSERT INTO t VALUES (1, 1, 'new')", "1:new 9:its own", 1},
		},
	}, {
		"a time, appended", incremental("t", connectors.Append, byWith("at", "id")),
		"CREATE TABLE t (id int PRIMARY KEY, at timestamptz DEFAULT now(), v text);", "", []step{
			{"INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b')", "1:a 2:b", 2},
			{"INSERT INTO t (id, v) VALUES (3, 'c')", "1:a 2:b 3:c", 1},
			{"INSERT INTO t VALUES (4, now() + interval '1 day', 'of tomorrow'), (5, now(), 'e')", "1:a 2:b 3:c 5:e", 1},
		},
	}, {
		"a time, upserted", incremental("t", connectors.Upsert, by("at")),
		"CREATE TABLE t (id int PRIMARY KEY, at timestamptz DEFAULT now(), v text);", "", []step{
			{"INSERT INTO t VALUES (1, 'infinity', 'a'), (2, '-infinity', 'b'), (3, now() + interval '1 day', 'c')", "1:a 2:b 3:c", 3},
			{"INSERT INTO t (id, v) VALUES (4, 'd'); UPDATE t SET v = upper(v) WHERE id < 3", "1:A 2:B 3:c 4:d", 4},
		},
	}, {
		"a uuid of version 7", incremental("t", connectors.Append, by("u")),
		"CREATE TABLE t (id int, u uuid PRIMARY KEY, v text);", "", []step{
			{"INSERT INTO t VALUES (1, '01980000-0000-7000-8000-000000000001', 'a')", "1:a", 1},
			{"INSERT INTO t VALUES (2, '01980000-0001-7000-8000-000000000000', 'b')", "1:a 2:b", 1},
		},
	}, {
		"a uuid, looked back for", incremental("t", connectors.Upsert, connectors.Cursor{Column: "u", Lookback: "5s"}),
		"CREATE TABLE t (id int PRIMARY KEY, u uuid, v text);", "", []step{
			{"INSERT INTO t VALUES (1, '01980000-ffff-7000-8000-000000000001', 'a')", "1:a", 1},
			{"INSERT INTO t VALUES (2, '01980000-ec77-7000-8000-000000000000', 'b'), (3, '01980000-ec76-7000-8000-000000000000', 'c')", "1:a 2:b", 2},
		},
	}, {
		"a text", incremental("t", connectors.Append, by("k")),
		"CREATE TABLE t (id int, k text PRIMARY KEY, v text);", "", []step{
			{"INSERT INTO t VALUES (1, 'it''s', 'a')", "1:a", 1},
			{`INSERT INTO t VALUES (2, 'it\z', 'b')`, "1:a 2:b", 1},
		},
	}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, tc.table)
			if tc.create != "" {
				dst.Exec(t, tc.create)
			}
			cfg := config(src.DSN, dst.DSN, tc.spec)
			for i, s := range tc.steps {
				if s.change != "" {
					src.Exec(t, s.change)
				}
				cfg = again(cfg)
				got := mustRun(t, cfg)
				var rows []string
				for _, row := range dst.Query(t, "SELECT id || ':' || v FROM t ORDER BY id") {
					rows = append(rows, row[0])
				}
				if have := strings.Join(rows, " "); have != s.want || got.Rows != s.read {
					t.Errorf("run %d read %d rows and left %q, want %d and %q", i+1, got.Rows, have, s.read, s.want)
				}
			}
			nothingLeft(t, dst)
		})
	}
}

// TestIncrementalRefuses holds that what cannot be read without losing or
// doubling rows is refused, in one sentence.
func TestIncrementalRefuses(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, n int, at timestamptz DEFAULT now(), j json, k text, u uuid NOT NULL UNIQUE DEFAULT gen_random_uuid());
		INSERT INTO t VALUES (1, NULL, now(), NULL, 'x'); CREATE UNIQUE INDEX ON t (at); ALTER TABLE t ALTER at SET NOT NULL;
		CREATE MATERIALIZED VIEW m AS SELECT * FROM t`)
	for _, tc := range []struct {
		name, attribute, want string
		spec                  connectors.StreamSpec
	}{
		{"no such column", "cursor", `there is no column "x"`, incremental("t", connectors.Append, by("x"))},
		{"a type without an order", "cursor", `column "j" is json`, incremental("t", connectors.Upsert, by("j"))},
		{"not unique", "cursor", "several rows may have the same column n", incremental("t", connectors.Append, by("n"))},
		{"a tie breaker that may be NULL", "tie_breaker", `column "k" may be NULL`, incremental("t", connectors.Append, byWith("n", "k"))},
		{"rows without a cursor", "cursor", "NULL or infinite", incremental("t", connectors.Append, byWith("n", "id"))},
		{"a first value that is none", "initial", "invalid input syntax", incremental("t", connectors.Append, connectors.Cursor{Column: "id", Initial: "x"})},
		{"a uuid of another version", "cursor", "is not of version 7", incremental("t", connectors.Append, by("u"))},
		{"a duration for numbers", "lookback", "the cursor is a number", incremental("t", connectors.Upsert, connectors.Cursor{Column: "n", Lookback: "5m"})},
		{"a number for times", "lookback", "the cursor is a time", incremental("t", connectors.Upsert, connectors.Cursor{Column: "at", Lookback: "5"})},
		{"a materialized view", "cursor", "the next refresh may bring rows before those", incremental("m", connectors.Upsert, by("at"))},
		{"looking back to append", "lookback", "it reads rows again", incremental("t", connectors.Append, connectors.Cursor{Column: "at", Lookback: "5m"})},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := runtime.Inspect(t.Context(), config(src.DSN, dst.DSN, tc.spec))
			var about *connectors.StreamError
			if !errors.As(err, &about) || about.Attribute != tc.attribute || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one about %s: …%s…", err, tc.attribute, tc.want)
			}
		})
	}
}

// TestIncrementalCursorChanged holds that another cursor is not compared with
// the position of the old one.
func TestIncrementalCursorChanged(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t VALUES (1, 100)")
	mustRun(t, config(src.DSN, dst.DSN, incremental("t", connectors.Upsert, by("n"))))
	src.Exec(t, "INSERT INTO t VALUES (2, 7)")
	other := config(src.DSN, dst.DSN, incremental("t", connectors.Upsert, by("id")))
	if _, err := runtime.Run(t.Context(), other); err == nil || !strings.Contains(err.Error(), `the runs so far went by cursor "n"`) {
		t.Fatalf("error %v", err)
	}
	other = again(other)
	other.FromStart = true
	mustRun(t, other)
	sameRows(t, src, dst, "t")
}

// TestIncrementalTypeChanged holds that a column whose values are ordered otherwise
// than they were is not compared with the position of then.
func TestIncrementalTypeChanged(t *testing.T) {
	t.Parallel()
	const ordered = "its values are not ordered as they were"
	for _, tc := range []struct {
		name         string
		spec         connectors.StreamSpec
		change, want string
	}{
		{"to a text", incremental("t", connectors.Append, by("id")), "ALTER TABLE t ALTER id TYPE text",
			`the runs so far went by column "id" as integer, and it is text now: ` + ordered},
		{"to a text, upserted", incremental("t", connectors.Upsert, by("n")), "ALTER TABLE t ALTER n TYPE text",
			`the runs so far went by column "n" as integer, and it is text now: ` + ordered},
		{"to a time in a zone", incremental("t", connectors.Upsert, by("at")), "ALTER TABLE t ALTER at TYPE timestamptz", ordered},
		{"to another collation", incremental("t", connectors.Append, by("k")), `ALTER TABLE t ALTER k TYPE text COLLATE "und-x-icu"`,
			`as text COLLATE pg_catalog."C", and it is text COLLATE pg_catalog."und-x-icu" now: ` + ordered},
		{"of the tie breaker", incremental("t", connectors.Append, byWith("n", "k")), `ALTER TABLE t ALTER k TYPE text COLLATE "und-x-icu"`, ordered},
		{"to a longer number", incremental("t", connectors.Append, by("id")), "ALTER TABLE t ALTER id TYPE bigint", ""},
		{"to a longer text", incremental("t", connectors.Append, by("k")), `ALTER TABLE t ALTER k TYPE text COLLATE "C"`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, n int, at timestamp, k varchar(9) COLLATE "C" UNIQUE NOT NULL);
				INSERT INTO t VALUES (8, 8, now(), 'a'), (9, 9, now(), 'b')`)
			cfg := config(src.DSN, dst.DSN, tc.spec)
			mustRun(t, cfg)
			src.Exec(t, tc.change+"; INSERT INTO t VALUES (10, 10, now(), 'c')")
			dst.Exec(t, tc.change)
			cfg = again(cfg)
			if tc.want == "" {
				mustRun(t, cfg)
				sameRows(t, src, dst, "t")
			} else if _, err := runtime.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want …%s…", err, tc.want)
			}
		})
	}
}

// TestIncrementalBesideWriters holds that whatever is committed while runs
// follow each other, in whatever order, is copied once.
func TestIncrementalBesideWriters(t *testing.T) {
	t.Parallel()
	const numbers = "CREATE TABLE t (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v int)"
	for _, tc := range []struct {
		name string
		spec connectors.StreamSpec
		busy string // what a writer does besides inserting
	}{
		{"numbers appended", incremental("t", connectors.Append, by("id")), ""},
		{"times appended", incremental("t", connectors.Append, byWith("at", "id")), ""},
		{"numbers upserted", incremental("t", connectors.Upsert, by("id")), ""},
		{"times upserted", incremental("t", connectors.Upsert, by("at")),
			"UPDATE t SET v = v + 1, at = now() WHERE id IN (SELECT id FROM t ORDER BY random() LIMIT 2)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, numbers)
			stop := make(chan struct{})
			var writers sync.WaitGroup
			for range 4 {
				conn := src.Conn(t)
				writers.Go(func() {
					for {
						select {
						case <-stop:
							return
						default:
						}
						script := []string{"BEGIN", "INSERT INTO t (v) SELECT 0 FROM generate_series(1, 3)", tc.busy, "COMMIT"}
						if rand.N(5) == 0 {
							script[3] = "ROLLBACK"
						}
						for _, sql := range script {
							if _, err := conn.Exec(t.Context(), sql); err != nil && !strings.Contains(err.Error(), "deadlock") {
								t.Error(err)
								return
							}
							time.Sleep(time.Duration(rand.N(15)) * time.Millisecond)
						}
					}
				})
			}
			cfg := config(src.DSN, dst.DSN, tc.spec)
			for range 8 {
				cfg = again(cfg)
				mustRun(t, cfg)
			}
			close(stop)
			writers.Wait()
			got := mustRun(t, again(cfg))
			sameRows(t, src, dst, "t")
			if all := src.Query(t, "SELECT count(*) > $1 FROM t", got.Rows); all[0][0] != "t" {
				t.Errorf("the last run read all of the rows")
			}
		})
	}
}

// TestIncrementalRace holds that a second run of the pipeline is refused while
// the first is under way.
func TestIncrementalRace(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id bigserial PRIMARY KEY, v text); INSERT INTO t (v) SELECT 'x' FROM generate_series(1, 1000)")
	cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Append, by("id")))
	var group sync.WaitGroup
	var mu sync.Mutex
	done := 0
	for range 4 {
		group.Go(func() {
			_, err := runtime.Run(t.Context(), again(cfg))
			var locked *connectors.LockedError
			if err != nil && !errors.As(err, &locked) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				done++
			}
		})
	}
	group.Wait()
	if done == 0 {
		t.Error("no run was done")
	}
	sameRows(t, src, dst, "t")
}

// TestIncrementalLateTransaction holds that a transaction which is open for
// several runs loses nothing: its rows have lesser cursors than rows that were
// copied long ago.
func TestIncrementalLateTransaction(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		spec connectors.StreamSpec
	}{
		{"numbers appended", incremental("t", connectors.Append, by("id"))},
		{"times appended", incremental("t", connectors.Append, byWith("at", "id"))},
		{"numbers upserted", incremental("t", connectors.Upsert, by("id"))},
		{"times upserted", incremental("t", connectors.Upsert, by("at"))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v text)")
			late := src.Conn(t)
			if _, err := late.Exec(t.Context(), "BEGIN; INSERT INTO t (v) VALUES ('late')"); err != nil {
				t.Fatal(err)
			}
			cfg := config(src.DSN, dst.DSN, tc.spec)
			cfg.Source = impatient(src.DSN)
			for i := range 3 {
				src.Exec(t, fmt.Sprintf("INSERT INTO t (v) VALUES ('early %d')", i))
				mustRun(t, again(cfg))
			}
			if tc.spec.WriteMode == connectors.Upsert { // nothing is held back
				if n := dst.Query(t, "SELECT count(*) FROM t")[0][0]; n != "3" {
					t.Errorf("%s rows beside an open transaction, want 3", n)
				}
			}
			if _, err := late.Exec(t.Context(), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			mustRun(t, again(cfg))
			if diff := cmp.Diff(src.Query(t, "SELECT id, v FROM t ORDER BY 1"), dst.Query(t, "SELECT id, v FROM t ORDER BY 1")); diff != "" {
				t.Errorf("(-source +destination)\n%s", diff)
			}
		})
	}
}

// TestIncrementalTakenUp holds that a run which failed after it had published an
// incremental stream reads on from there when it is taken up.
func TestIncrementalTakenUp(t *testing.T) {
	t.Parallel()
	for _, mode := range []connectors.WriteMode{connectors.Append, connectors.Upsert} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a');
				CREATE TABLE bad (id int); INSERT INTO bad VALUES (1)`)
			failing := stream("bad")
			failing.Checks = []connectors.Check{{Name: "never", SQL: "select count(*) = 0 from {{target}}"}}
			cfg := config(src.DSN, dst.DSN, incremental("t", mode, by("id")), failing)
			for i := range 3 {
				if _, err := runtime.Run(t.Context(), cfg); err == nil {
					t.Fatal("the check holds")
				}
				src.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, 'b')", i+2))
			}
			cfg.Streams = cfg.Streams[:1]
			mustRun(t, cfg)
			sameRows(t, src, dst, "t")
		})
	}
}

// TestIncrementalSeesOthers holds the same of a role that may not see when
// others' transactions began, and of transactions that are prepared: the run
// waits for those who write to the table, and takes nothing new while it cannot
// know that they have ended.
func TestIncrementalSeesOthers(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"max_prepared_transactions": "5"}})
	for _, tc := range []struct{ name, begin, end string }{
		{"a plain role", "BEGIN; INSERT INTO t (v) VALUES ('late')", "COMMIT"},
		{"a prepared transaction", "BEGIN; INSERT INTO t (v) VALUES ('late'); PREPARE TRANSACTION 'rbt'", "COMMIT PREPARED 'rbt'"},
		{"one that tells nothing of itself", "SET track_activities = off; BEGIN; INSERT INTO t (v) VALUES ('late')", "COMMIT; RESET track_activities"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			src, dst := pgtest.On(t, server), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), v text)")
			dsn := src.DSN
			if tc.end == "COMMIT" { // by a role that sees no others
				src.Exec(t, "CREATE ROLE plain LOGIN; GRANT SELECT ON t TO plain")
				dsn = strings.Replace(src.DSN, "user=postgres", "user=plain", 1)
				dsn = strings.Replace(dsn, "//postgres@", "//plain@", 1)
				if dsn == src.DSN {
					t.Fatalf("no user in %s", dsn)
				}
			}
			other := src.Conn(t)
			if _, err := other.Exec(t.Context(), tc.begin); err != nil {
				t.Fatal(err)
			}
			cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Append, byWith("at", "id")))
			cfg.Source = impatient(dsn)
			for i := range 2 {
				src.Exec(t, fmt.Sprintf("INSERT INTO t (v) VALUES ('early %d')", i))
				mustRun(t, again(cfg))
			}
			if _, err := other.Exec(t.Context(), tc.end); err != nil {
				t.Fatal(err)
			}
			mustRun(t, again(cfg))
			sameRows(t, src, dst, "t")
		})
	}
}

// TestIncrementalTargetGone holds that a target which does not have the rows of
// the runs so far is not filled with the newest only.
func TestIncrementalTargetGone(t *testing.T) {
	t.Parallel()
	for _, mode := range []connectors.WriteMode{connectors.Append, connectors.Upsert} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
			cfg := config(src.DSN, dst.DSN, incremental("t", mode, by("id")))
			mustRun(t, cfg)
			fails := func(cfg runtime.Config, want string) {
				t.Helper()
				if _, err := runtime.Run(t.Context(), again(cfg)); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want …%s…", err, want)
				}
			}
			elsewhere := cfg
			elsewhere.Streams = []runtime.Stream{cfg.Streams[0]}
			elsewhere.Streams[0].Target = "u"
			fails(elsewhere, `the runs so far filled "public"."t", not public.u`)
			dst.Exec(t, "DROP TABLE t")
			fails(cfg, "public.t is not there any more, with the rows of the runs so far")
			cfg.FromStart = true
			if mode == connectors.Append {
				fails(cfg, "would append all of its rows again")
				dst.Exec(t, "DELETE FROM _rbt.positions")
				cfg.FromStart = false
			}
			mustRun(t, again(cfg))
			sameRows(t, src, dst, "t")
		})
	}
}

// TestIncrementalCollation holds that texts are compared as their column is.
func TestIncrementalCollation(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `CREATE TABLE t (k text COLLATE "und-x-icu" PRIMARY KEY)`) // where Z is after a, and not so in C
	cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Append, by("k")))
	for i, key := range []string{"a", "Z", "zz"} {
		src.Exec(t, "INSERT INTO t VALUES ($1)", key)
		if got := mustRun(t, again(cfg)); got.Rows != 1 {
			t.Errorf("run %d read %d rows, want 1", i+1, got.Rows)
		}
	}
	sameRows(t, src, dst, "t")
}

// TestIncrementalOfViews follows a view and a foreign table, whose writers have
// other tables locked.
func TestIncrementalOfViews(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, create string }{
		{"view", "CREATE VIEW t AS SELECT * FROM behind"},
		{"foreign table", `CREATE EXTENSION postgres_fdw; CREATE SERVER self FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port 'PORT', dbname 'DB');
			CREATE USER MAPPING FOR CURRENT_USER SERVER self OPTIONS (user 'postgres'); CREATE FOREIGN TABLE t (id bigint, v text) SERVER self OPTIONS (table_name 'behind')`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			port := src.Query(t, "SELECT current_setting('port')")[0][0]
			src.Exec(t, "CREATE TABLE behind (id bigserial PRIMARY KEY, v text)")
			src.Exec(t, strings.NewReplacer("PORT", port, "DB", src.Name).Replace(tc.create))
			late := src.Conn(t)
			if _, err := late.Exec(t.Context(), "BEGIN; INSERT INTO behind (v) VALUES ('late')"); err != nil {
				t.Fatal(err)
			}
			cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Upsert, by("id")))
			cfg.Source = impatient(src.DSN)
			for i := range 2 {
				src.Exec(t, fmt.Sprintf("INSERT INTO behind (v) VALUES ('early %d')", i))
				mustRun(t, again(cfg))
			}
			if _, err := late.Exec(t.Context(), "COMMIT"); err != nil {
				t.Fatal(err)
			}
			mustRun(t, again(cfg))
			if diff := cmp.Diff(src.Query(t, "SELECT id, v FROM behind ORDER BY 1"), dst.Query(t, "SELECT id, v FROM t ORDER BY 1")); diff != "" {
				t.Errorf("(-source +destination)\n%s", diff)
			}
		})
	}
}

// TestIncrementalMaterializedView looks back for rows that were not committed when
// the view was refreshed first.
func TestIncrementalMaterializedView(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE behind (id bigserial, v text); CREATE MATERIALIZED VIEW t AS SELECT * FROM behind")
	late := src.Conn(t)
	if _, err := late.Exec(t.Context(), "BEGIN; INSERT INTO behind (v) VALUES ('late')"); err != nil {
		t.Fatal(err)
	}
	src.Exec(t, "INSERT INTO behind (v) VALUES ('early'); REFRESH MATERIALIZED VIEW t")
	if _, err := late.Exec(t.Context(), "COMMIT"); err != nil {
		t.Fatal(err)
	}
	cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Upsert, connectors.Cursor{Column: "id", Lookback: "1"}))
	mustRun(t, cfg)
	src.Exec(t, "REFRESH MATERIALIZED VIEW t")
	mustRun(t, again(cfg))
	if diff := cmp.Diff(src.Query(t, "SELECT id, v FROM t ORDER BY 1"), dst.Query(t, "SELECT id, v FROM t ORDER BY 1")); diff != "" {
		t.Errorf("(-source +destination)\n%s", diff)
	}
}

// TestIncrementalDrawnNumber holds that a number counts from when it is drawn,
// which may be before its row's own table is locked.
func TestIncrementalDrawnNumber(t *testing.T) {
	t.Parallel()
	const slowly = "INSERT INTO behind (id, v) SELECT nextval('behind_id_seq'), 'late' || pg_advisory_xact_lock(7)::text"
	const before = "SELECT nextval('behind_id_seq'); SELECT pg_advisory_xact_lock(7); INSERT INTO behind SELECT currval('behind_id_seq'), 'late'"
	for _, tc := range []struct {
		name, create, late string
		mode               connectors.WriteMode
	}{
		{"a partition", `CREATE TABLE behind (id bigserial, v text) PARTITION BY RANGE (id);
			CREATE TABLE between PARTITION OF behind FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
			CREATE TABLE t PARTITION OF between (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (1000)`, slowly, connectors.Append},
		// A number that needs no record in the log gives no transaction id: the second one does not.
		{"a view", "CREATE TABLE behind (id bigserial, v text); CREATE VIEW t AS SELECT * FROM behind", slowly, connectors.Upsert},
		{"a statement before", `CREATE TABLE behind (id bigserial, v text) PARTITION BY RANGE (id);
			CREATE TABLE t PARTITION OF behind (PRIMARY KEY (id)) FOR VALUES FROM (0) TO (1000)`, before, connectors.Append},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, tc.create)
			src.Exec(t, "INSERT INTO behind (v) VALUES ('first')")
			gate, late := src.Conn(t), src.Conn(t)
			if _, err := gate.Exec(t.Context(), "SELECT pg_advisory_lock(7)"); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				_, err := late.Exec(t.Context(), tc.late)
				done <- err
			}()
			for src.Query(t, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")[0][0] == "0" {
				time.Sleep(10 * time.Millisecond)
			}
			src.Exec(t, "INSERT INTO behind (v) VALUES ('early')")
			cfg := config(src.DSN, dst.DSN, incremental("t", tc.mode, by("id")))
			cfg.Source = impatient(src.DSN)
			mustRun(t, again(cfg))
			if _, err := gate.Exec(t.Context(), "SELECT pg_advisory_unlock(7)"); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			mustRun(t, again(cfg))
			if diff := cmp.Diff(src.Query(t, "SELECT id, v FROM t ORDER BY 1"), dst.Query(t, "SELECT id, v FROM t ORDER BY 1")); diff != "" {
				t.Errorf("(-source +destination)\n%s", diff)
			}
		})
	}
}

// TestInspectDoesNotWait holds that looking at an incremental stream does not wait
// for those who write, and says that a run would.
func TestInspectDoesNotWait(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id bigserial PRIMARY KEY, v text); INSERT INTO t (v) VALUES ('early')")
	late := src.Conn(t)
	if _, err := late.Exec(t.Context(), "BEGIN; INSERT INTO t (v) VALUES ('late')"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // the source's lock_timeout is for ever
	defer cancel()
	plans, err := runtime.Inspect(ctx, config(src.DSN, dst.DSN, incremental("t", connectors.Append, by("id"))))
	if err != nil {
		t.Fatal(err)
	}
	if steps := strings.Join(plans[0].Stream.Caveats, "\n"); !strings.Contains(steps, "transactions write to it: a run waits for them") {
		t.Errorf("steps %s", steps)
	}
}

// TestIncrementalComputed holds that other masks, or none, are not mixed with those
// of the runs so far.
func TestIncrementalComputed(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'secret')")
	s := incremental("t", connectors.Upsert, by("id"))
	mustRun(t, config(src.DSN, dst.DSN, s))
	s.Computed = []connectors.Computed{{Column: "v", Mask: connectors.MaskRedact}}
	cfg := again(config(src.DSN, dst.DSN, s))
	_, err := runtime.Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "the columns that are computed or masked, or the salt of hashes, are not those of the runs so far") {
		t.Fatalf("error %v", err)
	}
	cfg.FromStart = true
	mustRun(t, cfg)
	cfg.FromStart = false
	mustRun(t, again(cfg))
	if got := dst.Query(t, "SELECT v FROM t"); got[0][0] != "***" {
		t.Errorf("%v", got)
	}
}

// TestIncrementalOtherPipeline holds that another pipeline does not append the rows
// again that one has appended.
func TestIncrementalOtherPipeline(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a')")
	cfg := config(src.DSN, dst.DSN, incremental("t", connectors.Append, by("id")))
	mustRun(t, cfg)
	cfg = again(cfg)
	cfg.Run.Pipeline = "renamed"
	cfg.Destination = postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "renamed"}, postgres.DestinationOptions{})
	_, err := runtime.Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), `public.t has the rows that pipeline "test" has read, and this run would append them again`) {
		t.Errorf("error %v", err)
	}
}
