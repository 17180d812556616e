package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestReadColumns(t *testing.T) {
	got := define(t, `
		create domain code as text collate "C";
		create table t (
			id bigint not null,
			price numeric(10,2) default 0.00,
			name varchar(20) collate "C" not null,
			c code collate "default",
			doc text,
			total numeric generated always as (price * 2) stored,
			gone int,
			at timestamptz(3) default now(),
			tags text[] default '{a,"b c"}',
			day date default '2020-02-01',
			bits bit(3)
		);
		alter table t drop gone;
		alter table t alter doc set storage external, alter tags set storage main;
		comment on column t.name is 'the ''name'', "quoted"'`, "t")
	want := []connectors.Column{
		{Name: "id", Type: "bigint", Wire: "int8", Key: "integer", NotNull: true},
		{Name: "price", Type: "numeric(10,2)", Compressible: true, Wire: "numeric", Key: "hash", Default: "0.00"},
		{Name: "name", Type: "character varying(20)", Compressible: true, Wire: "varchar", Key: "hash", NotNull: true,
			Collation: `pg_catalog."C"`, Comment: `the 'name', "quoted"`},
		{Name: "c", Type: "public.code", Compressible: true, TextOnly: "domain public.code", Key: "hash",
			Collation: `pg_catalog."default"`},
		{Name: "doc", Type: "text", Compressible: true, Wire: "text", Key: "hash", Storage: "external"},
		{Name: "total", Type: "numeric", Compressible: true, Wire: "numeric", Key: "hash", Generated: "(price * (2)::numeric)"},
		{Name: "at", Type: "timestamp(3) with time zone", Wire: "timestamptz", Key: "hash", Default: "now()"},
		{Name: "tags", Type: "text[]", Compressible: true, Wire: "text[]", Default: `'{a,"b c"}'::text[]`, Storage: "main"},
		{Name: "day", Type: "date", Wire: "date", Key: "hash", Default: "'2020-02-01'::date"},
		{Name: "bits", Type: "bit(3)", Compressible: true, Wire: "bit", Key: "hash"},
	}
	diff(t, want, got.Columns)
}

func TestReadCompression(t *testing.T) {
	db := pgtest.New(t)
	if len(db.Query(t, "select from pg_settings where name = 'default_toast_compression' and 'lz4' = any(enumvals)")) == 0 {
		t.Skip("the server has no lz4")
	}
	db.Exec(t, "create table t (a text compression lz4, b text compression pglz, c text)")
	got := definition(t, session(t, db.DSN, sourceRole), "t")
	var compressions []string
	for _, c := range got.Columns {
		compressions = append(compressions, c.Compression)
	}
	diff(t, []string{"lz4", "pglz", ""}, compressions)
}

func TestDefaultsNameTheExtensionsTheyNeed(t *testing.T) {
	db := pgtest.New(t)
	needsExtension(t, db, "uuid-ossp")
	db.Exec(t, `
		create schema ext;
		create extension "uuid-ossp" schema ext;
		create table t (id uuid default ext.uuid_generate_v4(), at timestamptz default now())`)
	got := definition(t, session(t, db.DSN, sourceRole), "t")
	diff(t, "ext.uuid_generate_v4()", got.Columns[0].Default)
	diff(t, []string{"uuid-ossp"}, got.Columns[0].Needs)
	diff(t, []string(nil), got.Columns[1].Needs)
}

func TestReadViews(t *testing.T) {
	const sql = `
		create table t (id int primary key, x text);
		create view v as select id, upper(x) as x, count(*) over () as n from t;
		create materialized view m as select * from v;
		create unique index m_id on m (id);
		create foreign data wrapper w;
		create server s foreign data wrapper w;
		create foreign table f (id int not null) server s`
	db := pgtest.New(t)
	db.Exec(t, sql)
	conn := session(t, db.DSN, sourceRole)
	columns := []connectors.Column{
		{Name: "id", Type: "integer", Wire: "int4", Key: "integer"},
		{Name: "x", Type: "text", Wire: "text", Key: "hash", Compressible: true},
		{Name: "n", Type: "bigint", Wire: "int8", Key: "integer"},
	}
	view, matview, foreign := definition(t, conn, "v"), definition(t, conn, "m"), definition(t, conn, "f")
	diff(t, connectors.Table{
		Dialect: "postgres", Schema: "public", Name: "v", Kind: connectors.View, Columns: columns,
		Omitted: []string{"it is a view: its rows become a table"},
	}, view.Table)
	diff(t, connectors.Table{
		Dialect: "postgres", Schema: "public", Name: "m", Kind: connectors.MaterializedView, Columns: columns,
		Indexes: []connectors.Index{
			{Name: "m_id", Columns: []string{"id"}, Definition: "CREATE UNIQUE INDEX m_id ON public.m USING btree (id)", Unique: true},
		},
		Omitted: []string{"it is a materialized view: its rows become a table"},
	}, matview.Table)
	diff(t, connectors.ForeignTable, foreign.Kind)
	diff(t, []string{"", "heap", ""}, []string{view.AccessMethod, matview.AccessMethod, foreign.AccessMethod})
}
