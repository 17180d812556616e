package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// example is what a pipeline of the examples folder needs and must bring about.
type example struct {
	source string   // SQL that seeds the source
	args   []string // beside the file
	tables string   // those of the destination, with the rows of each
}

// examples are the folders of ../../examples with a pipeline, all of them.
var examples = map[string]example{
	"one-table": {
		source: exampleShop,
		tables: "public.orders 60000",
	},
	"whole-database": {
		source: exampleShop,
		tables: "archive.orders 1, public.customers 100, public.items 2, public.orders 60000",
	},
	"pins": {
		source: exampleShop,
		tables: "public.customers 100, public.orders 60000",
	},
	"variables": {
		source: exampleShop,
		args:   []string{"-var", "dest_schema=staging", "-var", "min_total=100"},
		tables: "staging.orders 59700",
	},
	"hourly": {
		source: `CREATE TABLE accounts (id int PRIMARY KEY, email text NOT NULL, owes numeric, updated_at timestamptz NOT NULL DEFAULT now());
			INSERT INTO accounts SELECT i, i || '@example.com', i FROM generate_series(1, 500) i; CREATE INDEX ON accounts (updated_at)`,
		tables: "raw.accounts 500",
	},
	"demo": {
		source: exampleDemo,
		tables: `shop."Odd.Names" 3, shop.countries 2, shop.documents 20, shop.orders 50`,
	},
}

// exampleShop is a shop with tables that only some of the examples copy. The
// orders are more than one part, since a table of one part cannot be pinned to
// a partition mode.
const exampleShop = `
	CREATE TABLE customers (id int PRIMARY KEY, name text);
	INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 100) i;
	CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers, total numeric, note text);
	INSERT INTO orders SELECT i, 1 + i % 100, (i - 1) / 3.0, repeat('x', 60) FROM generate_series(1, 60000) i;
	CREATE TABLE items (id int PRIMARY KEY, "order" int REFERENCES orders);
	INSERT INTO items VALUES (1, 2), (2, 60000);
	CREATE TABLE audit_log (line text);
	INSERT INTO audit_log VALUES ('not to be copied');
	CREATE SCHEMA archive;
	CREATE TABLE archive.orders (id int); INSERT INTO archive.orders VALUES (1);
	ANALYZE;`

// exampleDemo is the demo's shop in small. The demo itself is run by
// testdata/demo.txtar.
const exampleDemo = `
	CREATE SCHEMA shop;
	CREATE TABLE shop.countries (code char(2) PRIMARY KEY);
	INSERT INTO shop.countries VALUES ('AT'), ('NZ');
	CREATE TABLE shop.orders (id bigint PRIMARY KEY, country char(2) REFERENCES shop.countries);
	INSERT INTO shop.orders SELECT i, 'NZ' FROM generate_series(1, 50) i;
	CREATE TABLE shop.documents (id uuid PRIMARY KEY, body text);
	INSERT INTO shop.documents SELECT md5(i::text)::uuid, repeat('wide ', 8000) FROM generate_series(1, 20) i;
	CREATE TYPE shop."Mood" AS ENUM ('sad', 'it''s fine');
	CREATE TABLE shop."Odd.Names" ("Id" int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "select" shop."Mood");
	INSERT INTO shop."Odd.Names" ("select") VALUES ('sad'), ('it''s fine'), (NULL);
	ANALYZE;`

// TestExamples runs each example as its reader would: check, run, verify.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../../examples/*/pipeline.hcl")
	if err != nil || len(files) == 0 {
		t.Fatal("no examples", err)
	}
	path := build(t)
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			t.Parallel()
			e, known := examples[filepath.Base(filepath.Dir(file))]
			if !known {
				t.Fatal("this test does not know what the example needs")
			}
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, e.source)
			file, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, command := range []string{"check", "run", "verify"} {
				runExample(t, path, src, dst, append([]string{command, file}, e.args...)...)
			}
			if diff := cmp.Diff(e.tables, tablesOf(t, dst)); diff != "" {
				t.Errorf("the destination's tables (-want +got):\n%s", diff)
			}
		})
	}
}

func runExample(t *testing.T, path string, src, dst *pgtest.DB, args ...string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SOURCE_DSN="+src.DSN, "DEST_DSN="+dst.DSN)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("rbt %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// tablesOf lists the tables of a database but for rbt's books, with the rows
// of each.
func tablesOf(t *testing.T, db *pgtest.DB) string {
	t.Helper()
	const sql = `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
		WHERE schemaname NOT IN ('pg_catalog', 'information_schema', '_rbt') ORDER BY 1`
	var tables []string
	for _, row := range db.Query(t, sql) {
		tables = append(tables, row[0]+" "+db.Query(t, "SELECT count(*) FROM "+row[0])[0][0])
	}
	return strings.Join(tables, ", ")
}
