package runtime_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/runtime"
)

const people = `CREATE TABLE t (id int PRIMARY KEY, email varchar(40) NOT NULL UNIQUE, ssn text, born date, n int CHECK (n > 0));
	CREATE INDEX by_n ON t (n);
	INSERT INTO t VALUES (1, 'Ann@X.org', '123-45-6789', '2000-02-29', 7), (2, 'Bob@x.org', '6789', NULL, 8), (3, 'c', NULL, '1999-01-01', 9);`

func salted(dsn string) connectors.Source {
	return postgres.NewSource(postgres.Config{DSN: dsn, Pipeline: "test", Salt: `s'a\lt`}, postgres.SourceOptions{})
}

// TestComputed holds that computed columns have the values and the types that
// the source says, and that the rest of the table is as it was.
func TestComputed(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, people)
	s := stream("t")
	s.Verify = connectors.VerifyChecksum
	s.Computed = []connectors.Computed{
		{Column: "email", Mask: connectors.MaskHash}, {Column: "ssn", Mask: connectors.MaskPartial},
		{Column: "born", Mask: connectors.MaskRedact}, {Column: "n", Expr: "n * 1.5 -- and a half"},
		{Column: "twice", Expr: "ARRAY[n, 2 * n]"},
	}
	cfg := config(src.DSN, dst.DSN, s)
	cfg.Source = salted(src.DSN)
	for range 2 { // the second time the table is there
		cfg = again(cfg)
		mustRun(t, cfg)
		want := src.Query(t, `SELECT id, encode(sha256(convert_to('s''a\lt' || email, 'UTF8')), 'hex'),
			CASE id WHEN 1 THEN '*******6789' WHEN 2 THEN '****' END, NULL, n * 1.5, ARRAY[n, 2 * n] FROM t ORDER BY id`)
		if diff := cmp.Diff(want, dst.Query(t, "SELECT * FROM t ORDER BY id")); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
	const shape = `SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END FROM pg_attribute
		WHERE attrelid = 't'::regclass AND attnum > 0 UNION ALL
		SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass UNION ALL
		SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1`
	want := [][]string{{"born date"}, {"email text not null"}, {"id integer not null"}, {"index t_email_key"}, {"index t_pkey"},
		{"n numeric"}, {"ssn text"}, {"t_email_key UNIQUE (email)"}, {"t_pkey PRIMARY KEY (id)"}, {"twice integer[]"}}
	if diff := cmp.Diff(want, dst.Query(t, shape)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, book := range []string{"runs", "streams", "marks", "decisions", "positions"} {
		if found := dst.Query(t, "SELECT count(*) FROM _rbt."+book+" b WHERE b::text LIKE '%lt%' AND b::text LIKE '%s''a%'"); found[0][0] != "0" {
			t.Errorf("the salt is in _rbt.%s", book)
		}
	}
	if n := dst.Query(t, "SELECT count(*) FROM _rbt.marks"); n[0][0] == "0" {
		t.Error("there are no marks to look at")
	}
}

// TestComputedRefuses holds that an expression which cannot be read, or would
// change the number of rows, is refused.
func TestComputedRefuses(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, people+"CREATE TYPE mood AS ENUM ('sad')")
	for _, tc := range []struct{ column, expr, want string }{
		{"x", "emial", `column x: ERROR: column "emial" does not exist`},
		{"x", "count(*)", "aggregate functions are not allowed"},
		{"x", "generate_series(1, n)", "set-returning functions are not allowed"},
		{"x", "1) IS NULL OR (2", "argument of OR must be type boolean"},
		{"x", "'sad'::public.mood", "its type public.mood is not built in"},
		{"x", "1, 2", "its type is record"},
		{"x", "1), (2", "syntax error"},
	} {
		s := stream("t")
		s.Computed = []connectors.Computed{{Column: tc.column, Expr: tc.expr}}
		_, err := runtime.Inspect(t.Context(), config(src.DSN, dst.DSN, s))
		var about *connectors.StreamError
		if !errors.As(err, &about) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want …%s…", tc.expr, err, tc.want)
		}
	}
	s := stream("t")
	s.Computed = []connectors.Computed{{Column: "none", Mask: connectors.MaskRedact}}
	if _, err := runtime.Inspect(t.Context(), config(src.DSN, dst.DSN, s)); err == nil || !strings.Contains(err.Error(), "there is no such column") {
		t.Errorf("error %v", err)
	}
}

// TestMaskedKey holds that a key which is masked does not divide the table: the
// bounds of its ranges are in marks.
func TestMaskedKey(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT i, repeat('x', 300) FROM generate_series(1, 20000) i; ANALYZE t")
	s := stream("t")
	s.Computed = []connectors.Computed{{Column: "id", Mask: connectors.MaskHash}}
	cfg := config(src.DSN, dst.DSN, s)
	cfg.Source = salted(src.DSN)
	plans, err := runtime.Inspect(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"range", "mod"} {
		if why := plans[0].Stream.Choices[0].WhyNot[mode]; why == "" {
			t.Errorf("%s would divide it by the masked key", mode)
		}
	}
	mustRun(t, cfg)
	if n := dst.Query(t, `SELECT count(*) FROM _rbt.marks WHERE predicate LIKE '%"id"%'`); n[0][0] != "0" {
		t.Errorf("%s marks name the key", n[0][0])
	}
}
