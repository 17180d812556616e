package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/hcl"
)

func TestDiscovered(t *testing.T) {
	got := discovered([]connectors.TableInfo{
		{Schema: "public", Name: "tiny", Kind: connectors.PlainTable, Rows: 3, Bytes: 8192},
		{Schema: "public", Name: "v", Kind: connectors.View, Rows: -1, Bytes: -1},
		{Schema: "public", Name: "Odd.Name", Kind: connectors.PlainTable, Rows: -1, Bytes: 0},
		{Schema: "public", Name: "events", Kind: connectors.PartitionedTable, Rows: 2_000_000, Bytes: 180_000_000},
		{Schema: "public", Name: "events_1", Kind: connectors.PlainTable, PartOf: "public.events", Rows: 2_000_000, Bytes: 180_000_000},
	})
	want := `# partitioned table, about 2,000,000 rows, 180 MB, 1 partition
stream "public.events" {}

# table, about 3 rows, 8.2 kB
stream "public.tiny" {}

# table, 0 B
stream "public.\"Odd.Name\"" {}

# view
# stream "public.v" {}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whatever a table is called, the block that discover prints names it.
func TestStreamNameReadsBack(t *testing.T) {
	name := rapid.StringOfN(rapid.SampledFrom([]rune(`ab."*?$%{}\ ü' #`+"\t\n")), 1, 12, -1)
	rapid.Check(t, func(rt *rapid.T) {
		schema, table := name.Draw(rt, "schema"), name.Draw(rt, "table")
		p, err := hcl.Parse([]byte(`pipeline "p" {}
source "postgres" { dsn = "host=a" }
destination "postgres" { dsn = "host=b" }
`+streamBlock(connectors.TableInfo{Schema: schema, Name: table}, 0, "")), "p.hcl", hcl.Options{})
		if err != nil {
			rt.Fatal(err)
		}
		if s := p.Streams[0]; s.IsPattern || s.Schema != schema || s.Table != table {
			rt.Fatalf("%q.%q reads back as %q.%q", schema, table, s.Schema, s.Table)
		}
	})
}
