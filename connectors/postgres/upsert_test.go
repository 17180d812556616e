package postgres

import (
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func upsert(table string, key ...string) connectors.StreamSpec {
	spec := replace(table)
	spec.WriteMode, spec.PrimaryKey = connectors.Upsert, key
	return spec
}

func upsertDeleting(how connectors.Deleted, table string, key ...string) connectors.StreamSpec {
	spec := upsert(table, key...)
	spec.Deleted = how
	return spec
}

// oddValues are those that equality and text would not tell apart, or that have
// no equality.
const oddValues = `create type pair as (a int, b text);
	create table t (id int primary key, f float8, n numeric, j json, x xml, p point, r pair, b bytea, a text[]);`

func TestUpsert(t *testing.T) {
	for _, tc := range []struct {
		name           string
		source, target string
		spec           connectors.StreamSpec
		method         string
		query          string // at the destination
		want           [][]string
	}{{
		"inserts and updates",
		"create table t (id int primary key, v text); insert into t values (1, 'new'), (2, 'same'), (3, 'more')",
		"create table t (id int primary key, v text, own int default 7); insert into t values (1, 'old', 1), (2, 'same', 2), (9, 'its own', 9)",
		upsert("t", "id"), methodUpsert, "select * from t order by id",
		[][]string{{"1", "new", "1"}, {"2", "same", "2"}, {"3", "more", "7"}, {"9", "its own", "9"}},
	}, {
		"rewrites only what differs",
		oddValues + `insert into t values (1, 'nan', 'nan', '{"a" : 1}', '<a/>', '(1,2)', '(1,x)', '\x00ff', '{a,null}'), (2, '-0', 1.0, null, null, null, null, null, null)`,
		oddValues + `insert into t values (1, 'nan', 'nan', '{"a" : 1}', '<a/>', '(1,2)', '(1,x)', '\x00ff', '{a,null}'), (2, '0', 1.00, null, null, null, null, null, null)`,
		upsert("t", "id"), methodUpsert, "select ctid, id, f, n from t order by id",
		[][]string{{"(0,1)", "1", "NaN", "NaN"}, {"(0,3)", "2", "-0", "1.0"}},
	}, {
		"creates the table with its key",
		"create table t (id int, v text); insert into t values (1, 'a')", "",
		upsert("t", "id"), methodCreate, "select id, v, (select string_agg(pg_get_constraintdef(oid), ' ') from pg_constraint where conrelid = 't'::regclass) from t",
		[][]string{{"1", "a", "PRIMARY KEY (id)"}},
	}, {
		"creates the table with a second key",
		"create table t (id int primary key, k text not null); insert into t values (1, 'a')", "",
		upsert("t", "k"), methodCreate, "select pg_get_constraintdef(oid) from pg_constraint where conrelid = 't'::regclass order by 1",
		[][]string{{"PRIMARY KEY (id)"}, {"UNIQUE (k)"}},
	}, {
		"one of several rows of a key",
		"create table t (id int, at int, v text); insert into t values (1, 2, 'latest'), (1, 1, 'early'), (1, null, 'never'), (2, 1, 'one')",
		"create table t (id int primary key, at int, v text)",
		func() connectors.StreamSpec {
			s := upsert("t", "id")
			s.Cursor = &connectors.Cursor{Column: "at"}
			return s
		}(), methodUpsert, "select * from t order by id", [][]string{{"1", "2", "latest"}, {"2", "1", "one"}},
	}, {
		"one of several rows of a key, in a new table",
		"create table t (id int, at int, v text); insert into t values (1, 2, 'latest'), (1, 1, 'early')", "",
		func() connectors.StreamSpec {
			s := upsert("t", "id")
			s.Cursor = &connectors.Cursor{Column: "at"}
			return s
		}(), methodCreate, "select * from t order by id", [][]string{{"1", "2", "latest"}},
	}, {
		"a key of two columns, partitioned",
		"create table t (a int, b text, v int, primary key (a, b)); insert into t values (1, 'x', 1), (1, 'y', 2)",
		"create table t (a int, b text, v int, primary key (b, a)) partition by list (a); create table t1 partition of t default; insert into t values (1, 'y', 0)",
		upsert("t", "a", "b"), methodUpsert, "select * from t order by a, b", [][]string{{"1", "x", "1"}, {"1", "y", "2"}},
	}, {
		"nothing but the key",
		"create table t (id int primary key); insert into t values (1), (2)", "create table t (id int primary key); insert into t values (1)",
		upsert("t", "id"), methodUpsert, "select id from t order by id", [][]string{{"1"}, {"2"}},
	}, {
		"an identity",
		"create table t (id int primary key, n int); insert into t values (1, 10), (2, 20)",
		"create table t (id int generated always as identity primary key, n int); insert into t (n) values (1)",
		upsert("t", "id"), methodUpsert, "select * from t order by id", [][]string{{"1", "10"}, {"2", "20"}},
	}, {
		"a unique index",
		"create table t (id int, v int); insert into t values (1, 2)",
		"create table t (id int not null, v int); create unique index on t (id); insert into t values (1, 1)",
		upsert("t", "id"), methodUpsert, "select * from t", [][]string{{"1", "2"}},
	}, {
		"rows that are gone are deleted",
		"create table t (id int primary key, v text); insert into t values (1, 'new')",
		"create table t (id int primary key, v text); insert into t values (1, 'old'), (2, 'gone')",
		upsertDeleting(connectors.DropDeleted, "t", "id"), methodUpsert, "select * from t", [][]string{{"1", "new"}},
	}, {
		"rows that are gone are marked, and come back",
		"create table t (id int primary key, v text); insert into t values (1, 'new'), (3, 'back')",
		"create table t (id int primary key, v text, _rbt_deleted_at timestamptz); insert into t values (1, 'old', null), (2, 'gone', null), (3, 'back', now()), (4, 'long gone', '2000-01-01')",
		upsertDeleting(connectors.MarkDeleted, "t", "id"), methodUpsert,
		"select id, v, _rbt_deleted_at is not null, _rbt_deleted_at = '2000-01-01' from t order by id",
		[][]string{{"1", "new", "f", "NULL"}, {"2", "gone", "t", "f"}, {"3", "back", "f", "NULL"}, {"4", "long gone", "t", "t"}},
	}, {
		"what equality does not find in the key",
		"create table t (n numeric, f float8, i interval, primary key (n, f, i)); insert into t values (1.00, '-0', '24:00')",
		"create table t (n numeric, f float8, i interval, primary key (n, f, i)); insert into t values (1.0, 0, '1 day')",
		upsert("t", "n", "f", "i"), methodUpsert, "select * from t", [][]string{{"1.00", "-0", "24:00:00"}},
	}, {
		"a unique value goes from one that is gone to one that came",
		"create table t (id int primary key, email text unique); insert into t values (4, 'a')",
		"create table t (id int primary key, email text unique); insert into t values (1, 'a')",
		upsertDeleting(connectors.DropDeleted, "t", "id"), methodUpsert, "select * from t", [][]string{{"4", "a"}},
	}, {
		"a trigger that changes rows",
		"create table t (id int primary key, v text); insert into t values (1, 'NEW'), (2, 'Same'), (3, 'MORE')",
		`create table t (id int primary key, v text, changes int default 0); insert into t values (1, 'old'), (2, 'same');
		create function f() returns trigger language plpgsql as 'begin new.v = lower(new.v); new.changes = new.changes + 1; return new; end';
		create trigger tr before insert or update on t for each row execute function f()`,
		upsert("t", "id"), methodUpsert, "select id, v from t order by id", [][]string{{"1", "new"}, {"2", "same"}, {"3", "more"}},
	}, {
		"the mark is added", "create table t (id int primary key); insert into t values (1)",
		"create table t (id int primary key); insert into t values (1), (2)",
		upsertDeleting(connectors.MarkDeleted, "t", "id"), methodUpsert,
		"select id, _rbt_deleted_at is not null from t order by id", [][]string{{"1", "f"}, {"2", "t"}},
	}, {
		"the mark is added to a new table", "create table t (id int primary key); insert into t values (1)", "",
		upsertDeleting(connectors.MarkDeleted, "t", "id"), methodCreate,
		"select id, _rbt_deleted_at from t order by id", [][]string{{"1", "NULL"}},
	}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{})
			b.src.Exec(t, tc.source)
			if tc.target != "" {
				b.dst.Exec(t, tc.target)
			}
			method(t, tc.method, b.run(t, tc.spec)[0])
			diff(t, tc.want, b.dst.Query(t, tc.query))
			b.leavesNothing(t)
			method(t, methodUpsert, b.run(t, tc.spec)[0]) // and once more, with nothing to do
			diff(t, tc.want, b.dst.Query(t, tc.query))
		})
	}
}

func TestUpsertProblems(t *testing.T) {
	src := pgtest.New(t)
	src.Exec(t, "create table t (id int, v text, _rbt_deleted_at int); insert into t values (1, 'a')")
	for _, tc := range []struct {
		name, target string
		spec         connectors.StreamSpec
		want         string
	}{
		{"no key", "create table t (id int, v text)", upsert("t", "id"), "public.t has no unique key on exactly column id"},
		{"a key that may be NULL", "create table t (id int unique, v text)", upsert("t", "id"), "no unique key"},
		{"a partial key", "create table t (id int not null, v text); create unique index on t (id) where v > ''", upsert("t", "id"), "no unique key"},
		{"a deferred key", "create table t (id int primary key deferrable, v text)", upsert("t", "id"), "no unique key"},
		{"a larger key", "create table t (id int, v text, primary key (id, v))", upsert("t", "id"), "no unique key"},
		{"a rule", "create table t (id int primary key, v text, _rbt_deleted_at int); create rule r as on insert to t do also notify x", upsert("t", "id"), "public.t has rules"},
		{"a column of that name", "create table t (id int primary key, v text, _rbt_deleted_at int)",
			upsertDeleting(connectors.MarkDeleted, "t", "id"), "the source has a column _rbt_deleted_at of its own"},
		{"a column of that name, in a new table", "", upsertDeleting(connectors.MarkDeleted, "t", "id"), "the source has a column _rbt_deleted_at of its own"},
		{"rows that others refer to", "create table t (id int primary key, v text, _rbt_deleted_at int); create table u (t int references t)",
			upsertDeleting(connectors.DropDeleted, "t", "id"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			b.dst.Exec(t, tc.target)
			_, targets := b.targets(t, tc.spec)
			if got := strings.Join(targets[0].Problems, "; "); !strings.Contains(got, tc.want) || tc.want == "" && got != "" {
				t.Errorf("problems %q, want …%s…", got, tc.want)
			}
			warned := strings.Contains(strings.Join(targets[0].Steps, "\n"), `fail where foreign key u_t_fkey of public.u refers to such a row: give the key ON DELETE CASCADE, or use delete = "soft"`)
			if warned != (tc.name == "rows that others refer to") {
				t.Errorf("steps %q", targets[0].Steps)
			}
		})
	}
}

// TestUpsertLosesNothing holds that what cannot be upserted ends the run and
// leaves the target as it was.
func TestUpsertLosesNothing(t *testing.T) {
	for _, tc := range []struct{ name, source, target, want string }{
		{"a row without a key", "create table t (id int, v text); insert into t values (1, 'new'), (null, 'x')",
			"create table t (id int primary key, v text); insert into t values (1, 'old')", "1 row without a value in column id cannot be upserted"},
		{"a trigger that drops rows", "create table t (id int, v text); insert into t values (1, 'new'), (2, 'x')",
			`create table t (id int primary key, v text); insert into t values (1, 'old');
			create function f() returns trigger language plpgsql as 'begin return null; end';
			create trigger tr before insert on t for each row execute function f()`, "public.t did not take 1 row: a trigger there drops them"},
		{"a trigger that drops changes", "create table t (id int, v text); insert into t values (1, 'new'), (2, 'x')",
			`create table t (id int primary key, v text); insert into t values (1, 'old');
			create function f() returns trigger language plpgsql as 'begin return null; end';
			create trigger tr before update on t for each row execute function f()`, "public.t did not take 1 row: a trigger there drops them"},
		{"a trigger that keeps what is gone", "create table t (id int, v text); insert into t values (2, 'x')",
			`create table t (id int primary key, v text); insert into t values (1, 'old');
			create function f() returns trigger language plpgsql as 'begin return null; end';
			create trigger tr before delete on t for each row execute function f()`, "public.t keeps 1 row that the source has no more: a trigger there drops the change"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, DestinationOptions{})
			b.src.Exec(t, tc.source)
			b.dst.Exec(t, tc.target)
			spec := upsert("t", "id")
			if strings.Contains(tc.name, "gone") {
				spec.Deleted = connectors.DropDeleted
			}
			snap, targets := b.targets(t, spec)
			l := b.begin(t)
			_, err := l.Publish(t.Context(), targets[0], fill(t, snap, l, targets[0]), nil)
			wantError(t, tc.want, err)
			diff(t, [][]string{{"1", "old"}}, b.dst.Query(t, "select * from t"))
		})
	}
}

// TestUpsertByOwnKey holds that a stream which names no key goes by the table's
// own, and that a table without one is refused.
func TestUpsertByOwnKey(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (a int, b int, v text, primary key (b, a)); insert into t values (1, 2, 'new'); create table u (a int)")
	b.dst.Exec(t, "create table t (a int, b int, v text, primary key (a, b)); insert into t values (1, 2, 'old'), (2, 1, 'other')")
	b.run(t, upsert("t"))
	diff(t, [][]string{{"1", "2", "new"}, {"2", "1", "other"}}, b.dst.Query(t, "select * from t order by a"))
	snap, err := NewSource(Config{DSN: b.src.DSN}, SourceOptions{}).Snapshot(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(t.Context())
	_, err = snap.Describe(t.Context(), []connectors.StreamSpec{upsert("u")})
	if err == nil || !strings.Contains(err.Error(), `write_mode: "upsert" goes by a primary key, and the table has none`) {
		t.Errorf("error %v", err)
	}
}

// TestUpsertRights holds that what the role may not do is said before a row moves,
// with what to grant.
func TestUpsertRights(t *testing.T) {
	const open = "grant create on database DB to ROLE; grant create, usage on schema public to ROLE; create table t (id int primary key, v text);"
	src := pgtest.New(t)
	src.Exec(t, "create table t (id int primary key, v text)")
	for _, tc := range []struct {
		name, dst string
		spec      connectors.StreamSpec
		want      string
	}{
		{"no update", "grant select, insert on t to ROLE", upsert("t", "id"),
			`the role ROLE may not read public.t and change its rows: GRANT SELECT, INSERT, UPDATE ON "public"."t" TO "ROLE"`},
		{"no delete", "grant select, insert, update on t to ROLE", upsertDeleting(connectors.DropDeleted, "t", "id"),
			`the role ROLE may not read public.t and change its rows: GRANT SELECT, INSERT, UPDATE, DELETE ON "public"."t" TO "ROLE"`},
		{"no mark", "grant select, insert, update on t to ROLE", upsertDeleting(connectors.MarkDeleted, "t", "id"),
			"the role ROLE does not own public.t, so it cannot add the column _rbt_deleted_at: ALTER TABLE \"public\".\"t\" ADD COLUMN _rbt_deleted_at timestamptz"},
		{"enough", "grant select, insert, update, delete on t to ROLE", upsertDeleting(connectors.DropDeleted, "t", "id"), ""},
		{"enough to mark", "grant select, insert, update on t to ROLE; alter table t add _rbt_deleted_at timestamptz", upsertDeleting(connectors.MarkDeleted, "t", "id"), ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			b := newBenchOn(t, src, DestinationOptions{})
			role := createRole(t, b.dst, "login")
			named := strings.NewReplacer("ROLE", role, "DB", b.dst.Name)
			b.dst.Exec(t, named.Replace(open+tc.dst))
			b.dest = NewDestination(Config{DSN: as(t, b.dst, role), Pipeline: "test"}, DestinationOptions{})
			_, targets := b.targets(t, tc.spec)
			diff(t, named.Replace(tc.want), strings.Join(targets[0].Problems, "\n"))
			if tc.want == "" {
				b.run(t, tc.spec)
			}
		})
	}
}

// TestUpsertDeletesNotAll holds that a source without a row does not empty a target.
func TestUpsertDeletesNotAll(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	b.src.Exec(t, "create table t (id int primary key)")
	b.dst.Exec(t, "create table t (id int primary key); insert into t values (1)")
	snap, targets := b.targets(t, upsertDeleting(connectors.DropDeleted, "t", "id"))
	l := b.begin(t)
	_, err := l.Publish(t.Context(), targets[0], fill(t, snap, l, targets[0]), nil)
	wantError(t, `the source has no row, and delete = "hard" would delete all rows of public.t`, err)
	diff(t, [][]string{{"1"}}, b.dst.Query(t, "select * from t"))
}
