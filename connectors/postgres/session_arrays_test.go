package postgres

import "testing"

// A NULL in an array stays one where the destination's own setting would read its
// text as a word.
func TestArrayNullsAsText(t *testing.T) {
	b := newBench(t, DestinationOptions{})
	const mood = "create type mood as enum ('fine'); create table t (id int primary key, m mood, a text[], n int[]);"
	b.src.Exec(t, mood+"insert into t values (1, 'fine', '{x,NULL}', '{1,NULL}')")
	b.dst.Exec(t, mood+"do $$ begin execute format('alter database %I set array_nulls = off', current_database()); end $$")
	b.run(t, replace("t"))
	diff(t, [][]string{{"t", "t"}}, b.dst.Query(t, "select a[2] is null, n[2] is null from t"))
}
