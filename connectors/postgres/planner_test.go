package postgres

import (
	"net/url"
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestProblems(t *testing.T) {
	into := func(target string) connectors.StreamSpec {
		spec := replace("t")
		spec.Target = target
		return spec
	}
	intoSchema := func(schema string) connectors.StreamSpec {
		spec := replace("t")
		spec.TargetSchema = schema
		return spec
	}
	twice := func() []connectors.StreamSpec {
		other := replace("t")
		other.Name = "other"
		return []connectors.StreamSpec{replace("t"), other}
	}
	sources := map[string]*pgtest.DB{}
	for _, tc := range []struct {
		name, src, dst string
		specs          []connectors.StreamSpec
		options        DestinationOptions
		want           string // of the last stream
	}{
		{name: "no such compression", src: "create table t (a text)", options: DestinationOptions{Compression: "zstd"},
			want: "the destination does not have compression zstd (PostgreSQL 14 and later, built with it): leave compression out"},
		{name: "types differ", src: "create table t (a date)", dst: "create table t (a int)",
			want: `column a is date at the source and integer at the destination: change its type there, read its texts as that with type_change = "cast", or leave it out with columns = […]`},
		{name: "types widen", src: "create type e as enum ('x'); create domain dom as int; create table t (a int, b varchar(5), c date, d int[], e e, f dom, g numeric(5,2), h jsonb)",
			dst: "create domain dom as int; create table t (a bigint, b text, c timestamptz, d bigint[], e text, f int, g numeric, h varchar)"},
		{name: "types widen into domains", src: "create table t (a int, b int)", dst: "create domain dom8 as bigint; create table t (a dom8, b bigint)"},
		{name: "view", src: "create table t (a int)", dst: "create view t as select 1 as a",
			want: "public.t is a view: rows can only be copied into a table"},
		{name: "materialized view", src: "create table t (a int)", dst: "create materialized view t as select 1 as a",
			want: "public.t is a materialized view: rows can only be copied into a table"},
		{name: "sequence", src: "create table t (a int)", dst: "create sequence t",
			want: "the name public.t belongs to a sequence: choose another target"},
		{name: "index", src: "create table t (a int)", dst: "create table u (a int); create index t on u (a)",
			want: "the name public.t belongs to an index: choose another target"},
		{name: "type", src: "create table t (a int)", dst: "create type t as enum ()",
			want: "the name public.t belongs to a type: choose another target"},
		{name: "long name", src: "create table t (a int)", specs: []connectors.StreamSpec{into(strings.Repeat("x", 64))},
			want: "the name " + strings.Repeat("x", 64) + " is longer than the 63 bytes that PostgreSQL keeps: choose a shorter target"},
		{name: "books", src: "create table t (a int)", specs: []connectors.StreamSpec{intoSchema("_rbt")},
			want: "the schema _rbt is for rbt's own books: choose another schema"},
		{name: "twice", src: "create table t (a int)", specs: twice(),
			want: "stream t has the same target public.t: give one of them another target"},
		{name: "enum with more", src: "create type e as enum ('a', 'b'); create table t (a e)", dst: "create type e as enum ('b', 'x', 'a')"},
		{name: "row type", src: "create table u (x int); create table t (a int, b u)",
			want: "column b needs composite type public.u, which rbt cannot create: create it on the destination"},
		{name: "collation", src: `create collation mine (locale = 'C'); create table t (a text collate mine)`,
			want: "column a needs collation public.mine, which the destination does not have: create it there"},
		{name: "key from outside", src: "create table t (a int primary key)", dst: "create table t (a int primary key); create table u (b int constraint k references t)",
			want: `foreign key k of public.u refers to public.t, and this run does not replace public.u: add a stream for it, drop the foreign key, or use write_mode = "append"`},
		{name: "key from inside", src: "create table t (a int primary key); create table u (b int)", dst: "create table t (a int primary key); create table u (b int constraint k references t)",
			specs: []connectors.StreamSpec{replace("u"), replace("t")},
			want:  "foreign key k of public.u refers to public.t: set foreign_keys = true, and the run takes the key off and puts it back"},
		{name: "key from inside, taken off", src: "create table t (a int primary key); create table u (b int)", dst: "create table t (a int primary key); create table u (b int constraint k references t)",
			specs: []connectors.StreamSpec{replace("u"), replace("t")}, options: DestinationOptions{ForeignKeys: true}},
		{name: "key from outside, append", src: "create table t (a int primary key)", dst: "create table t (a int primary key); create table u (b int constraint k references t)",
			specs: []connectors.StreamSpec{appendTo("t")}},
	} {
		src := sources[tc.src]
		if src == nil {
			src = pgtest.New(t)
			src.Exec(t, tc.src)
			sources[tc.src] = src
		}
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, tc.options)
			b.dst.Exec(t, tc.dst)
			if tc.specs == nil {
				tc.specs = []connectors.StreamSpec{replace("t")}
			}
			_, targets := b.targets(t, tc.specs...)
			diff(t, tc.want, strings.Join(targets[len(targets)-1].Problems, "\n"))
			diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from pg_namespace where nspname = '_rbt'"))
		})
	}
}

// Somebody who is not a superuser has to be told what is not allowed, and can
// do with little.
func TestProblemsOfRights(t *testing.T) {
	const open = "grant create on database DB to ROLE; grant create, usage on schema public to ROLE;"
	src := pgtest.New(t)
	src.Exec(t, "create table t (a serial); insert into t select generate_series(1, 3)")
	for _, tc := range []struct {
		name, dst, method, want string
		spec                    connectors.StreamSpec
	}{
		{name: "no books", dst: "grant create on schema public to ROLE", method: "create",
			want: `the role ROLE may not create the schema _rbt, where rbt keeps its books: GRANT CREATE ON DATABASE "DB" TO "ROLE"`},
		{name: "no tables", dst: "revoke create on schema public from public; grant create on database DB to ROLE", method: "create",
			want: `the role ROLE may not create tables in schema public: GRANT USAGE, CREATE ON SCHEMA "public" TO "ROLE"`},
		{name: "other's books", dst: open + "create schema _rbt; create table _rbt.runs ()", method: "create",
			want: `the role ROLE may not write rbt's books: GRANT USAGE, CREATE ON SCHEMA _rbt TO "ROLE"; GRANT ALL ON ALL TABLES IN SCHEMA _rbt TO "ROLE"`},
		{name: "enough", dst: open, method: "create"},
		{name: "owner", dst: open + "create table t (a int); alter table t owner to ROLE", method: "swap"},
		{name: "no rights on the table", dst: open + "create table t (a int)", method: "truncate and insert",
			want: `the role ROLE neither owns public.t nor may truncate it and insert: GRANT INSERT, TRUNCATE ON "public"."t" TO "ROLE"`},
		{name: "truncate and insert", dst: open + "create table t (a serial); grant insert, truncate on t to ROLE", method: "truncate and insert"},
		{name: "no insert", spec: appendTo("t"), dst: open + "create table t (a int)", method: "insert",
			want: `the role ROLE may not insert into public.t: GRANT INSERT ON "public"."t" TO "ROLE"`},
		{name: "insert", spec: appendTo("t"), dst: open + "create table t (a serial); grant insert on t to ROLE", method: "insert"},
		{name: "row-level security", dst: open + "create table t (a int); alter table t enable row level security; grant insert, truncate on t to ROLE",
			method: "truncate and insert",
			want:   "row-level security holds for the role ROLE on public.t: use its owner or a role with BYPASSRLS"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			role := createRole(t, b.dst, "login")
			named := strings.NewReplacer("ROLE", role, "DB", b.dst.Name)
			b.dst.Exec(t, named.Replace(tc.dst))
			b.dest = NewDestination(Config{DSN: as(t, b.dst, role), Pipeline: "test"}, DestinationOptions{})
			if tc.spec.Name == "" {
				tc.spec = replace("t")
			}
			_, targets := b.targets(t, tc.spec)
			diff(t, named.Replace(tc.want), strings.Join(targets[0].Problems, "\n"))
			method(t, tc.method, targets[0])
			if tc.want != "" {
				return
			}
			b.run(t, tc.spec)
			b.run(t, tc.spec)
			diff(t, [][]string{{"1", "2", "3"}}, b.dst.Query(t, "select min(a), percentile_disc(0.5) within group (order by a), max(a) from t"))
		})
	}
}

// as is the database's DSN for another role.
func as(t testing.TB, db *pgtest.DB, role string) string {
	t.Helper()
	u, err := url.Parse(db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func TestNeedsExtensions(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	needsExtension(t, b.src, "ltree")
	needsExtension(t, b.src, "pg_trgm")
	b.src.Exec(t, `create extension ltree; create extension pg_trgm;
		create table t (tags ltree, v text); create index i on t using gin (v gin_trgm_ops)`)
	_, targets := b.targets(t, replace("t"))
	diff(t, []string{
		"column tags needs extension ltree on the destination: CREATE EXTENSION \"ltree\"",
		"index i needs extension pg_trgm on the destination: CREATE EXTENSION \"pg_trgm\"",
	}, targets[0].Problems)
	b.dst.Exec(t, "create extension ltree; create extension pg_trgm")
	b.run(t, replace("t"))
}

func TestScan(t *testing.T) {
	for _, tc := range []struct{ definition, want string }{
		{"CREATE INDEX i ON public.t USING btree (a)", "CREATE INDEX \"new\" ON \"s\".\"x\" USING btree (a)"},
		{`CREATE UNIQUE INDEX " ON x.y USING " ON ONLY "a.b"."c ""USING " USING gin (a) WHERE (b = ' ON a.b USING '::text)`,
			`CREATE UNIQUE INDEX "new" ON "s"."x" USING gin (a) WHERE (b = ' ON a.b USING '::text)`},
		{"CREATE INDEX i ON t USING btree (a)", ""},
		{"CREATE INDEX", ""},
		{`CREATE INDEX "i ON public.t USING btree (a)`, ""},
	} {
		d, err := parseIndex(tc.definition)
		got := ""
		if err == nil {
			got = d.create("new", relName{"s", "x"})
		}
		diff(t, tc.want, got)
	}
	for _, tc := range []struct{ definition, tail, deferrable string }{
		{"PRIMARY KEY (id)", "USING btree (id)", ""},
		{`UNIQUE NULLS NOT DISTINCT ("a) (b", c) INCLUDE ("""") DEFERRABLE INITIALLY DEFERRED`,
			`USING btree ("a) (b", c) INCLUDE ("""") NULLS NOT DISTINCT`, " DEFERRABLE INITIALLY DEFERRED"},
		{"PRIMARY KEY (id, valid WITHOUT OVERLAPS)", "", ""},
		{"EXCLUDE USING gist (c WITH &&)", "", ""},
	} {
		d, deferrable, ok := parseUnique(tc.definition)
		if !ok {
			d.tail, deferrable = "", ""
		}
		diff(t, []string{tc.tail, tc.deferrable}, []string{d.tail, deferrable})
	}
	key, err := parseForeignKey(`FOREIGN KEY ("a) REFERENCES b") REFERENCES public."t ("(x) NOT VALID`)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, []string{`FOREIGN KEY ("a) REFERENCES b") REFERENCES p (x) NOT VALID`, "t ("}, []string{key.references("p"), key.parent.Name})
}

func TestNames(t *testing.T) {
	for _, target := range []string{"t", strings.Repeat("x", 63), strings.Repeat("ü", 31)} {
		name := stagingName(target, "run", "public."+target, 12345)
		if len(name) > maxName || !strings.HasPrefix(name, stagingPrefix) || strings.ToValidUTF8(name, "") != name {
			t.Errorf("stagingName(%q) = %q", target, name)
		}
	}
	long := strings.Repeat("ü", 31) + "x"
	taken := map[string]bool{long: true, "a": true, "a_1": true}
	is := func(n string) bool { return taken[n] }
	diff(t, []string{"b", "a_2", strings.Repeat("ü", 30) + "_1"}, []string{freeName("b", is), freeName("a", is), freeName(long, is)})
}

// TestPublications holds that the plan tells of subscribers that would be sent
// a staging table.
func TestPublications(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create schema other; create table t (a int); create table other.t (a int)")
	b.dst = pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"wal_level": "logical"}}))
	b.dst.Exec(t, "create schema other; create table other.one (a int); create publication one for table other.one")
	b.dest = b.destination(DestinationOptions{})
	other := replace("t")
	other.Name, other.Schema = "other.t", "other"
	warned := func() (n []int) {
		_, targets := b.targets(t, replace("t"), other)
		for _, target := range targets {
			n = append(n, strings.Count(strings.Join(target.Steps, "\n"), "its subscribers are sent the staging table"))
		}
		return n
	}
	diff(t, []int{0, 0}, warned())
	if b.dst.Query(t, "select current_setting('server_version_num')::int >= 150000")[0][0] == "t" {
		b.dst.Exec(t, `create publication "Some" for tables in schema other`)
		diff(t, []int{0, 1}, warned())
		b.dst.Exec(t, `drop publication "Some"`)
	}
	b.dst.Exec(t, `create publication "All" for all tables`)
	diff(t, []int{1, 1}, warned())
}
