package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// session opens a session as the connector does.
func session(t *testing.T, dsn string, r role) *pgx.Conn {
	t.Helper()
	conn, err := Config{DSN: dsn, Pipeline: "test"}.connect(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}

// definition reads one table of the schema public.
func definition(t *testing.T, conn *pgx.Conn, table string) *relation {
	t.Helper()
	name := relName{"public", table}
	found, err := readTables(t.Context(), conn, []relName{name})
	if err != nil {
		t.Fatal(err)
	}
	if found[name] == nil {
		t.Fatalf("%s was not found", name)
	}
	return found[name]
}

// define runs the SQL in a fresh database and reads one of its tables.
func define(t *testing.T, sql, table string) *relation {
	t.Helper()
	db := pgtest.New(t)
	db.Exec(t, sql)
	return definition(t, session(t, db.DSN, sourceRole), table)
}

func diff(t *testing.T, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

// needsExtension skips where the server comes without the extension.
func needsExtension(t *testing.T, db *pgtest.DB, name string) {
	t.Helper()
	if len(db.Query(t, "select from pg_available_extensions where name = $1", name)) == 0 {
		t.Skipf("the server has no extension %s", name)
	}
}

func TestReadTablesFindsByExactName(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create schema "Sales";
		create table "Sales"."Order" (id int);
		create table orders (id int);
		create table "drôle "" de ""nom" ("select" int, "日本" text)`)
	conn := session(t, db.DSN, sourceRole)
	found, err := readTables(t.Context(), conn, []relName{
		{"Sales", "Order"}, {"sales", "order"}, {"public", "orders"}, {"public", "orders"},
		{"public", `drôle " de "nom`}, {"public", "missing"}, {"missing", "orders"},
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, r := range found {
		if name != (relName{r.Schema, r.Name}) {
			t.Errorf("%s was returned for %s", relName{r.Schema, r.Name}, name)
		}
		names = append(names, name.String())
	}
	slices.Sort(names)
	diff(t, []string{"Sales.Order", `public.drôle " de "nom`, "public.orders"}, names)
	odd := found[relName{"public", `drôle " de "nom`}]
	diff(t, []string{"select", "日本"}, []string{odd.Columns[0].Name, odd.Columns[1].Name})
}

func TestReadTablesOfNoTables(t *testing.T) {
	conn := session(t, pgtest.New(t).DSN, sourceRole)
	found, err := readTables(t.Context(), conn, nil)
	if err != nil || len(found) != 0 {
		t.Errorf("got %v, %v", found, err)
	}
}

func TestReadRelation(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create table base (id int);
		create table child (extra text) inherits (base);
		create unlogged table plain (id int primary key, note text);
		comment on table plain is 'it''s a "comment"\';
		insert into plain select i, 'x' from generate_series(1, 1000) i;
		analyze plain;
		create table secret (id int);
		alter table secret enable row level security, force row level security`)
	conn := session(t, db.DSN, sourceRole)

	plain := definition(t, conn, "plain")
	diff(t, `it's a "comment"\`, plain.Comment)
	diff(t, "unlogged heap", plain.Persistence+" "+plain.AccessMethod)
	if plain.Tuples != 1000 || plain.Pages == 0 || plain.OID == 0 {
		t.Errorf("%v tuples on %d pages of %d", plain.Tuples, plain.Pages, plain.OID)
	}
	if !plain.Owned || !plain.CanSelect || plain.Unreadable != nil || plain.RowSecurity || plain.HasChildren {
		t.Errorf("%+v", plain)
	}
	if r := definition(t, conn, "base"); !r.HasChildren || r.InheritsFrom != nil || r.Tuples != -1 {
		t.Errorf("base: %+v", r)
	}
	child := definition(t, conn, "child")
	diff(t, []relName{{"public", "base"}}, child.InheritsFrom)
	diff(t, []string{"id", "extra"}, []string{child.Columns[0].Name, child.Columns[1].Name})
}

// A definition is the same whatever the session's search path is, and reading
// it leaves the session and its transaction as they were.
func TestReadTablesLeavesTheSessionAlone(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create type mood as enum ('sad');
		create function one() returns int language sql immutable as 'select 1';
		create table people (id int default one(), m mood default 'sad', check (id > one()));
		create index on people ((id + one()))`)
	want := definition(t, session(t, db.DSN, sourceRole), "people")
	diff(t, "public.mood 'sad'::public.mood", want.Columns[1].Type+" "+want.Columns[1].Default)

	begins := map[string]string{
		"no transaction": "select",
		"read only":      "begin isolation level repeatable read read only",
		"read write":     "begin",
	}
	for name, begin := range begins {
		t.Run(name, func(t *testing.T) {
			conn := session(t, db.DSN, booksRole)
			if _, err := conn.Exec(t.Context(), "set search_path = public; "+begin); err != nil {
				t.Fatal(err)
			}
			before := conn.PgConn().TxStatus()
			got := definition(t, conn, "people")
			diff(t, want, got)
			if after := conn.PgConn().TxStatus(); after != before {
				t.Errorf("transaction status %c, was %c", after, before)
			}
			var path string
			if err := conn.QueryRow(t.Context(), "show search_path").Scan(&path); err != nil || path != "public" {
				t.Errorf("search_path %q, %v", path, err)
			}
		})
	}
}

func TestReadTablesLeavesATransactionUsableAfterAnError(t *testing.T) {
	conn := session(t, pgtest.New(t).DSN, booksRole)
	if _, err := conn.Exec(t.Context(), "begin"); err != nil {
		t.Fatal(err)
	}
	err := withBareSearchPath(t.Context(), conn, func() error {
		_, err := conn.Exec(t.Context(), "select 1/0")
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "division by zero") {
		t.Errorf("err = %v", err)
	}
	if _, err := conn.Exec(t.Context(), "select 1"); err != nil {
		t.Error(err)
	}
}

// counter counts the round trips of a connection.
type counter struct{ n int }

func (c *counter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	c.n++
	return ctx
}
func (c *counter) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (c *counter) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n++
	return ctx
}
func (c *counter) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (c *counter) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func TestRoundTripsDoNotDependOnTheNumberOfTables(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `do $$ begin
		for i in 1..300 loop
			execute format('create table t%s (id serial primary key, t text[] check (t <> ''{}''))', i);
			execute format('create index on t%s (t)', i);
		end loop;
	end $$`)
	cfg, err := Config{DSN: db.DSN}.parse()
	if err != nil {
		t.Fatal(err)
	}
	var trips counter
	cfg.Tracer = &trips
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())

	count := func(tables int) int {
		names := make([]relName, tables)
		for i := range names {
			names[i] = relName{"public", fmt.Sprint("t", i+1)}
		}
		trips.n = 0
		found, err := readTables(t.Context(), conn, names)
		if err != nil || len(found) != tables {
			t.Fatalf("%d tables, %v", len(found), err)
		}
		return trips.n
	}
	one, many := count(1), count(300)
	if one != many || many > 5 {
		t.Errorf("%d round trips for one table, %d for 300", one, many)
	}
}

// A role that may read little gets the definitions all the same, and is told
// what it may not read.
func TestReadTablesWithFewPrivileges(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create schema hidden;
		create table hidden.gone (id int);
		create table open (id int);
		create table partly (id int, secret text, other text);
		create table closed (id serial primary key, a int generated by default as identity);
		select setval('closed_id_seq', 7);
		create table filtered (id int);
		alter table filtered enable row level security;
		create role "`+db.Name+`" login;
		grant select on open, filtered, hidden.gone to "`+db.Name+`";
		grant select (id, other) on partly to "`+db.Name+`"`)
	t.Cleanup(func() {
		db.Exec(t, `drop owned by "`+db.Name+`"; drop role "`+db.Name+`"`)
	})
	conn := session(t, db.DSN, sourceRole)
	if _, err := conn.Exec(t.Context(), "set role "+ident(db.Name)); err != nil {
		t.Fatal(err)
	}
	names := []relName{
		{"hidden", "gone"}, {"public", "open"}, {"public", "partly"}, {"public", "closed"}, {"public", "filtered"},
	}
	found, err := readTables(t.Context(), conn, names)
	if err != nil {
		t.Fatal(err)
	}
	type rights struct {
		CanSelect, RowSecurity bool
		Unreadable             []string
	}
	want := map[relName]rights{
		{"hidden", "gone"}:     {},
		{"public", "open"}:     {CanSelect: true},
		{"public", "partly"}:   {Unreadable: []string{"secret"}},
		{"public", "closed"}:   {Unreadable: []string{"id", "a"}},
		{"public", "filtered"}: {CanSelect: true, RowSecurity: true},
	}
	got := map[relName]rights{}
	for name, r := range found {
		got[name] = rights{r.CanSelect, r.RowSecurity, r.Unreadable}
		if r.Owned {
			t.Errorf("%s is owned by %s", name, r.Owner)
		}
	}
	diff(t, want, got)

	closed := found[relName{"public", "closed"}]
	if s := closed.Columns[0].Sequence; s.Last != 1 || s.Called {
		t.Errorf("sequence %+v", s)
	}
	diff(t, []string{
		"the last value of sequence public.closed_id_seq is not copied: the role may not read it",
		"the last value of sequence public.closed_a_seq is not copied: the role may not read it",
	}, closed.Omitted)
	if _, err := listTables(t.Context(), conn); err != nil {
		t.Error(err)
	}
}

// What is asked of the oldest server is a part of what is asked of the newest,
// so any server can tell whether it is SQL.
func TestTheOldestServersQueriesAreSQL(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create type span as range (subtype = float8);
		create table t (id serial primary key, s span, note text);
		create index on t (note)`)
	conn := session(t, db.DSN, sourceRole)
	c := newCatalog(12)
	err := withBareSearchPath(t.Context(), conn, func() error {
		return c.read(t.Context(), conn, []relName{{"public", "t"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, definition(t, conn, "t").Columns, c.byName[relName{"public", "t"}].Columns)
}

func TestForVersion(t *testing.T) {
	later := map[string]int{"attcompression": 14, "rngmultitypid": 14}
	for name, since := range later {
		for _, version := range []int{12, 13, 14, 18} {
			sql := forVersion(columnsSQL+typesSQL, version)
			if got := strings.Contains(sql, name); got != (version >= since) {
				t.Errorf("%s on %d: %t", name, version, got)
			}
		}
	}
}
