package runtime_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

const sales = `CREATE TYPE mood AS ENUM ('sad', 'glad');
	CREATE TABLE sales (id int PRIMARY KEY, day date, total numeric(8,2), m mood);
	INSERT INTO sales SELECT i, date '2024-01-01' + i % 30, i, 'glad' FROM generate_series(1, 3000) i;`

func querying(name, query string) connectors.StreamSpec {
	s := stream(name)
	s.Query = query
	return s
}

// TestQuery copies what queries select: created with the types that the server
// says, replaced, narrowed by the stream's own attributes, shared among lanes,
// and compared with the source.
func TestQuery(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, sales)
	totals := querying("totals", "select day, sum(total) as total, count(*) as \"Sales\", array_agg(id order by id) as ids\n\tfrom public.sales group by day;")
	totals.Where = `"Sales" > 0 and day < '2024-01-21' -- the first`
	totals.Columns = []string{"day", "total", "ids", "Sales"}
	totals.Verify = connectors.VerifyChecksum
	shared := querying("shared", "select id, m::text as mood from public.sales where total > 7 -- some")
	shared.Verify = connectors.VerifyChecksum
	cfg := config(src.DSN, dst.DSN, totals, shared)
	for range 2 { // the second time the tables are there
		cfg = again(cfg)
		mustRun(t, cfg)
		want := src.Query(t, `select day, sum(total), array_agg(id order by id), count(*) from sales where day < '2024-01-21' group by day order by day`)
		if diff := cmp.Diff(want, dst.Query(t, `select day, total, ids, "Sales" from totals order by day`)); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(src.Query(t, "select id, m from sales where total > 7 order by id"), dst.Query(t, "select * from shared order by id")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const shape = `select attrelid::regclass || '.' || attname || ' ' || format_type(atttypid, atttypmod) from pg_attribute
		where attrelid in ('totals'::regclass, 'shared'::regclass) and attnum > 0 order by 1`
	want := [][]string{{"shared.id integer"}, {"shared.mood text"}, {"totals.Sales bigint"}, {"totals.day date"}, {"totals.ids integer[]"}, {"totals.total numeric"}}
	if diff := cmp.Diff(want, dst.Query(t, shape)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestQueryIncremental reads what is new of a query.
func TestQueryIncremental(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, sales)
	s := querying("late", "select s.id, s.total * 2 as twice from public.sales s")
	s.WriteMode, s.PrimaryKey, s.Cursor = connectors.Upsert, []string{"id"}, &connectors.Cursor{Column: "id"}
	cfg := config(src.DSN, dst.DSN, s)
	if sum := mustRun(t, cfg); sum.Rows != 3000 {
		t.Errorf("%d rows", sum.Rows)
	}
	src.Exec(t, "INSERT INTO sales VALUES (3001, '2024-02-02', 4, 'sad')")
	if sum := mustRun(t, again(cfg)); sum.Rows != 2 { // and the last one again
		t.Errorf("%d rows", sum.Rows)
	}
	if got := dst.Query(t, "select count(*), max(id), (select twice from late where id = 3001) from late"); got[0][0] != "3001" || got[0][2] != "8.00" {
		t.Errorf("%v", got)
	}
}

// TestQueryRefuses holds that what is no query with good columns is refused, and
// about which attribute.
func TestQueryRefuses(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, sales)
	for _, tc := range []struct{ query, want string }{
		{"select nope from public.sales", `q: query: ERROR: column "nope" does not exist`},
		{"selec 1", "syntax error"},
		{"select id, id from public.sales", `two columns are called "id"`},
		{"select 1 + 1", "name it with AS"},
		{"select m from public.sales", `column "m": its type public.mood is not built in: cast it`},
		{"select id from public.sales) x, (select 1", "syntax error"},
		{"select id from public.sales; select 1", "cannot insert multiple commands"},
		{"delete from public.sales returning id", "syntax error"},
		{"select id from sales", `relation "sales" does not exist`},
	} {
		_, err := runtime.Inspect(t.Context(), config(src.DSN, dst.DSN, querying("q", tc.query)))
		var about *connectors.StreamError
		if !errors.As(err, &about) || about.Attribute != "query" || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want …%s…", tc.query, err, tc.want)
		}
	}
}

// TestAllMistakesAtOnce holds that what is wrong with one stream does not hide what
// is wrong with another.
func TestAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, sales)
	key, cursor := stream("sales"), stream("sales")
	key.Name, key.WriteMode, key.PrimaryKey, key.Target = "key", connectors.Upsert, []string{"nope"}, "k"
	cursor.Name, cursor.WriteMode, cursor.Cursor, cursor.Target = "cursor", connectors.Upsert, &connectors.Cursor{Column: "nope"}, "c"
	where := stream("sales")
	where.Name, where.Where, where.Target = "where", "nope > 1", "w"
	_, err := runtime.Inspect(t.Context(), config(src.DSN, dst.DSN, querying("query", "select nope"), key, cursor, where, stream("none")))
	for _, want := range []string{"query: query: ", "key: primary_key: ", "cursor: cursor: ", "where: where: ", "there is no table public.none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("there is no %q in %v", want, err)
		}
	}
}
