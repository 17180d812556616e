package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/policy"
)

// bench is a source, a destination and a pipeline between them.
type bench struct {
	src, dst *pgtest.DB
	dest     *Destination
}

func newBench(t *testing.T, o DestinationOptions) *bench {
	t.Helper()
	return newBenchOn(t, pgtest.New(t), o)
}

// newBenchOn reads from a source that other tests read from too: a database
// takes the server a quarter of a second.
func newBenchOn(t *testing.T, src *pgtest.DB, o DestinationOptions) *bench {
	t.Helper()
	b := &bench{src: src, dst: pgtest.New(t)}
	b.dest = b.destination(o)
	return b
}

func (b *bench) destination(o DestinationOptions) *Destination {
	return NewDestination(Config{DSN: b.dst.DSN, Pipeline: "test", LockTimeout: 10 * time.Second}, o)
}

// replace is the spec of a stream that replaces the table of its name.
func replace(table string) connectors.StreamSpec {
	return connectors.StreamSpec{
		Name: table, Schema: "public", Table: table, WriteMode: connectors.Replace, Resume: connectors.Restart,
	}
}

func appendTo(table string) connectors.StreamSpec {
	spec := replace(table)
	spec.WriteMode = connectors.Append
	return spec
}

// targets plans the streams, with a snapshot to read them from.
func (b *bench) targets(t *testing.T, specs ...connectors.StreamSpec) (connectors.Snapshot, []*connectors.Target) {
	t.Helper()
	snap, err := NewSource(Config{DSN: b.src.DSN, Pipeline: "test"}, SourceOptions{}).Snapshot(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { snap.Close(context.Background()) })
	streams, err := snap.Describe(t.Context(), specs)
	if err != nil {
		t.Fatal(err)
	}
	targets, err := b.dest.Targets(t.Context(), streams)
	if err != nil {
		t.Fatal(err)
	}
	return snap, targets
}

var runs atomic.Int64

func (b *bench) begin(t *testing.T) connectors.Load {
	t.Helper()
	load, err := b.dest.Begin(t.Context(), connectors.Run{ID: fmt.Sprintf("run%d", runs.Add(1)), Pipeline: "test", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(load.Close)
	return load
}

// TestCompression holds that created tables compress as the options say, and
// those that are there as they did.
func TestCompression(t *testing.T) {
	b := newBench(t, DestinationOptions{Compression: "lz4"})
	b.src.Exec(t, "create table t (a text, b text compression pglz, c int, d numeric, e int[]); insert into t values ('x', 'y', 1, 2, '{3}');"+
		"create table u (a text); insert into u values ('x')")
	b.dst.Exec(t, "create table u (a text compression pglz)")
	targets := b.run(t, replace("t"), replace("u"))
	if want := "create table public.t with 5 columns, compressed by lz4"; !slices.Contains(targets[0].Steps, want) {
		t.Errorf("the plan is %q, without %q", targets[0].Steps, want)
	}
	const sql = `select attrelid::regclass, attcompression, string_agg(attname, ' ' order by attnum) from pg_attribute
		where attrelid in ('t'::regclass, 'u'::regclass) and attnum > 0 and attcompression <> '' group by 1, 2 order by 1, 2`
	diff(t, [][]string{{"t", "l", "a b d e"}, {"u", "p", "a"}}, b.dst.Query(t, sql))
}

// TestAnalyze holds that the planner knows the rows of small tables and of large
// ones, those that are swapped and those that take rows, unless that is not
// wanted.
func TestAnalyze(t *testing.T) {
	for _, skip := range []bool{false, true} {
		b := newBench(t, DestinationOptions{SkipAnalyze: skip})
		b.src.Exec(t, "create table small (id int primary key); insert into small values (1);"+
			"create table large (id int primary key); insert into large select generate_series(1, 150000);"+
			"create table more (id int); insert into more values (1)")
		b.dst.Exec(t, "create table more (id int)")
		b.run(t, replace("small"), replace("large"), appendTo("more"))
		want := [][]string{{"large"}, {"more"}, {"small"}}
		if skip {
			want = nil
		}
		diff(t, want, b.dst.Query(t, "select tablename from pg_stats where schemaname = 'public' order by 1"))
	}
}

// fill stages a stream and copies all of its rows.
func fill(t *testing.T, snap connectors.Snapshot, l connectors.Load, target *connectors.Target) (loaded connectors.Loaded) {
	t.Helper()
	ctx := t.Context()
	generation, into, err := l.Stage(ctx, target, false)
	if err != nil {
		t.Fatal(err)
	}
	cutter, err := snap.Cutter(ctx, target.Stream, target.Columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	setting := policy.Setting{}
	for _, c := range append(target.Stream.Choices, target.Choices...) {
		setting[c.Knob.Name] = c.Best
	}
	reader, err := snap.Reader(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	writer, err := l.Writer(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	for mark := int64(1); ; {
		parts, err := cutter.Take(ctx, connectors.Cut{Setting: setting, PartBytes: 1 << 20, Lanes: 1})
		if err != nil {
			t.Fatal(err)
		}
		if len(parts) == 0 {
			return connectors.Loaded{Generation: generation, Parts: int(mark - 1)}
		}
		for _, p := range parts {
			p.Stream, p.Mark, p.Into, p.Setting = target.Stream.Spec.Name, mark, into, setting
			p.RunID, p.Generation = l.Attempt().RunID, generation
			mark++
			if err := relay(ctx, reader, writer, p); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func relay(ctx context.Context, r connectors.Reader, w connectors.Writer, p connectors.Part) error {
	_, err := copyPart(ctx, r, w, p, 1<<16)
	return err
}

// run copies the streams from beginning to end.
func (b *bench) run(t *testing.T, specs ...connectors.StreamSpec) []*connectors.Target {
	t.Helper()
	snap, targets := b.targets(t, specs...)
	for _, target := range targets {
		if len(target.Problems) > 0 {
			t.Fatalf("%s: %s", target.Name, strings.Join(target.Problems, "; "))
		}
	}
	l := b.begin(t)
	for _, target := range targets {
		if _, err := l.Publish(t.Context(), target, fill(t, snap, l, target), nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Finish(t.Context(), connectors.Outcome{Status: "done", OneMoment: true}); err != nil {
		t.Fatal(err)
	}
	b.leavesNothing(t)
	return targets
}

// leavesNothing holds that no staging table, index or sequence is left.
func (b *bench) leavesNothing(t *testing.T) {
	t.Helper()
	diff(t, [][]string(nil), b.dst.Query(t, `
		select relnamespace::regnamespace, relname from pg_class where relname like '\_rbt\_%'
		union all select connamespace::regnamespace, conname from pg_constraint where conname like '\_rbt\_%'`))
}

// method holds how the target was published.
func method(t *testing.T, want string, target *connectors.Target) {
	t.Helper()
	if target.Method != want {
		t.Errorf("method = %q, want %q (%s)", target.Method, want, strings.Join(target.Steps, "; "))
	}
}

func TestCreate(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, `
		create schema app;
		create type app.mood as enum ('sad', 'it''s', 'Happy');
		create domain app.positive as int check (value > 0);
		create type app.pair as (a app.positive, b text);
		create function app.f() returns int language sql as 'select 1';
		create table app."Orders" (
			id bigint generated by default as identity (start 5 increment 5),
			serial_id serial,
			"Mixed Case" text collate "C" default 'x',
			at timestamptz not null default now(),
			feel app.mood default 'sad', n app.positive, p app.pair, moods app.mood[],
			twice int generated always as (serial_id * 2) stored,
			broken int default app.f(),
			big text,
			constraint "Orders_pkey" primary key (id),
			constraint "a ""quoted"" one" unique ("Mixed Case", id) include (at) deferrable initially deferred,
			constraint apart exclude using btree (serial_id with =),
			constraint positive check (serial_id > 0),
			constraint odd check (app.f() = 1)
		);
		alter table app."Orders" alter column big set storage external;
		create index "Orders at" on app."Orders" (at desc) where at > '2000-01-01';
		create unique index on app."Orders" (lower(big));
		comment on table app."Orders" is 'the orders';
		comment on column app."Orders".id is 'it''s \ the id';
		comment on index app."Orders at" is 'by time';
		comment on constraint positive on app."Orders" is 'more than nothing';
		insert into app."Orders" ("Mixed Case", feel, n, p, moods, big)
			select 'row ' || i, 'Happy', i, ('(' || i || ',x)')::app.pair, '{sad,it''s}', 'b' || i from generate_series(1, 1000) i`)
	spec := replace("Orders")
	spec.Schema = "app"
	target := b.run(t, spec)[0]
	method(t, "create", target)
	steps := strings.Join(target.Steps, "\n")
	for _, want := range []string{
		"create schema app", "create enum type app.mood", "create table app.Orders with 11 columns",
	} {
		if !strings.Contains(steps, want) {
			t.Errorf("no step %q in\n%s", want, steps)
		}
	}

	const rows = `select count(*), md5(string_agg(o::text, ',' order by id)) from app."Orders" o`
	diff(t, b.src.Query(t, rows), b.dst.Query(t, rows))
	same(t, b, "app", "Orders", func(r *relation) {
		if i := 9; r.Columns[i].Name == "broken" {
			r.Columns[i].Default = ""
		}
		for i, c := range r.Constraints {
			if c.Name == "odd" {
				r.Constraints = append(r.Constraints[:i:i], r.Constraints[i+1:]...)
				break
			}
		}
	})
	b.dst.Exec(t, `insert into app."Orders" ("Mixed Case") values ('new')`)
	diff(t, [][]string{{"5005", "1001"}}, b.dst.Query(t, `select id, serial_id from app."Orders" where "Mixed Case" = 'new'`))
}

// same holds that both databases define a table alike. adjust takes away what
// may differ.
func same(t *testing.T, b *bench, schema, table string, adjust func(*relation)) {
	t.Helper()
	read := func(db *pgtest.DB) connectors.Table {
		name := relName{schema, table}
		found, err := readTables(t.Context(), session(t, db.DSN, sourceRole), []relName{name})
		if err != nil || found[name] == nil {
			t.Fatalf("read %s: %v", name, err)
		}
		if adjust != nil {
			adjust(found[name])
		}
		return found[name].Table
	}
	diff(t, read(b.src), read(b.dst))
}

// Readers see the old rows or the new ones, never a part of them or none.
func TestReadersSeeOldOrNew(t *testing.T) {
	for _, tc := range []struct {
		method string
		sql    string // makes the target such that this method is chosen
		spec   connectors.StreamSpec
		after  string
	}{
		{"swap", "", replace("t"), "2000"},
		{"truncate and insert", "create view v as select * from t", replace("t"), "2000"},
		{"insert", "", appendTo("t"), "3000"},
	} {
		t.Run(tc.method, func(t *testing.T) {
			b := newBench(t, DestinationOptions{})
			const table = `create table t (id int, v text);`
			b.src.Exec(t, table+`insert into t select i, 'new' from generate_series(1, 2000) i`)
			b.dst.Exec(t, table+`insert into t select i, 'old' from generate_series(1, 1000) i;`+tc.sql)
			seen := watch(t, b.dst, "select count(*) from t")
			target := b.run(t, tc.spec)[0]
			method(t, tc.method, target)
			for count, n := range seen() {
				if count != "1000" && count != tc.after {
					t.Errorf("a reader saw %s rows, %d times", count, n)
				}
			}
			diff(t, [][]string{{tc.after}}, b.dst.Query(t, "select count(*) from t"))
		})
	}
}

// watch runs a query again and again until the function that it returns is
// called. That returns how often each value was seen.
func watch(t *testing.T, db *pgtest.DB, query string) func() map[string]int {
	ctx, cancel := context.WithCancel(t.Context())
	seen := map[string]int{}
	var wg sync.WaitGroup
	var mu sync.Mutex
	for range 2 {
		conn := db.Conn(t)
		wg.Go(func() {
			for ctx.Err() == nil {
				var value string
				err := conn.QueryRow(context.WithoutCancel(ctx), strings.Replace(query, "count(*)", "count(*)::text", 1)).Scan(&value)
				if err != nil {
					value = err.Error()
				}
				mu.Lock()
				seen[value]++
				mu.Unlock()
			}
		})
	}
	stop := func() map[string]int {
		cancel()
		wg.Wait()
		return seen
	}
	t.Cleanup(func() { stop() })
	return stop
}

// An error says which of the two servers it is of.
func TestErrorsNameTheDestination(t *testing.T) {
	d := NewDestination(Config{DSN: "postgres://nobody@127.0.0.1:1/none", Pipeline: "test"}, DestinationOptions{})
	_, err := d.Targets(t.Context(), nil)
	wantError(t, "destination: connect: ", err)
	_, err = d.Begin(t.Context(), connectors.Run{ID: "r", Pipeline: "test"})
	wantError(t, "destination: connect: ", err)
}
