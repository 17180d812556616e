package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestReadConstraints(t *testing.T) {
	got := define(t, `
		create table t (
			a int, b int, "C" text, d int4range,
			constraint t_pkey primary key (b, a),
			constraint later unique ("C") include (d) deferrable initially deferred,
			constraint apart exclude using gist (d with &&) where (a > 0),
			constraint positive check (a > 0 and b > 0) no inherit
		);
		insert into t values (1, 1, 'x', null);
		alter table t add constraint old check (a > 1) not valid;
		comment on constraint positive on t is 'more than nothing'`, "t")
	diff(t, []connectors.Constraint{
		{Name: "t_pkey", Kind: "primary key", Columns: []string{"b", "a"}, Definition: "PRIMARY KEY (b, a)"},
		{Name: "later", Kind: "unique", Columns: []string{"C"},
			Definition: `UNIQUE ("C") INCLUDE (d) DEFERRABLE INITIALLY DEFERRED`},
		{Name: "apart", Kind: "exclude", Columns: []string{"d"},
			Definition: "EXCLUDE USING gist (d WITH &&) WHERE ((a > 0))"},
		{Name: "old", Kind: "check", Columns: []string{"a"}, Definition: "CHECK ((a > 1)) NOT VALID"},
		{Name: "positive", Kind: "check", Columns: []string{"a", "b"},
			Definition: "CHECK (((a > 0) AND (b > 0))) NO INHERIT", Comment: "more than nothing"},
	}, got.Constraints)
	diff(t, []connectors.Index(nil), got.Indexes)
}

func TestReadIndexes(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create table t (id int primary key, a int, b text);
		create index part on t (a desc nulls last) where a > 0;
		create unique index "Expr ON ONLY x" on t (lower(b) collate "C") include (a);
		create index filled on t using hash (b) with (fillfactor = 50);
		create table child (t_id int references t);
		comment on index part is 'the part'`)
	conn := session(t, db.DSN, sourceRole)
	diff(t, []connectors.Index{
		{Name: "Expr ON ONLY x", Columns: []string{"a", "b"}, Unique: true,
			Definition: `CREATE UNIQUE INDEX "Expr ON ONLY x" ON public.t USING btree (lower(b) COLLATE "C") INCLUDE (a)`},
		{Name: "filled", Columns: []string{"b"}, Definition: "CREATE INDEX filled ON public.t USING hash (b) WITH (fillfactor='50')"},
		{Name: "part", Columns: []string{"a"}, Definition: "CREATE INDEX part ON public.t USING btree (a DESC NULLS LAST) WHERE (a > 0)",
			Comment: "the part"},
	}, definition(t, conn, "t").Indexes)
}

func TestIndexesAndConstraintsNameTheExtensionsTheyNeed(t *testing.T) {
	db := pgtest.New(t)
	needsExtension(t, db, "pg_trgm")
	needsExtension(t, db, "btree_gist")
	db.Exec(t, `
		create extension pg_trgm;
		create extension btree_gist;
		create table t (a int, b text, exclude using gist (a with =), check (similarity(b, 'x') < 1));
		create index like_b on t using gin (b gin_trgm_ops);
		create index plain on t (b)`)
	got := definition(t, session(t, db.DSN, sourceRole), "t")
	needs := map[string][]string{}
	for _, c := range got.Constraints {
		needs[c.Kind] = c.Needs
	}
	for _, i := range got.Indexes {
		needs[i.Name] = i.Needs
	}
	diff(t, map[string][]string{
		"exclude": {"btree_gist"}, "check": {"pg_trgm"}, "like_b": {"pg_trgm"}, "plain": {},
	}, needs)
}

// A foreign key to a partitioned table is there once, not once per partition.
func TestReadForeignKeys(t *testing.T) {
	got := define(t, `
		create schema s;
		create table s."Parent" (a int, b int, primary key (a, b)) partition by range (a);
		create table s.p1 partition of s."Parent" for values from (0) to (10);
		create table s.p2 partition of s."Parent" for values from (10) to (20);
		create table t (x int, y int, self int primary key references t,
			constraint up foreign key (x, y) references s."Parent" on delete cascade deferrable)`, "t")
	diff(t, []connectors.ForeignKey{
		{Name: "t_self_fkey", Columns: []string{"self"}, RefSchema: "public", RefTable: "t",
			Definition: "FOREIGN KEY (self) REFERENCES public.t(self)"},
		{Name: "up", Columns: []string{"x", "y"}, RefSchema: "s", RefTable: "Parent",
			Definition: `FOREIGN KEY (x, y) REFERENCES s."Parent"(a, b) ON DELETE CASCADE DEFERRABLE`},
	}, got.ForeignKeys)
}

// A partitioned table and its partitions are all read as what a plain table
// would be created from.
func TestReadPartitioned(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create table ref (id int primary key);
		create table whole (id int, at date not null, r int references ref, primary key (id, at)) partition by range (at);
		create index " ON ONLY " on whole (r);
		create table part partition of whole for values from ('2020-01-01') to ('2021-01-01');
		create index unfinished on only whole (at)`)
	conn := session(t, db.DSN, sourceRole)
	whole, part := definition(t, conn, "whole"), definition(t, conn, "part")

	diff(t, connectors.PartitionedTable, whole.Kind)
	diff(t, []connectors.Index{
		{Name: " ON ONLY ", Columns: []string{"r"}, Definition: `CREATE INDEX " ON ONLY " ON public.whole USING btree (r)`},
	}, whole.Indexes)
	diff(t, []connectors.Constraint{
		{Name: "whole_pkey", Kind: "primary key", Columns: []string{"id", "at"}, Definition: "PRIMARY KEY (id, at)"},
	}, whole.Constraints)
	diff(t, []string{
		"index unfinished is not copied: it is invalid",
		"it is partitioned: the partitions become one table",
	}, whole.Omitted)

	diff(t, connectors.PlainTable, part.Kind)
	diff(t, "CREATE INDEX part_r_idx ON public.part USING btree (r)", part.Indexes[0].Definition)
	diff(t, 1, len(part.ForeignKeys))
	diff(t, []string{"it is a partition of public.whole: it becomes a table of its own"}, part.Omitted)
	if !part.Partition || whole.Partition || !whole.HasChildren {
		t.Errorf("partition %t, %t", part.Partition, whole.Partition)
	}
}

func TestPlainIndex(t *testing.T) {
	tests := []struct{ definition, name, want string }{
		{"CREATE INDEX i ON s.t USING btree (a)", "i", "CREATE INDEX i ON s.t USING btree (a)"},
		{"CREATE INDEX i ON ONLY s.t USING btree (a)", "i", "CREATE INDEX i ON s.t USING btree (a)"},
		{"CREATE UNIQUE INDEX a ON ONLY s.t USING btree (a)", "a", "CREATE UNIQUE INDEX a ON s.t USING btree (a)"},
		{`CREATE INDEX "x ON ONLY y" ON t USING btree (a)`, `"x ON ONLY y"`, `CREATE INDEX "x ON ONLY y" ON t USING btree (a)`},
	}
	for _, tt := range tests {
		diff(t, tt.want, plainIndex(tt.definition, tt.name))
	}
}
