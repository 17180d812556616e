package postgres

import (
	"strings"
	"sync"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// role creates a role for this test; roles belong to the whole cluster.
func createRole(t testing.TB, db *pgtest.DB, options string) string {
	t.Helper()
	name := "role_" + db.Name + "_" + strings.ToLower(strings.ReplaceAll(options, " ", "_"))
	db.Exec(t, "create role "+name+" "+options)
	t.Cleanup(func() { db.Exec(t, "drop owned by "+name+" cascade; drop role "+name) })
	return name
}

// state describes a table with everything that a swap has to keep.
const state = `
select 'table', (select rolname from pg_roles where oid = relowner), (select string_agg(a::text, ' ' order by a::text) from unnest(relacl) a),
	reloptions::text, (select reloptions::text from pg_class x where x.oid = c.reltoastrelid), relreplident::text,
	obj_description(oid, 'pg_class')
from pg_class c where oid = 't'::regclass
union all
select 'column', attname, (select string_agg(a::text, ' ' order by a::text) from unnest(attacl) a), attstattarget::text || attoptions::text,
	attidentity::text || attgenerated::text || attnotnull, pg_get_expr(adbin, adrelid), col_description(attrelid, attnum)
from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum where attrelid = 't'::regclass and attnum > 0
union all
select 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisclustered::text, indisreplident::text, indimmediate::text,
	obj_description(indexrelid, 'pg_class')
from pg_index where indrelid = 't'::regclass
union all
select 'constraint', conname, pg_get_constraintdef(oid), condeferrable::text, null, null, obj_description(oid, 'pg_constraint')
from pg_constraint where conrelid = 't'::regclass
union all
select 'sequence', oid::regclass::text, relacl::text, pg_get_userbyid(relowner), null, null, obj_description(oid, 'pg_class')
from pg_class where relkind = 'S' and relnamespace = 'public'::regnamespace
order by 1, 2`

func TestSwapKeepsWhatTheTableHas(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	owner, reader := createRole(t, b.dst, "nologin"), createRole(t, b.dst, "noinherit")
	b.dst.Exec(t, `
		create table other (id int primary key);
		insert into other select generate_series(1, 100);
		create sequence apart;
		create table t (
			id int generated always as identity (increment 3 start 7),
			n serial, other_id int, big text default 'x', v int default nextval('apart'),
			twice int generated always as (n * 2) stored,
			constraint "the key" primary key (id) with (fillfactor = 70),
			constraint later unique (n) deferrable initially deferred,
			constraint points foreign key (other_id) references other on delete cascade,
			constraint self foreign key (v) references t,
			constraint positive check (n > 0),
			constraint apart_ exclude using btree (big with =) where (big = 'never')
		) with (fillfactor = 80, toast.autovacuum_enabled = false);
		alter table t add constraint old check (n > 1000000) not valid;
		create unique index "T by n" on t (n) include (id);
		create index t_expr on t (lower(big)); create index part on t (big) where n > 5;
		alter table t replica identity using index "T by n", cluster on t_expr,
			alter column n set statistics 77, alter column n set (n_distinct = -0.5);
		comment on table t is 'it''s \ a table';
		comment on column t.n is 'a column';
		comment on index t_expr is 'an index';
		comment on index later is 'the index of a constraint';
		comment on constraint later on t is 'a constraint';
		comment on sequence t_id_seq is 'a sequence';
		alter table t owner to `+owner+`;
		grant select on t to public;
		grant insert, update on t to `+reader+` with grant option;
		grant references (n) on t to `+reader+`;
		grant usage on sequence t_id_seq, t_n_seq to `+reader+`;
		alter default privileges grant all on tables to `+reader)
	b.src.Exec(t, `create table t (id int generated always as identity, n serial, other_id int, big text, v int);
		insert into t (n, other_id, big) select 1000000 + i, i, 'new' from generate_series(1, 50) i;
		select setval('t_n_seq', 2000000)`)
	before := b.dst.Query(t, state)
	target := b.run(t, replace("t"))[0]
	method(t, "swap", target)
	diff(t, before, b.dst.Query(t, state))
	diff(t, b.src.Query(t, "select id, n, other_id, big, v from t order by id"), b.dst.Query(t, "select id, n, other_id, big, v from t order by id"))
	b.dst.Exec(t, "insert into t (other_id) values (1)")
	diff(t, [][]string{{"53", "2000001"}}, b.dst.Query(t, "select id, n from t where n > 1500000"))
}

// Where a swap would break something, the rows go into the table that is there,
// and what was bound to it stays.
func TestWhatASwapWouldBreak(t *testing.T) {
	src := pgtest.New(t)
	src.Exec(t, "create table t (id int, v text); insert into t select i, 'new' from generate_series(1, 100) i")
	for _, tc := range []struct{ name, sql, why string }{
		{"view", "create view v as select id from t", "view public.v depends on it"},
		{"materialized view", "create materialized view v as select id from t", "materialized view public.v depends on it"},
		{"rule", "create rule r as on delete to t do instead nothing", "rule r on public.t depends on it"},
		{"trigger", "create function f() returns trigger language plpgsql as 'begin return new; end'; create trigger tr before insert on t for each row execute function f()",
			"trigger tr on public.t depends on it"},
		{"row type", "create function f() returns setof t language sql as 'select * from public.t'", "function public.f() depends on it"},
		{"column of its type", "create table u (x t)", "table column public.u.x depends on it"},
		{"array of its type", "create table u (x t[])", "table column public.u.x depends on it"},
		{"SQL body", "create function f() returns bigint begin atomic select count(*) from t; end", "function public.f() depends on it"},
		{"publication", "create publication p for table t", "publication relation public.t in publication p depends on it"},
		{"statistics", "create statistics s on id, v from t", "statistics object public.s depends on it"},
		{"policy", "create policy p on t", "policy p on public.t depends on it"},
		{"child", "create table c () inherits (t)", "table public.c depends on it"},
		{"partitioned", "drop table t; create table t (id int, v text) partition by range (id); create table t1 partition of t default", "it is a partitioned table"},
		{"partition", "drop table t; create table w (id int, v text) partition by range (id); create table t partition of w default", "it is a partition of public.w"},
		{"unlogged", "alter table t set unlogged", "it is unlogged"},
		{"subscription", `create subscription sub connection 'dbname=none' publication p with (connect = false, slot_name = none);
			set allow_system_table_mods = on; insert into pg_subscription_rel select oid, 't'::regclass, 'r' from pg_subscription`,
			"a subscription writes to it"},
		{"whole row", "create index on t ((t is null))", "an index or a check of it refers to whole rows"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			b.dst.Exec(t, "create table t (id int, v text); "+tc.sql)
			b.dst.Exec(t, "insert into t select i, 'old' from generate_series(1, 10) i")
			oid := b.dst.Query(t, "select 't'::regclass::oid")
			target := b.run(t, replace("t"))[0]
			method(t, "truncate and insert", target)
			if steps := strings.Join(target.Steps, "; "); !strings.HasSuffix(steps, "no swap, because "+tc.why) {
				t.Errorf("steps = %s; want the reason %q", steps, tc.why)
			}
			diff(t, oid, b.dst.Query(t, "select 't'::regclass::oid"))
			diff(t, [][]string{{"100", "new"}}, b.dst.Query(t, "select count(*), min(v) from t"))
		})
	}
}

// A view that comes after the plan was made is not broken either.
func TestSwapYieldsToAViewThatCameLate(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key, v text); insert into t values (1, 'new')")
	b.dst.Exec(t, "create table t (id int primary key, v text); insert into t values (1, 'old')")
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	b.dst.Exec(t, "create view v as select * from t")
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"new"}}, b.dst.Query(t, "select v from v"))
	diff(t, [][]string{{"1"}}, b.dst.Query(t, "select reltuples from pg_class where oid = 't'::regclass")) // it is analyzed
	b.leavesNothing(t)
}

// What changes while the rows are on their way must not get lost in a swap.
func TestChangesMeanwhile(t *testing.T) {
	src := pgtest.New(t)
	src.Exec(t, "create table t (id int primary key, v text); insert into t values (1, 'new')")
	for _, tc := range []struct{ name, sql, want string }{
		{"column", "alter table t add column x int", "somebody created, dropped or changed public.t meanwhile: start the run again"},
		{"dropped", "drop table t", "somebody created, dropped or changed public.t meanwhile: start the run again"},
		{"staging dropped", "do $$ begin execute (select 'drop table ' || staging from _rbt.streams); end $$", "somebody dropped the staging table"},
		{"index", "create index late on t (v)", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			b.dst.Exec(t, "create table t (id int primary key, v text)")
			snap, targets := b.targets(t, replace("t"))
			l := b.begin(t)
			loaded := fill(t, snap, l, targets[0])
			b.dst.Exec(t, tc.sql)
			_, err := l.Publish(t.Context(), targets[0], loaded, nil)
			if tc.want == "" && connectors.Retryable(err) {
				_, err = l.Publish(t.Context(), targets[0], loaded, nil)
			}
			wantError(t, tc.want, err)
			if tc.want == "" {
				diff(t, [][]string{{"late"}, {"t_pkey"}}, b.dst.Query(t, "select indexrelid::regclass from pg_index where indrelid = 't'::regclass order by 1::text"))
			}
		})
	}
}

// An index that comes while the rows are about to become visible is not lost,
// and not a reason to give up.
func TestIndexAtTheLastMoment(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key, v text); insert into t values (1, 'new')")
	b.dst.Exec(t, "create table t (id int primary key, v text)")
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	_, err := l.Publish(t.Context(), targets[0], loaded, func(step string) {
		if step == methodSwap {
			b.dst.Exec(t, "create index late on t (v)")
		}
	})
	wantError(t, "indexes or constraints of public.t were changed meanwhile", err)
	if !connectors.Retryable(err) {
		t.Fatal("the error does not say that it may pass")
	}
	if _, err := l.Publish(t.Context(), targets[0], loaded, nil); err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"late"}, {"t_pkey"}}, b.dst.Query(t, "select indexrelid::regclass from pg_index where indrelid = 't'::regclass order by 1::text"))
	b.leavesNothing(t)
}

// What a definition does not say of an index is the target's too, up to the
// moment of the swap.
func TestIndexMarkedAtTheLastMoment(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, numbers+"insert into t values (1, 'new')")
	b.dst.Exec(t, numbers)
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	loaded := fill(t, snap, l, targets[0])
	const change = `comment on index by_v is 'late'; comment on constraint t_pkey on t is 'late';
		alter table t replica identity using index t_pkey, cluster on by_v; alter index t_pkey set (fillfactor = 60)`
	once := sync.OnceFunc(func() { b.dst.Exec(t, change) })
	publish := func() error {
		_, err := l.Publish(t.Context(), targets[0], loaded, func(step string) {
			if step == methodSwap {
				once()
			}
		})
		return err
	}
	err := publish()
	for connectors.Retryable(err) {
		err = publish()
	}
	if err != nil {
		t.Fatal(err)
	}
	diff(t, [][]string{{"new"}}, b.dst.Query(t, "select v from t"))
	diff(t, [][]string{
		{"by_v", "t", "f", "late", "NULL", "NULL"},
		{"t_pkey", "f", "t", "NULL", "late", "{fillfactor=60}"},
	}, b.dst.Query(t, `select c.relname, indisclustered, indisreplident, obj_description(c.oid, 'pg_class'),
		(select obj_description(k.oid, 'pg_constraint') from pg_constraint k where k.conindid = c.oid), c.reloptions
		from pg_index join pg_class c on c.oid = indexrelid where indrelid = 't'::regclass order by 1`))
	b.leavesNothing(t)
}

// Two tables whose indexes want the same name are published side by side.
func TestTheSameNameAtOnce(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	var specs []connectors.StreamSpec
	for _, schema := range []string{"a", "b", "c", "d"} {
		b.src.Exec(t, "create schema "+schema+"; create table "+schema+".t (id serial, v text); create index by_v on "+schema+".t (v); insert into "+schema+".t (v) values ('x')")
		spec := replace("t")
		spec.Name, spec.Schema, spec.TargetSchema, spec.Target = schema+".t", schema, "public", "t_"+schema
		specs = append(specs, spec)
	}
	snap, targets := b.targets(t, specs...)
	l := b.begin(t)
	loaded := make([]connectors.Loaded, len(targets))
	for i, target := range targets {
		loaded[i] = fill(t, snap, l, target)
	}
	var wg sync.WaitGroup
	for i, target := range targets {
		wg.Go(func() {
			_, err := l.Publish(t.Context(), target, loaded[i], nil)
			for connectors.Retryable(err) {
				_, err = l.Publish(t.Context(), target, loaded[i], nil)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	diff(t, [][]string{{"by_v"}, {"by_v_1"}, {"by_v_2"}, {"by_v_3"}}, b.dst.Query(t, "select relname from pg_class where relname like 'by_v%' order by 1"))
	b.leavesNothing(t)
}

func wantError(t *testing.T, want string, err error) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Fatal(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Fatalf("error %v, want %q", err, want)
	}
}

// A trigger that swallows rows must not pass for a copy.
func TestInsertCountsRows(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int); insert into t select generate_series(1, 10)")
	b.dst.Exec(t, `create table t (id int);
		create function f() returns trigger language plpgsql as 'begin if new.id = 3 then return null; end if; return new; end';
		create trigger tr before insert on t for each row execute function f()`)
	snap, targets := b.targets(t, replace("t"))
	l := b.begin(t)
	_, err := l.Publish(t.Context(), targets[0], fill(t, snap, l, targets[0]), nil)
	wantError(t, "10 rows were loaded, but public.t took 9 of them", err)
	diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from t"))
}

func TestAppendMovesSequencesAhead(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id serial primary key, other serial, v text); insert into t (v) select 'new' from generate_series(1, 100)")
	b.dst.Exec(t, "create table t (id serial primary key, other serial, v text); select setval('t_id_seq', 50), setval('t_other_seq', 500); insert into t values (1000, 0, 'old')")
	method(t, "insert", b.run(t, appendTo("t"))[0])
	diff(t, [][]string{{"101", "501", "101"}}, b.dst.Query(t, "select nextval('t_id_seq'), nextval('t_other_seq'), count(*) from t"))
}

// Columns go by name, and the destination's own are left alone.
func TestColumnsByName(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, `create table t (a int, "B b" numeric(10,4), c date, g int generated always as (a) stored, h int);
		insert into t values (1, 1.5, '2020-01-02', default, 7)`)
	b.dst.Exec(t, `create table t (extra int default 5, h int generated always as (1) stored, "B b" numeric, g int, c timestamp, a bigint generated always as identity)`)
	target := b.run(t, replace("t"))[0]
	diff(t, []string{"a", "B b", "c", "g"}, target.Columns)
	diff(t, "columns a, c: integer at the source and bigint at the destination", target.Choices[1].Why)
	diff(t, [][]string{{"5", "1", "1.5000", "1", "2020-01-02 00:00:00", "1"}}, b.dst.Query(t, "select * from t"))
}

func TestUnusualNames(t *testing.T) {
	long := strings.Repeat("ü", 31) // 62 bytes
	for _, name := range []string{`Mixed`, `select`, `with "quotes"`, `dot.dot`, `it's \`, `a) (b`, long, long + "x", " "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{ForeignKeys: true})
			q := ident(name)
			table, mood := q+"."+q, q+"."+ident("e"+shorten(name, 60))
			b.src.Exec(t, "create schema "+q+"; create type "+mood+" as enum ('a', "+literal(shorten(name, 62))+");"+
				"create table "+table+" ("+q+" serial primary key, e "+mood+" default 'a', x int constraint "+q+" references "+table+");"+
				"create index on "+table+" (x, e); comment on table "+table+" is "+literal(name)+";"+
				"insert into "+table+" (x) select 1 from generate_series(1, 10)")
			spec := replace(name)
			spec.Schema = name
			method(t, "create", b.run(t, spec)[0])
			same(t, b, name, name, nil)
			method(t, "swap", b.run(t, spec)[0])
			same(t, b, name, name, nil)
			b.dst.Exec(t, "create view v as select * from "+table)
			method(t, "truncate and insert", b.run(t, spec)[0])
			same(t, b, name, name, nil)
			diff(t, b.src.Query(t, "select * from "+table), b.dst.Query(t, "select * from "+table))
		})
	}
}

// What cannot be built on the full table is known while it is empty.
func TestStageRehearses(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, `create function f(int) returns int language sql immutable as 'select $1';
		create table t (id int); create index by_f on t (f(id))`)
	_, targets := b.targets(t, replace("t"))
	_, _, err := b.begin(t).Stage(t.Context(), targets[0], false)
	wantError(t, "ready a staging table for public.t: index by_f cannot be built on the destination: ERROR: function public.f(integer) does not exist", err)
	b.leavesNothing(t)
}
