package runtime_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

// nothingLeft checks that no staging table remains.
func nothingLeft(t testing.TB, dst *pgtest.DB) {
	t.Helper()
	if left := dst.Query(t, `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname LIKE '\_rbt\_%'`); len(left) > 0 {
		t.Errorf("staging tables are left: %v", left)
	}
}

const orders = `CREATE TABLE orders (id int8 PRIMARY KEY, customer int, total numeric, at timestamptz, note text);
	INSERT INTO orders SELECT i, i % 1000, i / 3.0, '2026-01-01'::timestamptz + i * interval '1 second', repeat('x', i % 150)
	FROM generate_series(1, 60000) i; CREATE INDEX ON orders (customer); ANALYZE orders;`

// TestForeignKeysOfAddedRows holds that rows become visible after those that they
// refer to, whichever are loaded first.
func TestForeignKeysOfAddedRows(t *testing.T) {
	t.Parallel()
	for _, mode := range []connectors.WriteMode{connectors.Append, connectors.Upsert} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, `CREATE TABLE parent (id int PRIMARY KEY, up int REFERENCES parent, note text); INSERT INTO parent SELECT i, nullif(i / 2, 0), repeat('x', 500) FROM generate_series(1, 20000) i;
			CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent); INSERT INTO child SELECT i, i FROM generate_series(1, 20) i;
			CREATE TABLE grandchild (id int PRIMARY KEY, child int REFERENCES child); INSERT INTO grandchild SELECT i, i FROM generate_series(1, 20) i`)
		dst.Exec(t, `CREATE TABLE parent (id int PRIMARY KEY, up int REFERENCES parent, note text); CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
			CREATE TABLE grandchild (id int PRIMARY KEY, child int REFERENCES child)`)
		var specs []connectors.StreamSpec
		for _, table := range []string{"grandchild", "child", "parent"} {
			spec := stream(table)
			spec.WriteMode, spec.PrimaryKey = mode, []string{"id"}
			if mode == connectors.Append {
				spec.PrimaryKey = nil
			}
			specs = append(specs, spec)
		}
		mustRun(t, config(src.DSN, dst.DSN, specs...))
		if got := dst.Query(t, "SELECT (SELECT count(*) FROM parent), (SELECT count(*) FROM child), (SELECT count(*) FROM grandchild)"); !slices.Equal(got[0], []string{"20000", "20", "20"}) {
			t.Errorf("%s: %v", mode, got)
		}
	}
}

// TestForeignKeysOfMixedModes holds the same where the rows of the table that refers
// are replaced, and where tables refer to each other.
func TestForeignKeysOfMixedModes(t *testing.T) {
	t.Parallel()
	const parents = "CREATE TABLE parent (id int PRIMARY KEY, note text); CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);"
	const round = `CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b;
		CREATE TABLE d (id int PRIMARY KEY, a int REFERENCES a);`
	upsert := func(table string) connectors.StreamSpec {
		s := stream(table)
		s.WriteMode, s.PrimaryKey = connectors.Upsert, []string{"id"}
		return s
	}
	for _, tc := range []struct {
		name, create, rows, more string
		specs                    []connectors.StreamSpec
	}{
		{"truncated", parents, "INSERT INTO parent SELECT i, repeat('x', 500) FROM generate_series(1, 50000) i; INSERT INTO child SELECT i, i FROM generate_series(1, 20) i",
			"CREATE VIEW v AS SELECT * FROM child", []connectors.StreamSpec{stream("child"), upsert("parent")}},
		{"swapped", parents, "INSERT INTO parent SELECT i, repeat('x', 500) FROM generate_series(1, 50000) i; INSERT INTO child SELECT i, i FROM generate_series(1, 20) i",
			"", []connectors.StreamSpec{stream("child"), upsert("parent")}},
		{"round", round, "INSERT INTO a VALUES (1, NULL), (2, NULL); INSERT INTO b VALUES (1, 1); INSERT INTO d VALUES (1, 2)",
			"", []connectors.StreamSpec{upsert("d"), upsert("a"), upsert("b")}},
	} {
		src, dst := pgtest.New(t), pgtest.New(t)
		src.Exec(t, tc.create+tc.rows)
		dst.Exec(t, tc.create+tc.more)
		if _, err := runtime.Run(t.Context(), config(src.DSN, dst.DSN, tc.specs...)); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

// TestRun copies tables of every shape.
func TestRun(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, orders+`
		CREATE TABLE nokey (a int, b text);
		INSERT INTO nokey SELECT i, repeat('y', 200) FROM generate_series(1, 20000) i;
		CREATE TABLE byuuid (id uuid PRIMARY KEY, a text);
		INSERT INTO byuuid SELECT md5(i::text)::uuid, repeat('z', 300) FROM generate_series(1, 20000) i;
		CREATE TABLE empty (id int PRIMARY KEY);
		CREATE TABLE tiny (id int PRIMARY KEY, v text); INSERT INTO tiny VALUES (1, 'one'), (2, NULL);
		CREATE TABLE columnless (); INSERT INTO columnless DEFAULT VALUES; INSERT INTO columnless DEFAULT VALUES;
		CREATE TABLE parent (id int, v text); INSERT INTO parent VALUES (1, 'parent');
		CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (2, 'child');
		CREATE TABLE measures (id int8, day date NOT NULL, v float8, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
		CREATE TABLE measures_1 PARTITION OF measures FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
		CREATE TABLE measures_2 PARTITION OF measures DEFAULT;
		INSERT INTO measures SELECT i, '2026-01-01'::date + i % 40, i * 1.1 FROM generate_series(1, 40000) i;
		CREATE TABLE generated (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) STORED);
		INSERT INTO generated (a) SELECT i FROM generate_series(1, 1000) i;
		CREATE VIEW recent AS SELECT id, total FROM orders WHERE id > 59000;
		CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY 1;`)
	tables := []string{"orders", "nokey", "byuuid", "empty", "tiny", "columnless", "parent", "child", "generated"}
	var streams []connectors.StreamSpec
	for _, name := range append(tables, "measures", "recent", "totals") {
		streams = append(streams, stream(name))
	}
	cfg := config(src.DSN, dst.DSN, streams...)
	for range 2 { // the first time the tables are created, the second time replaced
		s := mustRun(t, cfg)
		if !s.OneMoment {
			t.Errorf("not one moment: %v", s.Notes)
		}
		sameRows(t, src, dst, tables...)
		for _, q := range []string{"SELECT * FROM measures", "SELECT * FROM recent", "SELECT * FROM totals"} {
			if diff := cmp.Diff(sums(t, src, q), sums(t, dst, q)); diff != "" {
				t.Errorf("%s differs (-source +destination):\n%s", q, diff)
			}
		}
		nothingLeft(t, dst)
		cfg.Run.ID += "again"
	}
}

// TestNoFaultInTheLogs holds that a run which ends well says goodbye to the
// servers: their logs are watched.
func TestNoFaultInTheLogs(t *testing.T) {
	t.Parallel()
	server := pgtest.Cluster(t, pgcluster.Options{})
	src, dst := pgtest.On(t, server), pgtest.On(t, server)
	src.Exec(t, orders)
	mustRun(t, config(src.DSN, dst.DSN, stream("orders")))
	time.Sleep(200 * time.Millisecond) // backends end a moment later
	for line := range strings.Lines(server.Log()) {
		if strings.Contains(line, "unexpected EOF") || strings.Contains(line, "could not receive") {
			t.Error(line)
		}
	}
}

// An error says whose it is, and the summary how far every stream came.
func TestSummaryOfAFailedRun(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	const tables = "CREATE TABLE twice (id int); CREATE TABLE held (id int);"
	src.Exec(t, tables+"INSERT INTO twice VALUES (1), (1); INSERT INTO held VALUES (1)")
	dst.Exec(t, tables+"ALTER TABLE twice ADD UNIQUE (id)")
	reader := dst.Conn(t)
	if _, err := reader.Exec(t.Context(), "BEGIN; SELECT FROM held"); err != nil {
		t.Fatal(err)
	}
	cfg := config(src.DSN, dst.DSN, stream("held"), stream("twice"))
	cfg.WorkerCap = 1 // the tables are loaded one after the other, held first
	s, err := runtime.Run(t.Context(), cfg)
	if err == nil || !strings.HasPrefix(err.Error(), "public.twice: destination: build unique twice_id_key for public.twice: ERROR: could not create unique index \"twice_id_key\"") {
		t.Errorf("error %v", err)
	}
	got := map[string]string{}
	for _, one := range s.Streams {
		got[one.Stream] = one.Status
	}
	if diff := cmp.Diff(map[string]string{"public.twice": "failed", "public.held": "loaded"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
