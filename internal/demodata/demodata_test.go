package demodata_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/demodata"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestSeed(t *testing.T) {
	if testing.Short() {
		t.Skip("writes two million rows")
	}
	db := pgtest.New(t)
	if err := demodata.Seed(t.Context(), db.DSN); err != nil {
		t.Fatal(err)
	}
	got := db.Query(t, `
		SELECT c.relname, count, pg_table_size(c.oid) / 1000000 > 50
		FROM (SELECT 'orders', count(*), 0 FROM shop.orders
			UNION ALL SELECT 'documents', count(*), avg(length(body)) FROM shop.documents
			UNION ALL SELECT 'Odd.Names', count(*), 0 FROM shop."Odd.Names"
			UNION ALL SELECT 'customers', count(DISTINCT email), 0 FROM shop.customers) AS counted (name, count, width)
		JOIN pg_class c ON c.relname = name
		ORDER BY count DESC`)
	want := [][]string{
		{"orders", "2000000", "t"},
		{"customers", "100000", "f"},
		{"Odd.Names", "20000", "f"},
		{"documents", "2000", "t"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
