package runtime_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

// TestVerifyInTheRun holds that the rows of every mode pass, whatever their
// types, and that what else the target has does not matter.
func TestVerifyInTheRun(t *testing.T) {
	t.Parallel()
	for _, how := range []connectors.Verify{connectors.VerifyCount, connectors.VerifyChecksum} {
		for _, mode := range []connectors.WriteMode{connectors.Replace, connectors.Append, connectors.Upsert} {
			t.Run(string(how)+" "+string(mode), func(t *testing.T) {
				t.Parallel()
				src, dst := pgtest.New(t), pgtest.New(t)
				src.Exec(t, `CREATE TYPE mood AS ENUM ('sad', 'fine'); CREATE TABLE t (id int PRIMARY KEY, m mood, f float8, j json, c char(5), b bytea, at timestamptz);
					INSERT INTO t SELECT i, 'fine', i / 3.0, '{"a" : 1}', 'x', '\x00ff', now() FROM generate_series(1, 3000) i`)
				dst.Exec(t, `CREATE TYPE mood AS ENUM ('sad', 'fine'); CREATE TABLE t (id bigint PRIMARY KEY, m mood, f float8, j json, c text, b bytea, at timestamptz);
					INSERT INTO t (id) VALUES (-1)`)
				s := stream("t")
				s.WriteMode, s.Verify, s.Where = mode, how, "id > 5"
				if mode == connectors.Upsert {
					s.PrimaryKey = []string{"id"}
				}
				mustRun(t, config(src.DSN, dst.DSN, s))
				want := "2996"
				if mode == connectors.Replace {
					want = "2995"
				}
				if n := dst.Query(t, "SELECT count(*) FROM t")[0][0]; n != want {
					t.Errorf("%s rows, want %s", n, want)
				}
			})
		}
	}
}

// TestVerifyFails holds that rows which are lost, or changed, on their way keep
// the target as it was.
func TestVerifyFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, spoil, want string
		how               connectors.Verify
	}{
		{"a row is lost", "DELETE FROM %s WHERE id = 7", "verification failed: the source has 100 rows, and 99 were staged; what was visible before still is", connectors.VerifyCount},
		{"a row is changed", "UPDATE %s SET v = 'y' WHERE id = 7", "verification failed: the checksum of the 100 rows", connectors.VerifyChecksum},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i")
			dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'old')")
			s := stream("t")
			s.Verify = tc.how
			cfg := config(src.DSN, dst.DSN, s)
			cfg.Destination = spoiling{cfg.Destination, dst, t, tc.spoil}
			_, err := runtime.Run(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want …%s…", err, tc.want)
			}
			if got := dst.Query(t, "SELECT v FROM t"); len(got) != 1 || got[0][0] != "old" {
				t.Errorf("the target has %v", got)
			}
			nothingLeft(t, dst)
		})
	}
}

// spoiling changes the staging table before it is verified.
type spoiling struct {
	connectors.Destination
	db  *pgtest.DB
	t   *testing.T
	sql string
}

func (d spoiling) Begin(ctx context.Context, r connectors.Run) (connectors.Load, error) {
	l, err := d.Destination.Begin(ctx, r)
	return spoiled{l, d}, err
}

type spoiled struct {
	connectors.Load
	by spoiling
}

func (l spoiled) Sum(ctx context.Context, t *connectors.Target, generation int, how connectors.Verify) (connectors.Sum, error) {
	staging := l.by.db.Query(l.by.t, "SELECT staging FROM _rbt.streams")[0][0]
	l.by.db.Exec(l.by.t, strings.ReplaceAll(l.by.sql, "%s", staging))
	return l.Load.Sum(ctx, t, generation, how)
}

// TestChecks holds that a check which does not hold, or cannot be asked, keeps
// the target as it was, in every mode.
func TestChecks(t *testing.T) {
	t.Parallel()
	for _, mode := range []connectors.WriteMode{connectors.Replace, connectors.Append, connectors.Upsert} {
		for _, tc := range []struct{ name, sql, want string }{
			{"holds", "select count(*) > 0 from {{target}}", ""},
			{"does not hold", "select max(v) < 'new' from {{target}}", `check "c" of public.t: it does not hold; what was visible before still is`},
			{"says NULL", "select max(v) < null from {{target}}", `check "c" of public.t: it does not hold: its answer is NULL`},
			{"says nothing", "select true from {{target}} where id < 0", `it must select one value that is true or false, and found 0`},
			{"writes", "with w as (delete from {{target}} returning true) select true", `in a read-only transaction`},
			{"is no query", "select nothing from {{target}}", `check c cannot be asked: ERROR: column "nothing" does not exist`},
			{"is a number", "select 1 from {{target}}", `check c cannot be asked: it must select one value that is true or false`},
		} {
			t.Run(string(mode)+" "+tc.name, func(t *testing.T) {
				t.Parallel()
				src, dst := pgtest.New(t), pgtest.New(t)
				src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (2, 'new')")
				dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'old')")
				s := stream("t")
				s.WriteMode, s.Checks = mode, []connectors.Check{{Name: "c", SQL: tc.sql}}
				if mode == connectors.Upsert {
					s.PrimaryKey = []string{"id"}
				}
				_, err := runtime.Run(t.Context(), config(src.DSN, dst.DSN, s))
				if tc.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want …%s…", err, tc.want)
				}
				if got := dst.Query(t, "SELECT v FROM t"); len(got) != 1 || got[0][0] != "old" {
					t.Errorf("the target has %v", got)
				}
				nothingLeft(t, dst)
			})
		}
	}
}

// TestCheckOfTheTargetsOwnColumns asks about columns that the source does not have,
// however the rows become visible.
func TestCheckOfTheTargetsOwnColumns(t *testing.T) {
	t.Parallel()
	for name, view := range map[string]string{"swap": "", "truncate": "; CREATE VIEW w AS SELECT id FROM t"} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (2, 2)")
		dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int, origin text DEFAULT 'x', twice int GENERATED ALWAYS AS (v * 2) STORED); INSERT INTO t VALUES (1, 1)"+view)
		s := stream("t")
		s.Checks = []connectors.Check{{Name: "c", SQL: "select bool_and(origin = 'x' and twice < 6) from {{target}}"}}
		cfg := config(src.DSN, dst.DSN, s)
		mustRun(t, cfg)
		src.Exec(t, "UPDATE t SET v = 3")
		if _, err := runtime.Run(t.Context(), again(cfg)); err == nil || !strings.Contains(err.Error(), `check "c" of public.t: it does not hold`) {
			t.Errorf("%s: error %v", name, err)
		}
		if got := dst.Query(t, "SELECT id, v, origin FROM t"); !slices.Equal(slices.Concat(got...), []string{"2", "2", "x"}) {
			t.Errorf("%s: the target has %v", name, got)
		}
	}
}

// TestCheckOfANewTable asks about a table that the run creates.
func TestCheckOfANewTable(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (2, 'new')")
	s := stream("t")
	s.Checks = []connectors.Check{{Name: "empty", SQL: "select count(*) = 0 from {{target}}"}}
	_, err := runtime.Run(t.Context(), config(src.DSN, dst.DSN, s))
	if err == nil || !strings.Contains(err.Error(), `check "empty" of public.t: it does not hold`) {
		t.Errorf("error %v", err)
	}
	if got := dst.Query(t, "SELECT to_regclass('t') IS NULL"); got[0][0] != "t" {
		t.Error("the table is there")
	}
}

// TestCheckOfTheMark asks about the column that marks what is gone, which a new
// table has from the beginning.
func TestCheckOfTheMark(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'a'), (2, 'b')")
	s := stream("t")
	s.WriteMode, s.PrimaryKey, s.Deleted, s.Verify = connectors.Upsert, []string{"id"}, connectors.MarkDeleted, connectors.VerifyChecksum
	s.Checks = []connectors.Check{{Name: "few are gone", SQL: "select count(_rbt_deleted_at) < 2 from {{target}}"}}
	cfg := config(src.DSN, dst.DSN, s)
	mustRun(t, cfg)
	src.Exec(t, "DELETE FROM t WHERE id = 1")
	mustRun(t, again(cfg))
	src.Exec(t, "DELETE FROM t")
	if _, err := runtime.Run(t.Context(), again(cfg)); err == nil || !strings.Contains(err.Error(), `check "few are gone" of public.t: it does not hold`) {
		t.Errorf("error %v", err)
	}
	if gone := dst.Query(t, "SELECT count(_rbt_deleted_at) FROM t"); gone[0][0] != "1" {
		t.Errorf("%s rows are marked, want 1", gone[0][0])
	}
}

// TestVerifyBehindACrash loses parts that were committed before they are verified:
// they are copied again, and verified then.
func TestVerifyBehindACrash(t *testing.T) {
	t.Parallel()
	src := pgtest.New(t)
	src.Exec(t, orders)
	server := forgetful(t)
	dst := pgtest.On(t, server)
	// lost runs, and tells whether the crash lost anything.
	lost := func(how connectors.Verify) bool {
		s := stream("orders")
		s.Verify = how
		cfg := config(src.DSN, dst.DSN, s)
		seen := record(&cfg)
		next, crashed := cfg.Events, false
		cfg.Events = func(e runtime.Event) { // one at a time
			if step, ok := e.(runtime.PublishStep); ok && strings.HasPrefix(step.Step, "verify") && !crashed {
				crashed = true
				if err := server.Restart(context.Background(), pgcluster.Immediate); err != nil {
					t.Error(err)
				}
			}
			next(e)
		}
		mustRun(t, cfg)
		sameRows(t, src, dst, "orders")
		return slices.ContainsFunc(of[runtime.Notice](seen), func(e runtime.Notice) bool { return strings.Contains(e.Text, "the destination lost") })
	}
	for _, how := range []connectors.Verify{connectors.VerifyCount, connectors.VerifyChecksum} {
		// The log's writer wakes every ten seconds, now and then right before the crash.
		for attempt := 1; !lost(how); attempt++ {
			if attempt == 5 {
				t.Fatalf("verify = %q: no crash lost a part", how)
			}
		}
	}
}

// TestVerifyEncodings compares texts of databases with other encodings.
func TestVerifyEncodings(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	src := pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text, w varchar(5), x xml); INSERT INTO t VALUES (1, 'ü', 'é', '<a>ß</a>'), (2, 'a', NULL, NULL)")
	pgtest.On(t, server).Exec(t, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	s := stream("t")
	s.Verify = connectors.VerifyChecksum
	mustRun(t, config(src.DSN, server.DSN("latin"), s))
}
