package runtime_test

import (
	stdcmp "cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// rejecting leaves bad rows out.
func rejecting(table string, mode connectors.WriteMode) connectors.StreamSpec {
	s := stream(table)
	s.WriteMode, s.Rejects = mode, &connectors.Rejects{Max: 1000}
	s.Evolution.TypeChange = connectors.CastType
	if mode == connectors.Upsert {
		s.PrimaryKey = []string{"id"}
	}
	return s
}

// rejected is what the books have of bad rows: key, SQLSTATE.
func rejected(t testing.TB, dst *pgtest.DB) [][]string {
	t.Helper()
	return dst.Query(t, "SELECT key, code FROM _rbt.rejects ORDER BY length(key), key")
}

// TestRejects holds, for every way in which rows become visible, that all rows
// arrive but those that the destination refuses, and that exactly these are put
// aside: whatever lies between them, and however long they are.
func TestRejects(t *testing.T) {
	t.Parallel()
	const target = "CREATE TABLE t (id int8 PRIMARY KEY, v int CONSTRAINT few CHECK (v >= 0), big text);"
	for _, tc := range []struct {
		name, create string
		mode         connectors.WriteMode
		codes        map[string]string // by what is bad
	}{
		{"swap", target, connectors.Replace, map[string]string{"large": "22003", "negative": "23514"}},
		{"truncate", target + "CREATE VIEW w AS SELECT id FROM t;", connectors.Replace, map[string]string{"large": "22003", "negative": "23514"}},
		{"append", target + `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin if new.v = 13 then raise exception ''unlucky''; end if; return new; end';
			CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()`, connectors.Append,
			map[string]string{"large": "22003", "negative": "23514", "unlucky": "P0001"}},
		{"upsert", target + `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin if new.v = 13 then raise exception ''unlucky''; end if; return null; end';
			CREATE CONSTRAINT TRIGGER tr AFTER INSERT OR UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f()`, connectors.Upsert,
			map[string]string{"large": "22003", "negative": "23514", "unlucky": "P0001"}},
		{"partitions", "CREATE TABLE t (id int8 PRIMARY KEY, v int, big text) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (1000000)", connectors.Append,
			map[string]string{"large": "22003", "far": "23514"}},
	} {
		for round := range 3 {
			t.Run(fmt.Sprint(tc.name, round), func(t *testing.T) {
				t.Parallel()
				src, dst := pgtest.New(t), pgtest.New(t)
				src.Exec(t, "CREATE TABLE t (id int8 PRIMARY KEY, v int8, big text)")
				dst.Exec(t, tc.create)
				want, bad := fillBad(t, src, rand.New(rand.NewPCG(uint64(round), 1)), tc.codes)
				cfg := config(src.DSN, dst.DSN, rejecting("t", tc.mode))
				cfg.PartBytes = 1 << 20
				cfg.Streams[0].Pins = policy.Setting{runtime.Parallelism: policy.IntValue(int64(1 + round))}
				if round == 1 {
					cfg.Streams[0].Verify = connectors.VerifyChecksum
				}
				s := mustRun(t, cfg)
				if diff := cmp.Diff(bad, rejected(t, dst)); diff != "" {
					t.Errorf("rejects (-want +got)\n%s", diff)
				}
				if diff := cmp.Diff(want, dst.Query(t, "SELECT id, v, md5(big) FROM t ORDER BY id")); diff != "" {
					t.Errorf("rows (-want +got)\n%s", diff)
				}
				if s.Streams[0].Rejected != int64(len(bad)) || s.Rows != int64(len(want)) {
					t.Errorf("the run says %d rows, %d rejected; there are %d and %d", s.Rows, s.Streams[0].Rejected, len(want), len(bad))
				}
				nothingLeft(t, dst)
			})
		}
	}
}

// fillBad fills the table with rows of which some are bad in the ways that codes
// names, and returns the good rows and the bad ones.
func fillBad(t testing.TB, src *pgtest.DB, r *rand.Rand, codes map[string]string) (good, bad [][]string) {
	var values []string
	rows := 1 + r.IntN(3000)
	for id := 1; id <= rows; id++ {
		v, size, key := "12", r.IntN(300), id
		if r.IntN(200) == 0 {
			size = r.IntN(600_000) // longer than a block
		}
		how := ""
		if r.IntN(100) == 0 {
			how = []string{"large", "negative", "unlucky", "far"}[r.IntN(4)]
		}
		if _, counts := codes[how]; how != "" && counts {
			v = map[string]string{"large": "3000000000", "negative": "-1", "unlucky": "13", "far": "12"}[how]
			if how == "far" {
				key += 10_000_000
			}
			bad = append(bad, []string{fmt.Sprintf("id=%d", key), codes[how]})
		} else {
			good = append(good, []string{fmt.Sprint(key), v, fmt.Sprint(size)})
		}
		values = append(values, fmt.Sprintf("(%d, %s, repeat('x\t\\\né', %d))", key, v, size/6))
	}
	src.Exec(t, "INSERT INTO t VALUES "+strings.Join(values, ", "))
	ids := map[string]bool{}
	for _, g := range good {
		ids[g[0]] = true
	}
	good = nil
	for _, row := range src.Query(t, "SELECT id, v, md5(big) FROM t ORDER BY id") {
		if ids[row[0]] {
			good = append(good, row)
		}
	}
	slices.SortFunc(bad, func(a, b []string) int { return stdcmp.Or(len(a[0])-len(b[0]), strings.Compare(a[0], b[0])) })
	return good, bad
}

// TestRejectsOfPieces holds that rows for which no index or constraint can be built
// after they were staged are put aside, and no others: each row is either in the
// target or put aside, and none that was put aside can go in.
func TestRejectsOfPieces(t *testing.T) {
	t.Parallel()
	const table = `CREATE TABLE t (id int, v int, r int4range, name text, c text GENERATED ALWAYS AS (left(name, 3)) STORED,
		loaded timestamptz NOT NULL DEFAULT now());`
	for i, tc := range []struct {
		name, create string
		codes        []string
	}{
		{"key", table + "ALTER TABLE t ADD PRIMARY KEY (id) DEFERRABLE; CREATE INDEX ON t (v)", []string{"23505"}},
		{"several", table + `CREATE UNIQUE INDEX ON t (v) WHERE v > 20; CREATE UNIQUE INDEX ON t (id, v) NULLS NOT DISTINCT;
			CREATE UNIQUE INDEX ON t (id, c)`, []string{"23505"}},
		{"expression", table + "CREATE INDEX ON t ((100 / v))", []string{"22012"}},
		{"exclusion", table + "ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&)", []string{"23P01"}},
		{"deferred exclusion", table + "ALTER TABLE t ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&) DEFERRABLE INITIALLY DEFERRED; CREATE UNIQUE INDEX ON t (v)",
			[]string{"23505", "23P01"}},
		{"external", table + "ALTER TABLE t ALTER name SET STORAGE EXTERNAL; CREATE INDEX ON t (name)", []string{"54000"}},
		{"long", table + "CREATE INDEX ON t (name); CREATE UNIQUE INDEX ON t (id)", []string{"23505", "54000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, `CREATE TABLE t (id int, v int, r int4range, name text);
					INSERT INTO t SELECT i % 2900, nullif(i * 37 % 2950, 7), int4range(i * 10, i * 10 + CASE WHEN i % 100 = 0 THEN 15 ELSE 10 END),
						(SELECT string_agg(CASE WHEN i % 500 = 4 THEN repeat('x', 32) ELSE md5(i::text || j) END, '')
							FROM generate_series(1, CASE WHEN i % 500 IN (3, 4) THEN 200 ELSE 2 END) j)
					FROM generate_series(1, 3000) i`)
			dst.Exec(t, tc.create)
			spec := rejecting("t", connectors.Replace)
			spec.Rejects.Max = 3000
			cfg := config(src.DSN, dst.DSN, spec)
			cfg.Streams[0].Pins = policy.Setting{runtime.Parallelism: policy.IntValue(int64(1 + 2*(i%2)))}
			cfg.Streams[0].Verify = connectors.VerifyChecksum
			s := mustRun(t, cfg)
			nothingLeft(t, dst)
			got := dst.Query(t, "SELECT DISTINCT code FROM _rbt.rejects ORDER BY 1")
			if codes := slices.Concat(got...); !slices.Equal(codes, tc.codes) {
				t.Errorf("refused by %v, want %v", codes, tc.codes)
			}
			if names := dst.Query(t, `SELECT error FROM _rbt.rejects WHERE error LIKE '%rbt\_%'`); len(names) > 0 {
				t.Errorf("names that nobody knows: %v", names)
			}
			aside := dst.Query(t, "SELECT count(*) FROM _rbt.rejects")[0][0]
			if n := strconv.FormatInt(s.Streams[0].Rejected, 10); n != aside || s.Rows != 3000-s.Streams[0].Rejected {
				t.Errorf("the run says %s rejected of %d rows, there are %s", n, s.Rows, aside)
			}
			const rows = "SELECT md5(string_agg(x, '|' ORDER BY x COLLATE \"C\")) FROM (%s) q(x)"
			const text = "concat_ws(E'\t', coalesce(id::text, '\\N'), coalesce(v::text, '\\N'), coalesce(r::text, '\\N'), name)"
			want := src.Query(t, fmt.Sprintf(rows, "SELECT "+text+" FROM t"))
			arrived := dst.Query(t, fmt.Sprintf(rows, "SELECT "+text+" FROM t UNION ALL SELECT row FROM _rbt.rejects"))
			if diff := cmp.Diff(want, arrived); diff != "" {
				t.Errorf("rows of the target and those put aside (-want +got)\n%s", diff)
			}
			destination := postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "test"}, postgres.DestinationOptions{})
			err := destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{}, func(r postgres.Reject, err error) {
				if err == nil {
					t.Errorf("%s was put aside though nothing refuses it", r.Row)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestRejectsCeiling holds that more bad rows than allowed end the run, and leave
// the target as it was.
func TestRejectsCeiling(t *testing.T) {
	t.Parallel()
	for _, mode := range []connectors.WriteMode{connectors.Replace, connectors.Append} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t SELECT i, CASE WHEN i % 1000 = 0 THEN -1 ELSE 1 END FROM generate_series(1, 20000) i")
		dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v > 0)); INSERT INTO t VALUES (0, 7)")
		spec := rejecting("t", mode)
		spec.Rejects.Max = 19
		cfg := config(src.DSN, dst.DSN, spec)
		cfg.PartBytes = 1 << 18
		cfg.Streams[0].Pins = policy.Setting{runtime.Parallelism: policy.IntValue(2)}
		_, err := runtime.Run(t.Context(), cfg)
		if err == nil || !strings.Contains(err.Error(), "the destination refuses more than max_rejects = 19 rows") {
			t.Errorf("%s: error %v", mode, err)
		}
		if got := dst.Query(t, "SELECT * FROM t"); len(got) != 1 {
			t.Errorf("%s: %d rows", mode, len(got))
		}
		spec.Rejects.Max = 20 // and the run is taken up
		s := mustRun(t, config(src.DSN, dst.DSN, spec))
		if s.Streams[0].Rejected != 20 {
			t.Errorf("%s: %d rejected", mode, s.Streams[0].Rejected)
		}
	}
}

// TestRejectsCeilingOfAllParts holds that the ceiling is one for all parts of a
// stream, those of an earlier attempt too, however many lanes copy them: the run does
// not load what is left. What was put aside can be looked at, but not tried again.
func TestRejectsCeilingOfAllParts(t *testing.T) {
	t.Parallel()
	for _, lanes := range []int64{1, 4} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, v int, x text); INSERT INTO t SELECT i, CASE WHEN i <= 4000 AND i % 200 = 0 THEN -1 ELSE 1 END, repeat('x', 1000)
			FROM generate_series(1, 60000) i; ANALYZE t`) // five bad rows in each of the first parts, and in no other
		dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v > 0), x text)")
		spec := rejecting("t", connectors.Replace)
		spec.Rejects.Max, spec.Resume = 9, connectors.Continue
		cfg := config(src.DSN, dst.DSN, spec)
		cfg.PartBytes = 1 << 20
		cfg.Streams[0].Pins = policy.Setting{runtime.Parallelism: policy.IntValue(lanes)}
		var said string
		attempt := func() (parts, aside int) {
			t.Helper()
			_, err := runtime.Run(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), "max_rejects = 9 rows") {
				t.Fatalf("%d lanes: error %v", lanes, err)
			}
			said = err.Error()
			n := dst.Query(t, "SELECT (SELECT count(*) FROM _rbt.marks), (SELECT count(*) FROM _rbt.rejects)")[0]
			parts, _ = strconv.Atoi(n[0])
			aside, _ = strconv.Atoi(n[1])
			return parts, aside
		}
		parts, aside := attempt()
		if !strings.Contains(said, "the last because ") {
			t.Errorf("%d lanes: the error does not say why: %s", lanes, said)
		}
		if lanes == 1 && aside > 9 {
			t.Errorf("%d rows were put aside", aside)
		}
		if parts > 20 { // of 68: other lanes may be at clean ones meanwhile
			t.Errorf("%d lanes: %d parts were committed", lanes, parts)
		}
		if more, _ := attempt(); aside > 9 && more > parts {
			t.Errorf("%d lanes: the next attempt went on from %d to %d parts", lanes, parts, more)
		}
		destination := postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "test"}, postgres.DestinationOptions{})
		rejects, err := destination.Rejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{})
		if err != nil || len(rejects) == 0 || slices.ContainsFunc(rejects, func(r postgres.Reject) bool { return r.Published }) {
			t.Errorf("rejects %v, error %v", rejects, err)
		}
		if err := destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{}, func(postgres.Reject, error) { t.Error("tried again") }); err != nil {
			t.Error(err)
		}
	}
}

// TestRejectsSkipped holds that a stream which an unfinished run has published
// still says how many rows were put aside.
func TestRejectsSkipped(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v int); INSERT INTO a VALUES (1, -1), (2, 2); CREATE TABLE b (id int PRIMARY KEY); INSERT INTO b VALUES (1)")
	dst.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v int CHECK (v > 0)); CREATE TABLE b (id int PRIMARY KEY CHECK (id > 5))")
	cfg := config(src.DSN, dst.DSN, rejecting("a", connectors.Append), stream("b"))
	publishedOf(t, cfg, dst)
	dst.Exec(t, "ALTER TABLE b DROP CONSTRAINT b_id_check")
	if s := mustRun(t, cfg); s.Streams[0].Status != "skipped" || s.Streams[0].Rejected != 1 {
		t.Errorf("%+v", s.Streams[0])
	}
}

// publishedOf runs until one stream is published before another fails.
func publishedOf(t *testing.T, cfg runtime.Config, dst *pgtest.DB) {
	t.Helper()
	for range 100 {
		if _, err := runtime.Run(t.Context(), cfg); err == nil {
			t.Fatal("no stream failed")
		}
		if n := dst.Query(t, "SELECT count(*) FROM _rbt.streams WHERE published_at IS NOT NULL"); n[0][0] == "1" {
			return
		}
	}
	t.Fatal("the stream that fails always failed first")
}

// TestRejectsNullKeys holds that rows without a value in the key are put aside, and
// that of those with one the latest is taken.
func TestRejectsNullKeys(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int, v int); INSERT INTO t VALUES (NULL, 1), (1, 1), (NULL, 2), (1, 2), (NULL, NULL)")
	dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	spec := rejecting("t", connectors.Upsert)
	cfg := config(src.DSN, dst.DSN, spec)
	s := mustRun(t, cfg)
	if s.Streams[0].Rejected != 3 {
		t.Errorf("%d rejected", s.Streams[0].Rejected)
	}
	if diff := cmp.Diff([][]string{{"1", "2"}}, dst.Query(t, "SELECT * FROM t")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	want := [][]string{{"1", "23502"}, {"2", "23502"}, {`\N`, "23502"}}
	if diff := cmp.Diff(want, dst.Query(t, `SELECT split_part(row, E'\t', 2), code FROM _rbt.rejects ORDER BY 1`)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	spec.Rejects.Max = 2
	if _, err := runtime.Run(t.Context(), again(config(src.DSN, dst.DSN, spec))); err == nil || !strings.Contains(err.Error(), "max_rejects = 2") {
		t.Errorf("error %v", err)
	}
}

// TestRejectsMended holds that a reject of an incremental upsert goes once its row
// was mended, and that no other goes, however alike its key is written.
func TestRejectsMended(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `CREATE TABLE t (id text, part bool, v int, at int, PRIMARY KEY (id, part));
		INSERT INTO t VALUES ('', true, -1, 1), ('a', true, -1, 1), ('a', false, -1, 1), ('b', true, -1, 1), (E'c\td', true, -1, 1), ('c', true, -1, 1), ('N', true, -1, 1), (E'\\', true, -1, 1),
			(E'DOM\\bob', true, -1, 1), (E'e\tf', true, -1, 1), ('é', true, -1, 1),
			('last', true, 1, 2)`) // which is read again, and nothing else is
	dst.Exec(t, "CREATE TABLE t (id text, part bool, v int CONSTRAINT few CHECK (v > 0), at int, PRIMARY KEY (id, part))")
	spec := rejecting("t", connectors.Upsert)
	spec.PrimaryKey, spec.Cursor = []string{"id", "part"}, &connectors.Cursor{Column: "at"}
	cfg := config(src.DSN, dst.DSN, spec)
	mustRun(t, cfg)
	src.Exec(t, `UPDATE t SET at = 3, v = 5 WHERE id = 'a' AND part; UPDATE t SET at = 3, v = -2 WHERE id = 'b';
		UPDATE t SET at = 3, v = 5 WHERE id IN (E'DOM\\bob', E'e\tf', 'é'); INSERT INTO t VALUES ('d', true, 1, 3), (E'\\\\', true, 1, 3), (E'\\N', true, 1, 3)`)
	mustRun(t, again(cfg))
	want := [][]string{{"", "-1"}, {`N`, "-1"}, {`\\`, "-1"}, {"a", "-1"}, {"b", "-2"}, {"c", "-1"}, {`c\td`, "-1"}}
	if diff := cmp.Diff(want, dst.Query(t, `SELECT split_part(row, E'\t', 1), split_part(row, E'\t', 3) FROM _rbt.rejects ORDER BY row COLLATE "C"`)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsMendedEncoding holds the same where the destination writes a key in other
// bytes, or has none for it.
func TestRejectsMendedEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	for _, encoding := range []string{"LATIN1", "SQL_ASCII"} {
		src, dst := pgtest.New(t), pgtest.On(t, server)
		src.Exec(t, "CREATE TABLE t (id text PRIMARY KEY, v int, at int); INSERT INTO t VALUES ('é', -1, 1), ('è', -1, 1), (U&'\\20ac', -1, 1), ('x', 1, 2)")
		dst.Exec(t, "CREATE DATABASE d"+encoding+" ENCODING '"+encoding+"' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
		dsn := server.DSN("d" + strings.ToLower(encoding))
		dst = &pgtest.DB{Name: encoding, DSN: dsn + "&client_encoding=UTF8"}
		dst.Exec(t, "CREATE TABLE t (id text PRIMARY KEY, v int CHECK (v > 0), at int)")
		spec := rejecting("t", connectors.Upsert)
		spec.Cursor = &connectors.Cursor{Column: "at"}
		cfg := config(src.DSN, dsn, spec)
		mustRun(t, cfg)
		src.Exec(t, "UPDATE t SET at = 3, v = 5 WHERE id = 'é'; UPDATE t SET at = 3, v = -2 WHERE id = U&'\\20ac'")
		mustRun(t, again(cfg))
		want := [][]string{{`\xc3\xa8`, "-1"}, {`\xe2\x82\xac`, "-2"}}
		if diff := cmp.Diff(want, dst.Query(t, `SELECT split_part(row, E'\t', 1), split_part(row, E'\t', 2) FROM _rbt.rejects ORDER BY row COLLATE "C"`)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", encoding, diff)
		}
	}
}

// TestRejectsEmptyKey holds that a row without a key is not taken for one whose key is
// empty.
func TestRejectsEmptyKey(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id text, v int, at int); INSERT INTO t VALUES ('', -1, 1), ('x', 1, 2)")
	dst.Exec(t, "CREATE TABLE t (id text PRIMARY KEY, v int CONSTRAINT few CHECK (v > 0), at int)")
	spec := rejecting("t", connectors.Upsert)
	spec.Cursor = &connectors.Cursor{Column: "at"}
	cfg := config(src.DSN, dst.DSN, spec)
	mustRun(t, cfg)
	src.Exec(t, "INSERT INTO t VALUES (NULL, 1, 3)")
	mustRun(t, again(cfg))
	if diff := cmp.Diff([][]string{{"23514"}, {"23502"}}, dst.Query(t, "SELECT code FROM _rbt.rejects ORDER BY id")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsDeferrable holds that rows which swap the values of a key that is
// checked at the end are not put aside because of another row.
func TestRejectsDeferrable(t *testing.T) {
	t.Parallel()
	const refuse = `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin if new.v < 0 then raise exception ''no''; end if; return null; end';
		CREATE TRIGGER tr AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f()`
	for name, create := range map[string]string{
		"a table":    "CREATE TABLE t (id int, g int, place int, v int, PRIMARY KEY (id, g), CONSTRAINT one UNIQUE (place, g) DEFERRABLE);",
		"partitions": "CREATE TABLE t (id int, g int, place int, v int, PRIMARY KEY (id, g), CONSTRAINT one UNIQUE (place, g) DEFERRABLE) PARTITION BY LIST (g); CREATE TABLE t1 PARTITION OF t DEFAULT;",
	} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, "CREATE TABLE t (id int, g int, place int, v int, PRIMARY KEY (id, g)); INSERT INTO t VALUES (1, 0, 1, 1), (2, 0, 2, 1)")
		dst.Exec(t, create+refuse)
		spec := rejecting("t", connectors.Upsert)
		spec.PrimaryKey = []string{"id", "g"}
		cfg := config(src.DSN, dst.DSN, spec)
		mustRun(t, cfg)
		src.Exec(t, "UPDATE t SET place = 3 - place; INSERT INTO t VALUES (3, 0, 3, -1)")
		_, err := runtime.Run(t.Context(), again(cfg))
		if err == nil || !strings.Contains(err.Error(), "the key is DEFERRABLE") {
			t.Errorf("%s: error %v", name, err)
		}
		if diff := cmp.Diff([][]string{{"1", "1"}, {"2", "2"}}, dst.Query(t, "SELECT id, place FROM t ORDER BY id")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestRejectsNone holds that a bad row ends a run that puts none aside, and that
// an error which is not a row's ends one that does.
func TestRejectsNone(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, -1)")
	dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v > 0))")
	spec := rejecting("t", connectors.Replace)
	spec.Rejects = nil
	_, err := runtime.Run(t.Context(), config(src.DSN, dst.DSN, spec))
	if err == nil || !connectors.BadRow(err) || !strings.Contains(err.Error(), "t_v_check") {
		t.Errorf("error %v", err)
	}
}

// TestRejectsRetry tries rejects again, and holds that a later run takes away
// what it reads again.
func TestRejectsRetry(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		mode  connectors.WriteMode
		left  string // what a second run leaves of the rejects
		after string // the target's rows
	}{
		{"replace", connectors.Replace, "1", "1:1 2:-2 3:3"},
		{"append", connectors.Append, "2", "0:7 1:1 2:-2 3:3 9:9"},
		{"upsert", connectors.Upsert, "1", "0:7 1:1 2:-2 3:3 9:9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (2, -2), (3, 3)")
			dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT few CHECK (v > 0)); INSERT INTO t VALUES (0, 7), (9, 9)")
			cfg := config(src.DSN, dst.DSN, rejecting("t", tc.mode))
			mustRun(t, cfg)
			destination := postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "test"}, postgres.DestinationOptions{})
			retry := func() (taken, refused int) {
				err := destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{}, func(_ postgres.Reject, err error) {
					if err == nil {
						taken++
					} else {
						refused++
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				return taken, refused
			}
			if taken, refused := retry(); taken != 0 || refused != 1 {
				t.Errorf("%d taken, %d refused", taken, refused)
			}
			dst.Exec(t, "ALTER TABLE t DROP CONSTRAINT few")
			if taken, refused := retry(); taken != 1 || refused != 0 {
				t.Errorf("%d taken, %d refused", taken, refused)
			}
			got := dst.Query(t, "SELECT string_agg(id || ':' || v, ' ' ORDER BY id) FROM t")
			if got[0][0] != tc.after {
				t.Errorf("rows %s, want %s", got[0][0], tc.after)
			}
			if tc.mode != connectors.Append {
				dst.Exec(t, "DELETE FROM t WHERE v < 0; ALTER TABLE t ADD CONSTRAINT few CHECK (v > 0)")
				mustRun(t, again(cfg))
				mustRun(t, again(cfg))
				if n := dst.Query(t, "SELECT count(*) FROM _rbt.rejects"); n[0][0] != tc.left {
					t.Errorf("%s rejects, want %s", n[0][0], tc.left)
				}
			}
		})
	}
}

// TestRejectsRetryLater holds that a reject does not replace a row that is later.
func TestRejectsRetryLater(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int, at int); INSERT INTO t VALUES (1, -1, 5), (2, -2, 6), (3, -3, 7), (4, -4, 8), (5, -5, 9), (6, -6, NULL), (7, -7, NULL), (8, -8, NULL)")
	dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT few CHECK (v > 0), at int); INSERT INTO t VALUES (1, 1, 9), (2, 2, 4), (3, 3, 7), (4, 4, NULL), (6, 6, 1), (7, 7, NULL)")
	spec := rejecting("t", connectors.Upsert)
	spec.Cursor = &connectors.Cursor{Column: "at"}
	cfg := config(src.DSN, dst.DSN, spec)
	mustRun(t, cfg)
	dst.Exec(t, "ALTER TABLE t DROP CONSTRAINT few")
	destination := postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "test"}, postgres.DestinationOptions{})
	err := destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{Stream: spec.Name}, func(_ postgres.Reject, err error) {
		if err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	// An equal cursor was mended at the source, and NULL is earlier than anything.
	want := [][]string{{"1", "1", "9"}, {"2", "-2", "6"}, {"3", "3", "7"}, {"4", "-4", "8"}, {"5", "-5", "9"}, {"6", "6", "1"}, {"7", "7", "NULL"}, {"8", "-8", "NULL"}}
	if diff := cmp.Diff(want, dst.Query(t, "SELECT * FROM t ORDER BY id")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsEncoding puts aside what the destination's encoding does not have,
// and takes it as it was once that is another one.
func TestRejectsEncoding(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	src, dst := pgtest.New(t), pgtest.On(t, server)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, 'é'), (2, E'\\u20ac\\t\\\\'), (3, NULL)")
	dst.Exec(t, "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0")
	latin := server.DSN("latin")
	cfg := config(src.DSN, latin, rejecting("t", connectors.Replace))
	if s := mustRun(t, cfg); s.Rows != 2 || s.Streams[0].Rejected != 1 {
		t.Errorf("%d rows, %d rejected", s.Rows, s.Streams[0].Rejected)
	}
	destination := postgres.NewDestination(postgres.Config{DSN: latin, Pipeline: "test"}, postgres.DestinationOptions{})
	rejects, err := destination.Rejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{})
	if err != nil || len(rejects) != 1 {
		t.Fatalf("%v, error %v", rejects, err)
	}
	r := rejects[0]
	if r.Key != "id=2" || r.Code != "22P05" || r.Row != "2\t"+`\xe2\x82\xac\t\\` || *r.Values()["v"] != "€\t\\" {
		t.Errorf("%+v, v = %q", r, *r.Values()["v"])
	}
	var refused error
	err = destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{}, func(_ postgres.Reject, err error) { refused = err })
	if err != nil || refused == nil {
		t.Errorf("error %v, refused %v", err, refused)
	}
}

// TestRejectsTuned holds that a bad row in a window masks it, and is not put down
// to its setting; and that lanes which are cut off put nothing aside twice.
func TestRejectsTuned(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, manyOrders+"; UPDATE orders SET customer = -1 WHERE id % 5000 = 0")
	mustRun(t, config(src.DSN, dst.DSN, stream("orders")))
	dst.Exec(t, "ALTER TABLE orders ADD CHECK (customer >= 0) NOT VALID")
	dst.Exec(t, "TRUNCATE orders; ALTER TABLE orders VALIDATE CONSTRAINT orders_customer_check")
	masked := func(seen *recorder) bool {
		return slices.ContainsFunc(of[runtime.WindowDone](seen), func(e runtime.WindowDone) bool { return e.Window.Masked == policy.MaskBadRow })
	}
	var ended <-chan struct{}
	_, seen := tunetest.MustRunUntil(t, masked, func() runtime.Config {
		cfg := tuned(config(src.DSN, dst.DSN, rejecting("orders", connectors.Replace)), switcher(1))
		ended = afterParts(&cfg, 8, func() {
			for range 6 {
				dst.Query(t, terminateOne)
				time.Sleep(time.Duration(5+rand.IntN(30)) * time.Millisecond)
			}
		})
		return cfg
	})
	<-ended
	bad := src.Query(t, "SELECT 'id=' || id, '23514' FROM orders WHERE customer < 0 ORDER BY length(id::text), id")
	if diff := cmp.Diff(bad, rejected(t, dst)); diff != "" {
		t.Errorf("rejects (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(sums(t, src, "SELECT * FROM orders WHERE customer >= 0"), sums(t, dst, "SELECT * FROM orders")); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	if done := of[runtime.StreamDone](seen); len(done) != 1 || done[0].Rejected != int64(len(bad)) {
		t.Errorf("done %+v, want %d rejected", done, len(bad))
	}
	if !masked(seen) {
		t.Error("no window had a bad row")
	}
	for _, e := range of[runtime.WindowDone](seen) {
		if e.Window.Errors["23"] > 0 {
			t.Errorf("window %d counts %v", e.Window.Seq, e.Window.Errors)
		}
	}
}

// TestRejectsAreNotGone holds that a row which was put aside is not deleted from the
// target, or marked: it is still there at the source.
func TestRejectsAreNotGone(t *testing.T) {
	t.Parallel()
	for _, how := range []connectors.Deleted{connectors.DropDeleted, connectors.MarkDeleted} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, i FROM generate_series(1, 5) i")
		dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int, _rbt_deleted_at timestamptz)")
		spec := rejecting("t", connectors.Upsert)
		spec.Deleted = how
		cfg := config(src.DSN, dst.DSN, spec)
		mustRun(t, cfg)
		src.Exec(t, "UPDATE t SET v = 'bad' WHERE id = 3; DELETE FROM t WHERE id = 4")
		s := mustRun(t, again(cfg))
		if got := dst.Query(t, "SELECT count(*), count(_rbt_deleted_at) FROM t"); got[0][0] != "5" || got[0][1] != "0" {
			t.Errorf("%s: rows, marked: %v", how, got)
		}
		if notes := strings.Join(s.Notes, " "); !strings.Contains(notes, "a row that was put aside is not gone") {
			t.Errorf("%s: notes %s", how, notes)
		}
		src.Exec(t, "UPDATE t SET v = '33' WHERE id = 3")
		s = mustRun(t, again(cfg))
		want := map[connectors.Deleted]string{connectors.DropDeleted: "deleted", connectors.MarkDeleted: "marked as deleted"}[how]
		if !slices.Contains(s.Notes, "public.t: 1 row that the source does not have any more was "+want) {
			t.Errorf("%s: notes %q", how, s.Notes)
		}
		if got := dst.Query(t, "SELECT count(*), count(_rbt_deleted_at), (SELECT v FROM t WHERE id = 3), (SELECT count(*) FROM _rbt.rejects) FROM t"); got[0][2] != "33" || got[0][3] != "0" ||
			how == connectors.DropDeleted && got[0][0] != "4" || how == connectors.MarkDeleted && got[0][1] != "1" {
			t.Errorf("%s: once it is mended: %v", how, got)
		}
	}
}

// TestRejectsOfOneRow holds that a row which every run refuses is put aside once.
func TestRejectsOfOneRow(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t VALUES (1, '1'), (2, 'bad')")
	dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int)")
	spec := rejecting("t", connectors.Upsert)
	spec.Cursor = &connectors.Cursor{Column: "id"}
	cfg := config(src.DSN, dst.DSN, spec)
	for range 3 {
		cfg = again(cfg)
		mustRun(t, cfg)
	}
	if diff := cmp.Diff([][]string{{"id=2", "22P02"}}, rejected(t, dst)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsOfAChangedRow holds the same of one that was changed, and is refused again
// before it is staged.
func TestRejectsOfAChangedRow(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text, at int); INSERT INTO t VALUES (1, '1', 2), (2, 'bad', 1), (3, 'also', 1)")
	dst.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v int, at int)")
	spec := rejecting("t", connectors.Upsert)
	spec.Cursor = &connectors.Cursor{Column: "at"}
	cfg := config(src.DSN, dst.DSN, spec)
	mustRun(t, cfg)
	src.Exec(t, "UPDATE t SET v = 'worse', at = 3 WHERE id = 2")
	mustRun(t, again(cfg))
	want := [][]string{{"also"}, {"worse"}}
	if diff := cmp.Diff(want, dst.Query(t, `SELECT split_part(row, E'\t', 2) FROM _rbt.rejects ORDER BY 1`)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsOfATakenUpRun holds that rejects of a stream that is published stay when
// its unfinished run is taken up: their rows are nowhere else.
func TestRejectsOfATakenUpRun(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, '1'), (2, 'bad'), (3, '3'); CREATE TABLE b (id int PRIMARY KEY, v int); INSERT INTO b VALUES (1, -1)")
	dst.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v int); CREATE TABLE b (id int PRIMARY KEY, v int CONSTRAINT few CHECK (v > 0))")
	a := rejecting("a", connectors.Upsert)
	a.Cursor = &connectors.Cursor{Column: "id"}
	cfg := config(src.DSN, dst.DSN, a, stream("b"))
	publishedOf(t, cfg, dst)
	dst.Exec(t, "ALTER TABLE b DROP CONSTRAINT few")
	mustRun(t, cfg)
	if diff := cmp.Diff([][]string{{"id=2", "22P02"}}, rejected(t, dst)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsOfOtherColumns holds that a reject is read as it was written, also when a
// later attempt of its run copies other columns.
func TestRejectsOfOtherColumns(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v text, w text); INSERT INTO a VALUES (1, 'v1', 'w1'), (2, 'v2 is long', 'w2'); CREATE TABLE b (id int PRIMARY KEY, v int); INSERT INTO b VALUES (1, -1)")
	dst.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, v varchar(5), w varchar(5)); CREATE TABLE b (id int PRIMARY KEY, v int CONSTRAINT few CHECK (v > 0))")
	a := rejecting("a", connectors.Append)
	a.Cursor = &connectors.Cursor{Column: "id"}
	cfg := config(src.DSN, dst.DSN, a, stream("b"))
	publishedOf(t, cfg, dst)
	src.Exec(t, "INSERT INTO a VALUES (3, 'v3', 'w3 is long'); ALTER TABLE a RENAME v TO old; ALTER TABLE a ADD v text; UPDATE a SET v = old; ALTER TABLE a DROP old")
	dst.Exec(t, "ALTER TABLE b DROP CONSTRAINT few")
	mustRun(t, cfg)
	dst.Exec(t, "ALTER TABLE a ALTER v TYPE text, ALTER w TYPE text")
	destination := postgres.NewDestination(postgres.Config{DSN: dst.DSN, Pipeline: "test"}, postgres.DestinationOptions{})
	err := destination.RetryRejects(t.Context(), cfg.Run.Pipeline, postgres.RejectFilter{}, func(r postgres.Reject, err error) {
		if v := r.Values(); err != nil || *v["v"] != "v"+*v["id"] && *v["w"] != "w"+*v["id"] {
			t.Errorf("values %v, error %v", v, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(src.Query(t, "SELECT id, v, w FROM a ORDER BY id"), dst.Query(t, "SELECT id, v, w FROM a ORDER BY id")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestRejectsWithoutRows holds that what refuses a statement, whatever rows it has,
// ends the run.
func TestRejectsWithoutRows(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int, v text); INSERT INTO t SELECT i % 50, repeat('x', 500) FROM generate_series(1, 2000) i")
	dst.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, v text); CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin raise exception ''never''; end';
		CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH STATEMENT EXECUTE FUNCTION f()`)
	spec := rejecting("t", connectors.Upsert)
	spec.Rejects.Max = 10
	if _, err := runtime.Run(t.Context(), config(src.DSN, dst.DSN, spec)); err == nil || !strings.Contains(err.Error(), "never") {
		t.Errorf("error %v", err)
	}
}

// TestRejectsMany puts more rows aside when they become visible than the server has
// room for locks of one transaction.
func TestRejectsMany(t *testing.T) {
	t.Parallel()
	const bad = 1000
	src := pgtest.New(t)
	dst := pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"max_locks_per_transaction": "10", "max_connections": "20"}}))
	src.Exec(t, fmt.Sprintf("CREATE TABLE t (id int); INSERT INTO t SELECT generate_series(1, %d)", bad+10))
	dst.Exec(t, fmt.Sprintf("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, %d)", bad))
	s := stream("t")
	s.WriteMode, s.Rejects = connectors.Append, &connectors.Rejects{Max: bad}
	mustRun(t, config(src.DSN, dst.DSN, s))
	got := dst.Query(t, "SELECT (SELECT count(*) FROM t), (SELECT count(*) FROM _rbt.rejects)")
	if diff := cmp.Diff([][]string{{fmt.Sprint(bad + 10), fmt.Sprint(bad)}}, got); diff != "" {
		t.Errorf("rows and rejects (-want +got):\n%s", diff)
	}
}
