package postgres

import (
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// shapeSQL is what a table's columns, constraints and indexes are.
const shapeSQL = `
SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END ||
	coalesce(' default ' || pg_get_expr(adbin, adrelid), '') || coalesce(' -- ' || col_description(attrelid, attnum), '')
FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE attrelid = 't'::regclass AND attnum > 0 AND NOT attisdropped
UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass AND contype <> 'n'
UNION ALL SELECT 'index ' || indexrelid::regclass FROM pg_index WHERE indrelid = 't'::regclass
ORDER BY 1`

func column(rows [][]string) string {
	var values []string
	for _, r := range rows {
		values = append(values, r[0])
	}
	return strings.Join(values, "; ")
}

// TestEvolve changes tables in every method, and holds that the plan says how,
// that the rows are those of the source, and that a second run changes nothing.
func TestEvolve(t *testing.T) {
	type evolution = connectors.Evolution
	drop := evolution{RemovedColumn: connectors.DropColumn}
	for _, tc := range []struct {
		name, source, target string
		evolution            evolution
		mode                 connectors.WriteMode
		method               string
		changes              string // joined by "; "
		shape                string
		query                string // at the destination
		want                 [][]string
	}{{
		"a new column, swapped", "create table t (id int primary key, note varchar(9) not null default 'x', u timestamptz default now()); comment on column t.note is 'why'; insert into t values (1, 'n', null)",
		"create table t (id int primary key); insert into t values (7)", evolution{}, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" ADD COLUMN "note" character varying(9) DEFAULT 'x'::character varying NOT NULL, ADD COLUMN "u" timestamp with time zone DEFAULT now(); COMMENT ON COLUMN "public"."t"."note" IS 'why'`,
		"id integer not null; index t_pkey; note character varying(9) not null default 'x'::character varying -- why; t_pkey PRIMARY KEY (id); u timestamp with time zone default now()",
		"select id, note from t", [][]string{{"1", "n"}},
	}, {
		"a new column, truncated", "create table t (id int primary key, n int not null default 3); insert into t values (1, 2)",
		"create table t (id int primary key); create view v as select id from t; insert into t values (7)", evolution{}, connectors.Replace, methodTruncate,
		`ALTER TABLE "public"."t" ADD COLUMN "n" integer DEFAULT 3 NOT NULL`,
		"id integer not null; index t_pkey; n integer not null default 3; t_pkey PRIMARY KEY (id)",
		"select * from t", [][]string{{"1", "2"}},
	}, {
		"a new column, appended", "create table t (id int primary key, n int not null default 3); insert into t values (1, 2)",
		"create table t (id int primary key); insert into t values (7)", evolution{}, connectors.Append, methodInsert,
		`ALTER TABLE "public"."t" ADD COLUMN "n" integer`, "id integer not null; index t_pkey; n integer; t_pkey PRIMARY KEY (id)",
		"select * from t order by id", [][]string{{"1", "2"}, {"7", "NULL"}},
	}, {
		"a new column, upserted", "create table t (id int primary key, n int); insert into t values (1, 2), (7, 8)",
		"create table t (id int primary key); insert into t values (7), (9)", evolution{}, connectors.Upsert, methodUpsert,
		`ALTER TABLE "public"."t" ADD COLUMN "n" integer`, "id integer not null; index t_pkey; n integer; t_pkey PRIMARY KEY (id)",
		"select * from t order by id", [][]string{{"1", "2"}, {"7", "8"}, {"9", "NULL"}},
	}, {
		"a new column that is not wanted", "create table t (id int primary key, n int); insert into t values (1, 2)",
		"create table t (id int primary key)", evolution{NewColumn: connectors.IgnoreColumn}, connectors.Replace, methodSwap,
		"", "id integer not null; index t_pkey; t_pkey PRIMARY KEY (id)", "select * from t", [][]string{{"1"}},
	}, {
		"a new column of new types", `create type "Mood" as enum ('a', 'b'); create domain moods as "Mood"[]; create type other as enum ('o'); create table t (id int, m moods, o other); insert into t values (1, '{b,a}', 'o')`,
		"create table t (id int, o text)", evolution{}, connectors.Append, methodInsert,
		`CREATE TYPE public."Mood" AS ENUM ('a', 'b'); CREATE DOMAIN public.moods AS public."Mood"[]; ALTER TABLE "public"."t" ADD COLUMN "m" public.moods`,
		"id integer; m moods; o text", "select * from t", [][]string{{"1", "o", "{b,a}"}},
	}, {
		"generated and numbered columns come as values", "create table t (id int generated always as identity, n int, d int generated always as (n * 2) stored, s serial); insert into t (n) values (4)",
		"create table t (n int)", evolution{}, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" ADD COLUMN "id" integer NOT NULL, ADD COLUMN "d" integer, ADD COLUMN "s" integer NOT NULL`,
		"d integer; id integer not null; n integer; s integer not null", "select * from t", [][]string{{"4", "1", "8", "1"}},
	}, {
		"new labels", "create type mood as enum ('0', 'a', 'b', 'c', 'z'); create table t (id int primary key, m mood[]); insert into t values (1, '{0,b,z}')",
		"create type mood as enum ('a', 'c'); create table t (id int primary key, m mood[])", evolution{}, connectors.Upsert, methodUpsert,
		`ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS '0' BEFORE 'a'; ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS 'b' AFTER 'a'; ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS 'z' AFTER 'c'`,
		"id integer not null; index t_pkey; m mood[]; t_pkey PRIMARY KEY (id)", "select *, enum_range(null::mood) from t", [][]string{{"1", "{0,b,z}", "{0,a,b,c,z}"}},
	}, {
		"new labels, within other types", "create type mood as enum ('a', 'b', 'c'); create domain moods as mood[]; create type pair as (m moods, n int); create table t (id int primary key, p pair[]); insert into t values (1, '{\"({b},1)\"}')",
		"create type mood as enum ('a', 'c'); create domain moods as mood[]; create type pair as (m moods, n int); create table t (id int primary key, p pair[])", evolution{}, connectors.Replace, methodSwap,
		`ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS 'b' AFTER 'a'`,
		"id integer not null; index t_pkey; p pair[]; t_pkey PRIMARY KEY (id)", "select * from t", [][]string{{"1", `{"({b},1)"}`}},
	}, {
		"no types but those that are needed", "create type mood as enum ('a'); create type mood2 as enum ('b'); create table t (id int primary key, m mood, n mood2); insert into t values (1, 'a', 'b')",
		"create table t (id int primary key, m text)", evolution{}, connectors.Replace, methodSwap,
		`CREATE TYPE public.mood2 AS ENUM ('b'); ALTER TABLE "public"."t" ADD COLUMN "n" public.mood2`,
		"id integer not null; index t_pkey; m text; n mood2; t_pkey PRIMARY KEY (id)", "select *, to_regtype('mood') from t", [][]string{{"1", "a", "b", "NULL"}},
	}, {
		"a sequence that counts further, swapped", "create table t (id bigserial, n bigint generated by default as identity); insert into t values (5000000000, 6000000000); select setval('t_id_seq', 5000000000), setval('t_n_seq', 6000000000)",
		"create table t (id serial, n int generated by default as identity); insert into t values (1, 1)", evolution{}, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "n" TYPE bigint USING "n"::bigint; ALTER SEQUENCE "public"."t_id_seq" AS bigint`,
		"id bigint not null default nextval('t_id_seq'::regclass); n bigint not null",
		"insert into t default values returning id, n", [][]string{{"5000000001", "6000000001"}},
	}, {
		"a sequence that counts further, truncated", "create table t (id bigserial, n bigint generated by default as identity); insert into t values (5000000000, 6000000000); select setval('t_id_seq', 5000000000), setval('t_n_seq', 6000000000)",
		"create table t (id serial, n int generated by default as identity, x int); create view v as select x from t", evolution{}, connectors.Replace, methodTruncate,
		`ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "n" TYPE bigint USING "n"::bigint; ALTER SEQUENCE "public"."t_id_seq" AS bigint`,
		"id bigint not null default nextval('t_id_seq'::regclass); n bigint not null; x integer",
		"insert into t default values returning id, n", [][]string{{"5000000001", "6000000001"}},
	}, {
		"a sequence that counts further, appended", "create table t (id bigserial, n bigint generated by default as identity); insert into t values (5000000000, 6000000000); select setval('t_id_seq', 5000000000), setval('t_n_seq', 6000000000)",
		"create table t (id serial, n int generated by default as identity)", evolution{}, connectors.Append, methodInsert,
		`ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "n" TYPE bigint USING "n"::bigint; ALTER SEQUENCE "public"."t_id_seq" AS bigint`,
		"id bigint not null default nextval('t_id_seq'::regclass); n bigint not null",
		"insert into t default values returning id, n", [][]string{{"5000000001", "6000000001"}},
	}, {
		"new labels for a new table", "create type mood as enum ('a', 'b'); create table t (m mood); insert into t values ('b')",
		"create type mood as enum ('a')", evolution{}, connectors.Replace, methodCreate,
		`ALTER TYPE "public"."mood" ADD VALUE IF NOT EXISTS 'b' AFTER 'a'`, "m mood", "select * from t", [][]string{{"b"}},
	}, {
		"wider types, swapped", "create table t (id bigint primary key, n numeric(12,4), s text, m text); create index on t (s); insert into t values (5000000000, 12345678.1234, 'long', 'x')",
		"create type e as enum ('a'); create table t (id int primary key, n numeric(6,2) default 0.5, s varchar(3) default 'a', m e default 'a'); create index i on t (s)", evolution{}, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "n" DROP DEFAULT, ALTER COLUMN "n" TYPE numeric(12,4) USING "n"::numeric(12,4), ALTER COLUMN "n" SET DEFAULT (0.5)::numeric(12,4), ` +
			`ALTER COLUMN "s" DROP DEFAULT, ALTER COLUMN "s" TYPE text USING "s"::text, ALTER COLUMN "s" SET DEFAULT ('a'::character varying)::text, ` +
			`ALTER COLUMN "m" DROP DEFAULT, ALTER COLUMN "m" TYPE text USING "m"::text, ALTER COLUMN "m" SET DEFAULT ('a'::public.e)::text`,
		"id bigint not null; index i; index t_pkey; m text default ('a'::e)::text; n numeric(12,4) default 0.5::numeric(12,4); s text default ('a'::character varying)::text; t_pkey PRIMARY KEY (id)",
		"select * from t", [][]string{{"5000000000", "12345678.1234", "long", "x"}},
	}, {
		"wider types, upserted", "create table t (id bigint primary key, n int[]); insert into t values (5000000000, '{70000}'), (7, '{1}')",
		"create table t (id int primary key, n smallint[]); insert into t values (7, '{2,3}'), (8, '{4}')", evolution{}, connectors.Upsert, methodUpsert,
		`ALTER TABLE "public"."t" ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "n" TYPE integer[] USING "n"::integer[]`,
		"id bigint not null; index t_pkey; n integer[]; t_pkey PRIMARY KEY (id)",
		"select * from t order by id", [][]string{{"7", "{1}"}, {"8", "{4}"}, {"5000000000", "{70000}"}},
	}, {
		"texts that are read as other types", "create table t (a text, n numeric, d timestamp, b bigint); insert into t values ('17', 1.25, '2024-02-29 13:00', 5)",
		"create table t (a int, n numeric(5,1), d date, b int)", evolution{TypeChange: connectors.CastType}, connectors.Replace, methodSwap,
		"", "a integer; b integer; d date; n numeric(5,1)", "select * from t", [][]string{{"17", "1.3", "2024-02-29", "5"}},
	}, {
		"NULL where there was none", "create table t (id int primary key, n int); insert into t values (1, null)",
		"create table t (id int primary key, n int not null, own text not null); insert into t values (1, 2, 'x')", evolution{}, connectors.Upsert, methodUpsert,
		`ALTER TABLE "public"."t" ALTER COLUMN "n" DROP NOT NULL, ALTER COLUMN "own" DROP NOT NULL`,
		"id integer not null; index t_pkey; n integer; own text; t_pkey PRIMARY KEY (id)", "select * from t", [][]string{{"1", "NULL", "x"}},
	}, {
		"a column less, swapped", "create table t (id int primary key, a int); insert into t values (1, 2)",
		`create table t (id int primary key, gone int generated always as identity check (gone > 0), a int, old serial, unique (gone, a)); comment on column t.gone is 'x';
		create index i on t (gone); create index j on t (a); grant select (gone) on t to public; alter table t alter gone set statistics 7; insert into t (id, a) values (9, 9)`, drop, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" DROP COLUMN "gone", DROP COLUMN "old"`, "a integer; id integer not null; index j; index t_pkey; t_pkey PRIMARY KEY (id)",
		"select *, (select count(*) from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace) from t", [][]string{{"1", "2", "0"}},
	}, {
		"a column less, appended", "create table t (id int primary key); insert into t values (1)",
		"create table t (id int primary key, gone int not null check (gone > 0)); insert into t values (2, 3)", drop, connectors.Append, methodInsert,
		`ALTER TABLE "public"."t" DROP COLUMN "gone"`, "id integer not null; index t_pkey; t_pkey PRIMARY KEY (id)",
		"select * from t order by id", [][]string{{"1"}, {"2"}},
	}, {
		"a column less, truncated", "create table t (id int primary key); insert into t values (1)",
		"create table t (id int primary key, gone int); create view v as select id from t; insert into t values (2, 3)", drop, connectors.Replace, methodTruncate,
		`ALTER TABLE "public"."t" DROP COLUMN "gone"`, "id integer not null; index t_pkey; t_pkey PRIMARY KEY (id)", "select * from t", [][]string{{"1"}},
	}, {
		"a partitioned target", "create table t (id int, n bigint, c text); insert into t values (1, 5000000000, 'c')",
		"create table t (id int, n int, x int) partition by list (id); create table t1 partition of t default; insert into t values (2, 3, 4)", drop, connectors.Append, methodInsert,
		`ALTER TABLE "public"."t" DROP COLUMN "x", ALTER COLUMN "n" TYPE bigint USING "n"::bigint, ADD COLUMN "c" text`,
		"c text; id integer; n bigint", "select * from t order by id", [][]string{{"1", "5000000000", "c"}, {"2", "3", "NULL"}},
	}, {
		"all at once", "create table t (id bigint primary key, a text, b int); insert into t values (1, 'a', null)",
		"create table t (id int primary key, b int not null, c int not null); insert into t values (3, 4, 5)", drop, connectors.Replace, methodSwap,
		`ALTER TABLE "public"."t" DROP COLUMN "c", ALTER COLUMN "id" TYPE bigint USING "id"::bigint, ALTER COLUMN "b" DROP NOT NULL, ADD COLUMN "a" text`,
		"a text; b integer; id bigint not null; index t_pkey; t_pkey PRIMARY KEY (id)", "select id, a, b from t", [][]string{{"1", "a", "NULL"}},
	}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{})
			b.src.Exec(t, tc.source)
			b.dst.Exec(t, tc.target)
			spec := replace("t")
			spec.WriteMode, spec.Evolution = tc.mode, tc.evolution
			if tc.mode == connectors.Upsert {
				spec.PrimaryKey = []string{"id"}
			}
			target := b.run(t, spec)[0]
			method(t, tc.method, target)
			diff(t, tc.changes, strings.Join(target.Changes, "; "))
			diff(t, tc.shape, column(b.dst.Query(t, shapeSQL)))
			diff(t, tc.want, b.dst.Query(t, tc.query))
			b.leavesNothing(t)
			if _, again := b.targets(t, spec); len(again[0].Changes)+len(again[0].Problems) > 0 {
				t.Errorf("the next run would change %v, problems %v", again[0].Changes, again[0].Problems)
			}
		})
	}
}

// TestEvolveProblems holds that what a policy does not allow, and what cannot be
// changed, is said before a row moves.
func TestEvolveProblems(t *testing.T) {
	type evolution = connectors.Evolution
	for _, tc := range []struct {
		name, source, target string
		evolution            evolution
		mode                 connectors.WriteMode
		want                 string
	}{
		{"a new column", "create table t (a int, b int)", "create table t (a int)", evolution{NewColumn: connectors.FailNewColumn}, connectors.Replace,
			`public.t does not have column b, and new_column is "fail": add what is missing, or copy only columns = ["a"]`},
		{"a removed column", "create table t (a int)", "create table t (a int, b int, c int)", evolution{RemovedColumn: connectors.FailRemovedColumn}, connectors.Replace,
			`public.t has columns b, c, which the source does not have, and removed_column is "fail": drop what is too much`},
		{"another type", "create table t (a int)", "create table t (a bigint)", evolution{TypeChange: connectors.FailTypeChange}, connectors.Replace,
			`column a is integer at the source and bigint at the destination, and type_change is "fail": change its type there, or leave it out with columns = […]`},
		{"no type holds both", "create table t (a date)", "create table t (a int)", evolution{}, connectors.Replace,
			`column a is date at the source and integer at the destination: change its type there, read its texts as that with type_change = "cast", or leave it out with columns = […]`},
		{"times of no zone", "create table t (a timestamptz)", "create table t (a timestamp)", evolution{}, connectors.Append,
			`column a is timestamp with time zone at the source and timestamp without time zone at the destination: change its type there, read its texts as that with type_change = "cast", or leave it out with columns = […]`},
		{"new labels", "create type e as enum ('a', 'b'); create table t (a e)", "create type e as enum ('a'); create table t (a e)", evolution{TypeChange: connectors.FailTypeChange}, connectors.Replace,
			`enum public.e lacks the labels "b" on the destination, and type_change is "fail": ALTER TYPE "public"."e" ADD VALUE IF NOT EXISTS 'b' AFTER 'a'`},
		{"NULL", "create table t (a int)", "create table t (a int not null)", evolution{Nullability: connectors.FailNullability}, connectors.Replace,
			`column a may be NULL at the source but not in public.t, and nullability is "fail": ALTER TABLE "public"."t" ALTER COLUMN "a" DROP NOT NULL`},
		{"a column to fill", "create table t (a int)", "create table t (a int, b int not null)", evolution{Nullability: connectors.FailNullability}, connectors.Replace,
			"column b of public.t must not be NULL, has no default, and the source does not have it: give it a default"},
		{"a key to fill", "create table t (a int)", "create table t (a int, b int primary key)", evolution{}, connectors.Replace,
			"column b of public.t must not be NULL, has no default, and the source does not have it: give it a default"},
		{"a view of a dropped column", "create table t (a int)", "create table t (a int, b int); create view v as select b from t", evolution{RemovedColumn: connectors.DropColumn}, connectors.Replace,
			"column b of public.t cannot be dropped, because view public.v uses it: drop that first"},
		{"a view of a changed column", "create table t (a bigint)", "create table t (a int); create view v as select a from t", evolution{}, connectors.Append,
			"column a of public.t cannot be changed, because view public.v uses it: drop that first"},
		{"a generated column", "create table t (a bigint, b int)", "create table t (a int, b int generated always as (a + 1) stored)", evolution{}, connectors.Replace,
			"column a of public.t cannot be changed, because default value for public.t.b uses it: drop that first"},
		{"a foreign key", "create table t (a int)", "create table u (b int primary key); create table t (a int, b int references u)", evolution{RemovedColumn: connectors.DropColumn}, connectors.Append,
			"column b of public.t cannot be dropped, because table constraint t_b_fkey on public.t uses it: drop that first"},
		{"a partition key", "create table t (a bigint)", "create table t (a int) partition by list (a)", evolution{}, connectors.Append,
			"column a of public.t cannot be changed, because the partition key uses it: drop that first"},
		{"a partition", "create table t (a int, b int)", "create table p (a int) partition by list (a); create table t partition of p default", evolution{}, connectors.Append,
			"public.t is a part of public.p, and has its columns: change that"},
		{"a table that others inherit from", "create table t (a int, b int)", "create table t (a int); create table kid () inherits (t)", evolution{}, connectors.Append,
			`other tables inherit from public.t, and would change with it: ALTER TABLE "public"."t" ADD COLUMN "b" integer`},
		{"a domain that holds less", "create table t (a numeric(10,4))", "create domain money2 as numeric(5,2); create table t (a money2)", evolution{}, connectors.Append,
			`column a is numeric(10,4) at the source and public.money2 at the destination: change its type there, read its texts as that with type_change = "cast", or leave it out with columns = […]`},
		{"a typed table", "create table t (a int, b int)", "create type ty as (a int); create table t of ty", evolution{}, connectors.Replace,
			`public.t is a table of type public.ty, and has its columns: change the type, or ALTER TABLE "public"."t" NOT OF`},
		{"a type that cannot be", "create table u (x int); create table t (a int, b u)", "create table t (a int)", evolution{}, connectors.Append,
			"column b needs composite type public.u, which rbt cannot create: create it on the destination"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{})
			b.src.Exec(t, tc.source)
			b.dst.Exec(t, tc.target)
			spec := replace("t")
			spec.WriteMode, spec.Evolution = tc.mode, tc.evolution
			_, targets := b.targets(t, spec)
			diff(t, tc.want, strings.Join(targets[0].Problems, "\n"))
		})
	}
}

// TestEvolveOthers holds that a table which the role does not own is not changed,
// and that the plan says what somebody else has to do.
func TestEvolveOthers(t *testing.T) {
	src := pgtest.New(t)
	src.Exec(t, "create table t (a int, b int)")
	b := newBenchOn(t, src, DestinationOptions{})
	role := createRole(t, b.dst, "login")
	b.dst.Exec(t, "create table t (a int); grant insert, truncate on t to "+role+"; grant create on database "+b.dst.Name+" to "+role+"; grant create, usage on schema public to "+role)
	b.dest = NewDestination(Config{DSN: as(t, b.dst, role), Pipeline: "test"}, DestinationOptions{})
	_, targets := b.targets(t, replace("t"))
	want := `the role ` + role + ` does not own public.t, so it cannot change it: ALTER TABLE "public"."t" ADD COLUMN "b" integer`
	diff(t, want, strings.Join(targets[0].Problems, "\n"))
}

// TestRenames holds that what may be a rename is said, and not done.
func TestRenames(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key, mail text); insert into t values (1, 'a@b')")
	b.dst.Exec(t, "create table t (id int primary key, email text, n int); insert into t values (1, 'a@b', 7)")
	spec := appendTo("t")
	_, targets := b.targets(t, spec)
	want := `perhaps column email was renamed to mail? Then first: ALTER TABLE "public"."t" RENAME COLUMN "email" TO "mail"`
	if !strings.Contains(strings.Join(targets[0].Steps, "\n"), want) {
		t.Errorf("steps %q lack %q", targets[0].Steps, want)
	}
}

// TestEvolveRaces holds that a target which somebody else has changed since the
// plan is left alone, and that changes which are made already count.
func TestEvolveRaces(t *testing.T) {
	for _, tc := range []struct {
		name, meanwhile string
		mode            connectors.WriteMode
		fails           bool
	}{
		{"somebody changed another column", "alter table t alter a type bigint", connectors.Append, true},
		{"somebody made the change", "alter table t add b int", connectors.Append, false},
		{"somebody changed another column, swapped", "alter table t alter a type bigint", connectors.Replace, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{})
			b.src.Exec(t, "create table t (a int, b int); insert into t values (1, 2)")
			b.dst.Exec(t, "create table t (a int); insert into t values (7)")
			spec := replace("t")
			spec.WriteMode = tc.mode
			_, targets := b.targets(t, spec)
			b.dst.Exec(t, tc.meanwhile)
			l := b.begin(t)
			defer l.Close()
			_, _, err := l.Stage(t.Context(), targets[0], false)
			if (err != nil) != tc.fails {
				t.Errorf("error %v", err)
			}
			diff(t, [][]string{{"7"}}, b.dst.Query(t, "select a from t"))
		})
	}
}
