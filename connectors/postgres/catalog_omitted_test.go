package postgres

import "testing"

func TestReadOmitted(t *testing.T) {
	got := define(t, `
		create table base (id int);
		create unlogged table t (id int, x int) inherits (base) with (fillfactor = 70, autovacuum_enabled = off);
		create function nothing() returns trigger language plpgsql as 'begin return new; end';
		create trigger "Audit" before insert on t for each row execute function nothing();
		create rule kept as on delete to t do instead nothing;
		alter table t enable row level security;
		create policy mine on t using (true);
		create statistics pair on id, x from t`, "t")
	diff(t, []string{
		"it inherits from public.base: it becomes a table of its own",
		"it is unlogged: it becomes a table that survives a crash",
		"the storage parameters fillfactor=70, autovacuum_enabled=off are not copied",
		"trigger Audit is not copied",
		"rule kept is not copied",
		"row-level security is not copied: whoever may read the copy sees all its rows",
		"policy mine is not copied",
		"extended statistics pair are not copied",
	}, got.Omitted)
}
