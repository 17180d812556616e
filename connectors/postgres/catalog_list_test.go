package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestListTables(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create schema "Sales";
		create schema _rbt;
		create table _rbt.books (id int);
		create table _rbt_1_orders (id int);
		create table "Sales"."Order" (id int);
		create table orders (id int, pad text);
		insert into orders select i, repeat('x', 100) from generate_series(1, 1000) i;
		create table analyzed (id int);
		insert into analyzed select generate_series(1, 1000);
		analyze analyzed;
		create view v as select 1 as one;
		create materialized view m as select 1 as one;
		create table whole (id int) partition by range (id);
		create table half partition of whole for values from (0) to (100) partition by range (id);
		create table quarter partition of half for values from (0) to (50);
		create table rest partition of whole default;
		insert into whole select generate_series(1, 49);
		insert into whole select generate_series(100, 299);
		analyze whole, quarter, rest`)
	conn := session(t, db.DSN, sourceRole)
	got, err := listTables(t.Context(), conn)
	if err != nil {
		t.Fatal(err)
	}
	const page = 8192
	diff(t, []connectors.TableInfo{
		{Schema: "Sales", Name: "Order", Kind: connectors.PlainTable},
		{Schema: "public", Name: "analyzed", Kind: connectors.PlainTable, Rows: 1000, Bytes: 5 * page},
		{Schema: "public", Name: "half", Kind: connectors.PartitionedTable, Rows: 49, Bytes: page, PartOf: "public.whole"},
		{Schema: "public", Name: "m", Kind: connectors.MaterializedView, Rows: -1, Bytes: page},
		{Schema: "public", Name: "orders", Kind: connectors.PlainTable, Rows: -1, Bytes: 18 * page},
		{Schema: "public", Name: "quarter", Kind: connectors.PlainTable, Rows: 49, Bytes: page, PartOf: "public.whole"},
		{Schema: "public", Name: "rest", Kind: connectors.PlainTable, Rows: 200, Bytes: page, PartOf: "public.whole"},
		{Schema: "public", Name: "v", Kind: connectors.View, Rows: -1, Bytes: -1},
		{Schema: "public", Name: "whole", Kind: connectors.PartitionedTable, Rows: 249, Bytes: 2 * page},
	}, got)
}

func TestListTablesLeavesOutWhatExtensionsBrought(t *testing.T) {
	db := pgtest.New(t)
	needsExtension(t, db, "pg_stat_statements")
	db.Exec(t, "create extension pg_stat_statements; create temp table mine (id int)")
	got, err := listTables(t.Context(), session(t, db.DSN, sourceRole))
	if err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// A list does not wait for who has locked a table that was once analyzed.
func TestListTablesDoesNotWaitForLocks(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, "create table t as select generate_series(1, 10) as id; analyze t")
	locker := db.Conn(t)
	if _, err := locker.Exec(t.Context(), "begin; lock t in access exclusive mode"); err != nil {
		t.Fatal(err)
	}
	conn := session(t, db.DSN, sourceRole)
	if _, err := conn.Exec(t.Context(), "set lock_timeout = '1s'"); err != nil {
		t.Fatal(err)
	}
	got, err := listTables(t.Context(), conn)
	if err != nil || len(got) != 1 || got[0].Rows != 10 {
		t.Errorf("%v, %v", got, err)
	}
	if r := definition(t, conn, "t"); r.Pages != 1 {
		t.Errorf("%d pages", r.Pages)
	}
}

func TestSumPartitions(t *testing.T) {
	found := []listRow{
		{OID: 1, Kind: "p"},
		{OID: 2, Kind: "p", Parent: 1},
		{OID: 3, Kind: "r", Parent: 2, Rows: 10, Bytes: 100},
		{OID: 4, Kind: "r", Parent: 1, Rows: -1, Bytes: 50},
		{OID: 5, Kind: "r", Parent: 1, Rows: 5, Bytes: 5},
		{OID: 6, Kind: "r", Parent: 99, Rows: 5, Bytes: 5}, // of a table that is not listed
	}
	sumPartitions(found)
	diff(t, []int64{-1, 155, 10, 100}, []int64{found[0].Rows, found[0].Bytes, found[1].Rows, found[1].Bytes})
}

func TestReadSizes(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create table grown (id int);
		insert into grown select generate_series(1, 1000);
		analyze grown;
		insert into grown select generate_series(1, 1000);
		create table never (id int, doc text);
		alter table never alter doc set storage external;
		insert into never values (1, repeat('x', 100000));
		create table empty (id int);
		create view v as select 1;
		create table base (id int);
		create table child () inherits (base);
		insert into child values (1);
		create table whole (id int) partition by list (id);
		create table p1 partition of whole for values in (1);
		create table p2 partition of whole for values in (2);
		insert into whole values (1), (1), (2);
		analyze whole, p1, p2`)
	conn := session(t, db.DSN, sourceRole)
	want := map[string]size{
		"grown": {Pages: 9, Bytes: 9 * 8192, Rows: 1800},
		"never": {Pages: 1, Bytes: (1 + 13) * 8192, Rows: -1},
		"empty": {},
		"v":     {Rows: -1},
		"base":  {},
		"whole": {Pages: 2, Bytes: 2 * 8192, Rows: 3},
	}
	var oids []uint32
	names := map[uint32]string{}
	for name := range want {
		r := definition(t, conn, name)
		oids, names[r.OID] = append(oids, r.OID), name
	}
	found, err := readSizes(t.Context(), conn, oids)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]size{}
	for oid, s := range found {
		got[names[oid]] = s
	}
	diff(t, want, got)
}
