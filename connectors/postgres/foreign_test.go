package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
)

const family = `
create table parent (id int primary key, v text);
create table child (id int primary key, parent_id int, up int, constraint belongs foreign key (parent_id) references parent on delete cascade,
	constraint up foreign key (up) references child);
create index on child (parent_id);`

const keys = `
with books as (select to_regnamespace('_rbt') as oid)
select conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated from pg_constraint where contype = 'f' and connamespace is distinct from (select oid from books) order by 1::text, 2`

// Rows that only fit the new parent come first in one order, and the other
// way round in the other.
func TestForeignKeysAreTakenOffAndPutBack(t *testing.T) {
	for _, tc := range []struct {
		name, sql string
		order     []string
		method    string
	}{
		{"parent first", "", []string{"parent", "child"}, "swap"},
		{"child first", "", []string{"child", "parent"}, "swap"},
		{"truncate, parent first", "create view v as select from parent; create view w as select from child", []string{"parent", "child"}, "truncate and insert"},
		{"truncate, child first", "create view v as select from parent; create view w as select from child", []string{"child", "parent"}, "truncate and insert"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := newBench(t, DestinationOptions{ForeignKeys: true})
			b.src.Exec(t, family+"insert into parent values (7, 'new'); insert into child values (1, 7, 1)")
			b.dst.Exec(t, family+"create table outside (id int primary key); insert into outside values (7); alter table child add constraint out foreign key (parent_id) references outside;"+
				"insert into parent values (1, 'old'); insert into child values (1, null, null);"+tc.sql)
			before := b.dst.Query(t, keys)
			for _, target := range b.run(t, replace(tc.order[0]), replace(tc.order[1])) {
				method(t, tc.method, target)
			}
			diff(t, before, b.dst.Query(t, keys))
			diff(t, [][]string{{"7", "1", "new"}}, b.dst.Query(t, "select parent_id, up, v from child join parent on parent.id = parent_id"))
			diff(t, [][]string{{"0"}}, b.dst.Query(t, "select count(*) from _rbt.foreign_keys"))
		})
	}
}

func TestForeignKeysAreCopied(t *testing.T) {
	b := newBench(t, DestinationOptions{ForeignKeys: true})
	b.src.Exec(t, family+"insert into parent values (7, 'new'); insert into child values (1, 7, 1)")
	spec := replace("parent")
	spec.TargetSchema, spec.Target = "raw", "Parents"
	b.run(t, replace("child"), spec)
	diff(t, [][]string{
		{"child", "belongs", `FOREIGN KEY (parent_id) REFERENCES raw."Parents"(id) ON DELETE CASCADE`, "t"},
		{"child", "up", "FOREIGN KEY (up) REFERENCES child(id)", "t"},
	}, b.dst.Query(t, keys))
	b.run(t, spec, replace("child")) // again, over what is there
	diff(t, 2, len(b.dst.Query(t, keys)))
}

// A key that does not hold is reported by name, the others are added, and the
// run is not done.
func TestForeignKeyThatDoesNotHold(t *testing.T) {
	b := newBench(t, DestinationOptions{ForeignKeys: true})
	b.src.Exec(t, family+"insert into parent values (7, 'new'); insert into child values (1, 7, 1)")
	parent := replace("parent")
	parent.Where = "id < 7"
	snap, targets := b.targets(t, replace("child"), parent)
	l := b.begin(t)
	for _, target := range targets {
		if _, err := l.Publish(t.Context(), target, fill(t, snap, l, target), nil); err != nil {
			t.Fatal(err)
		}
	}
	err := l.Finish(t.Context(), connectors.Outcome{Status: "done"})
	wantError(t, `add foreign key belongs of "public"."child": ERROR: insert or update on table "child" violates foreign key constraint "belongs"`, err)
	diff(t, [][]string{{"failed"}}, b.dst.Query(t, "select status from _rbt.runs"))
	diff(t, [][]string{{"belongs", "f"}, {"up", "t"}}, b.dst.Query(t, "select conname, convalidated from pg_constraint where contype = 'f' and conrelid = 'child'::regclass order by 1"))
}

// A key that was taken off is owed, whatever becomes of the run.
func TestOwedForeignKeysSurviveARestart(t *testing.T) {
	b := newBench(t, DestinationOptions{ForeignKeys: true})
	b.src.Exec(t, family)
	b.dst.Exec(t, family)
	before := b.dst.Query(t, keys)
	snap, targets := b.targets(t, replace("parent"), replace("child"))
	l := b.begin(t)
	if _, err := l.Publish(t.Context(), targets[0], fill(t, snap, l, targets[0]), nil); err != nil {
		t.Fatal(err)
	}
	fill(t, snap, l, targets[1])
	l.Close() // as a crash would
	restarted, err := b.dest.Begin(t.Context(), connectors.Run{ID: "restarted", Pipeline: "test", Restart: true})
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "restarted", restarted.Attempt().RunID)
	if err := restarted.Finish(t.Context(), connectors.Outcome{Status: "done"}); err != nil {
		t.Fatal(err)
	}
	diff(t, before, b.dst.Query(t, keys))
	b.leavesNothing(t)
}

// A key that an attempt has added, but not had checked, is still owed: the next one
// finds it NOT VALID, and does not take that for what it was.
func TestUncheckedForeignKeyIsStillOwed(t *testing.T) {
	for name, existing := range map[string]string{"of the source": "", "of the destination": family} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, DestinationOptions{ForeignKeys: true})
			b.src.Exec(t, family+"insert into parent values (7, 'new'); insert into child values (1, 7, 1)")
			b.dst.Exec(t, existing)
			parent := replace("parent")
			parent.Where = "id < 7"
			snap, targets := b.targets(t, parent, replace("child"))
			l := b.begin(t)
			for _, target := range targets {
				if _, err := l.Publish(t.Context(), target, fill(t, snap, l, target), nil); err != nil {
					t.Fatal(err)
				}
			}
			if err := l.Finish(t.Context(), connectors.Outcome{Status: "done"}); err == nil {
				t.Fatal("the key holds")
			}
			const valid = "select conname, convalidated from pg_constraint where contype = 'f' and conrelid = 'child'::regclass order by 1"
			diff(t, [][]string{{"belongs", "f"}, {"up", "t"}}, b.dst.Query(t, valid))
			b.run(t, replace("parent"), replace("child"))
			diff(t, [][]string{{"belongs", "t"}, {"up", "t"}}, b.dst.Query(t, valid))
			diff(t, [][]string{{"1", "2"}}, b.dst.Query(t, "select count(*), max(attempt) from _rbt.runs"))
		})
	}
}
