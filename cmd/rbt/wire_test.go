package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/hcl"
)

// TestDestinationOptions holds that what a file says of the destination is what
// the destination is told.
func TestDestinationOptions(t *testing.T) {
	for _, tc := range []struct {
		file string
		want postgres.DestinationOptions
	}{
		{"", postgres.DestinationOptions{}},
		{"analyze = false", postgres.DestinationOptions{SkipAnalyze: true}},
		{`compression = "lz4"`, postgres.DestinationOptions{Compression: "lz4"}},
		{"foreign_keys = true", postgres.DestinationOptions{ForeignKeys: true}},
	} {
		text := `pipeline "p" {}
source "postgres" { dsn = "postgres://h/s" }
destination "postgres" {
  dsn = "postgres://h/d"
  ` + tc.file + `
}
stream "t" {}
`
		p, err := hcl.Parse([]byte(text), "p.hcl", hcl.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.want, destinationOptions(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.file, diff)
		}
	}
}
