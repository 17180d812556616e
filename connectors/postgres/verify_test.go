package postgres

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// verifyOne compares the table t of two databases.
func verifyOne(t *testing.T, src, dst *pgtest.DB, spec connectors.StreamSpec, columns ...string) Comparison {
	t.Helper()
	found, err := Verify(t.Context(), Config{DSN: src.DSN}, Config{DSN: dst.DSN},
		[]*connectors.Target{verifyTarget(t, src, spec, columns...)}, VerifyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if found[0].Err != nil {
		t.Fatal(found[0].Err)
	}
	return found[0]
}

func verifyTarget(t *testing.T, src *pgtest.DB, spec connectors.StreamSpec, columns ...string) *connectors.Target {
	t.Helper()
	spec.Name, spec.Schema, spec.Table = "public.t", "public", "t"
	conn, err := Config{DSN: src.DSN}.connect(t.Context(), sourceRole)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	name := relName{"public", "t"}
	relations, err := readTables(t.Context(), conn, []relName{name})
	if err != nil {
		t.Fatal(err)
	}
	table := relations[name].Table
	if columns == nil {
		for _, c := range table.Columns {
			columns = append(columns, c.Name)
		}
	}
	return &connectors.Target{Stream: &connectors.Stream{Spec: spec, Table: table}, Schema: "public", Name: "t", Columns: columns}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	type rows = Comparison // only the counts matter
	for _, tc := range []struct {
		name           string
		source, target string
		spec           connectors.StreamSpec
		columns        []string
		want           rows
		wantEqual      bool
	}{
		{name: "equal in another order", source: `create table t as select i, 'x' || i as s from generate_series(1, 1000) i`,
			target: `create table t as select i, 'x' || i as s from generate_series(1000, 1, -1) i`,
			want:   rows{SourceRows: 1000, TargetRows: 1000}, wantEqual: true},
		{name: "missing and extra", source: `create table t as select generate_series(1, 10) i`,
			target: `create table t as select generate_series(3, 11) i`,
			want:   rows{SourceRows: 10, TargetRows: 9, Missing: 2, Extra: 1}},
		{name: "changed", source: `create table t as select 1 i, 'a' s`, target: `create table t as select 1 i, 'b' s`,
			want: rows{SourceRows: 1, TargetRows: 1, Missing: 1, Extra: 1}},
		{name: "a row twice", source: `create table t as select 1 i union all select 1`, target: `create table t as select 1 i`,
			want: rows{SourceRows: 2, TargetRows: 1, Missing: 1}},
		{name: "null is not empty", source: `create table t as select null::text s`, target: `create table t as select ''::text s`,
			want: rows{SourceRows: 1, TargetRows: 1, Missing: 1, Extra: 1}},
		{name: "nothing", source: `create table t (i int)`, target: `create table t (i int)`, wantEqual: true},
		{name: "no column", source: `create table t (); insert into t default values`, target: `create table t (); insert into t default values`,
			want: rows{SourceRows: 1, TargetRows: 1}, wantEqual: true},
		{name: "no target", source: `create table t (i int)`, want: rows{NoTarget: true}},
		{name: "where and columns", source: `create table t as select i, i as other from generate_series(1, 10) i`,
			target: `create table t as select i, -i as other from generate_series(1, 4) i`,
			spec:   connectors.StreamSpec{Where: "i < 5 -- and a comment"}, columns: []string{"i"},
			want: rows{SourceRows: 4, TargetRows: 4}, wantEqual: true},
		{name: "append keeps what was there", source: `create table t as select 1 i`, target: `create table t as select generate_series(1, 3) i`,
			spec: connectors.StreamSpec{WriteMode: connectors.Append},
			want: rows{SourceRows: 1, TargetRows: 3, Extra: 2, Append: true}, wantEqual: true},
		{name: "only, on both sides", source: `create table t as select 1 i; create table kid () inherits (t); insert into kid values (2)`,
			target: `create table t as select 1 i; create table kid () inherits (t); insert into kid values (3)`,
			want:   rows{SourceRows: 1, TargetRows: 1}, wantEqual: true},
		{name: "partitioned", source: `create table t (i int) partition by list (i); create table t1 partition of t for values in (1); insert into t values (1)`,
			target: `create table t as select 1 i`, want: rows{SourceRows: 1, TargetRows: 1}, wantEqual: true},
		{name: "other types", source: `create table t as select 1::int4 a, '{"b":1,  "a":2}'::json b, 1.50::numeric(8,2) c, 'x'::char(3) d, null::int e, '{1,2}'::int[] f`,
			target: `create table t as select 1::int8 a, '{"b":1,"a":2}'::jsonb b, 1.5::numeric(8,1) c, 'x  '::text d, null::text e, '{1,2}'::bigint[] f`,
			want:   rows{SourceRows: 1, TargetRows: 1}, wantEqual: true},
		{name: "every kind of value", source: verifyEveryKind, target: verifyEveryKind, want: rows{SourceRows: 2, TargetRows: 2}, wantEqual: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, tc.source)
			if tc.target != "" {
				dst.Exec(t, tc.target)
			}
			got := verifyOne(t, src, dst, tc.spec, tc.columns...)
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(Comparison{}, "Stream", "Target", "Took")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.Equal() != tc.wantEqual {
				t.Errorf("Equal() = %v, want %v", got.Equal(), tc.wantEqual)
			}
		})
	}
}

const verifyEveryKind = `
	create type mood as enum ('sad', 'fine');
	create type pair as (a int, b text);
	create domain label as varchar(20);
	create collation loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	create table t ("Mixed ""Case""" int, n numeric, f float8, ts timestamptz, d date, b bytea, j json, jb jsonb, x xml, a text[],
		m mood, p pair, l label, r int4range, u uuid, c text collate loose, bits varbit, i inet, iv interval, rc regclass, v varchar, ch char(5));
	insert into t values (1, 'NaN', '-0', 'infinity', '-infinity', '\x00ff', '{"a" : 1}', '{"a" : 1}', '<a/>', '{a,NULL,""}',
		'fine', '(1,)', 'l', '[1,3)', '00000000-0000-0000-0000-000000000001', 'É', B'101', '::1', '1 mon 2 days', 't', 'v', 'ch');
	insert into t default values`

// The text of a row, and of a value, must stay below the server's 1 GB. A test
// with such values would take minutes.
func TestHashable(t *testing.T) {
	for typeName, want := range map[string]string{
		"numeric(10,2)":                  `"c"`,
		"timestamp(3) without time zone": `"c"`,
		"character varying(1000)":        `"c"`,
		"character varying(1001)":        `hashtextextended(("c")::text COLLATE "C", 0)`,
		"character varying":              `hashtextextended(("c")::text COLLATE "C", 0)`,
		"integer[]":                      `hashtextextended(("c")::text COLLATE "C", 0)`,
		"public.mood":                    `hashtextextended(("c")::text COLLATE "C", 0)`,
		"bytea":                          `md5("c")`,
	} {
		if got := (hasher{}).hashable(`"c"`, typeName); got != want {
			t.Errorf("%s: %s, want %s", typeName, got, want)
		}
	}
}

func TestVerifyStopsTheServers(t *testing.T) {
	t.Parallel()
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, `create table t as select 1 i; create function slow() returns bool language sql as 'select true from pg_sleep(60)'`)
	dst.Exec(t, `create table t as select 1 i`)
	target := verifyTarget(t, src, connectors.StreamSpec{Where: "public.slow()"})
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := Verify(ctx, Config{DSN: src.DSN, Pipeline: "stops"}, Config{DSN: dst.DSN}, []*connectors.Target{target}, VerifyOptions{})
		failed <- err
	}()
	running := func() bool {
		return len(src.Query(t, `select from pg_stat_activity where application_name = 'rbt/stops' and wait_event = 'PgSleep'`)) > 0
	}
	await(t, running)
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
	await(t, func() bool { return !running() })
}

func await(t *testing.T, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited for too long")
		}
	}
}

// TestVerifyGoesOn holds that a table which cannot be compared keeps no other one
// from being compared, over the same connections.
func TestVerifyGoesOn(t *testing.T) {
	src, dst := pgtest.New(t), pgtest.New(t)
	src.Exec(t, "create table t (id int, v text, n int); insert into t values (1, 'a', 5), (2, 'b', 300000)")
	dst.Exec(t, "create table t (id int, n int2); insert into t values (1, 5)")
	var targets []*connectors.Target
	for _, columns := range [][]string{{"id", "v"}, {"id", "n"}, {"id"}} {
		targets = append(targets, verifyTarget(t, src, connectors.StreamSpec{}, columns...))
	}
	found, err := Verify(t.Context(), Config{DSN: src.DSN}, Config{DSN: dst.DSN}, targets, VerifyOptions{Connections: 1})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, `"public"."t" does not have column v`, found[0].Err)
	wantError(t, "the tables cannot be compared", found[1].Err)
	if c := found[2]; c.Err != nil || c.Missing != 1 || c.SourceRows != 2 {
		t.Errorf("got %+v", c)
	}
}
