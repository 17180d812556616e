package main

import (
	"context"
	"fmt"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// workload is a database to be copied.
type workload struct {
	name   string
	what   string
	tables []testbed.Sized
}

// workloads are all of them, with a share of their rows.
func workloads(share float64) []workload {
	rows := func(n int) int { return max(1, int(share*float64(n))) }
	of := func(t testbed.Table, n int) testbed.Sized { return testbed.Sized{Table: t, Rows: rows(n)} }
	metrics, lineitem := testbed.Metrics(), testbed.Lineitem()
	indexed := lineitem
	indexed.Name, indexed.Key = "indexed", "l_orderkey, l_linenumber"
	indexed.Indexes = []string{"l_partkey, l_suppkey", "l_shipdate", "l_receiptdate"}
	tiny := make([]testbed.Sized, max(3, rows(300)))
	for i := range tiny {
		tiny[i] = testbed.Sized{Table: testbed.Documents(fmt.Sprintf("tiny_%03d", i), 120), Rows: 1000}
	}
	return []workload{
		{"metrics", "numbers and times", []testbed.Sized{of(metrics, 3_000_000)}},
		{"lineitem", "TPC-H's longest table", []testbed.Sized{of(lineitem, 3_000_000)}},
		{"both", "the two tables above", []testbed.Sized{of(metrics, 3_000_000), of(lineitem, 3_000_000)}},
		{"events", "JSON documents and text arrays, with a primary key", []testbed.Sized{of(testbed.Events(), 1_000_000)}},
		{"wide", "texts of 64 KB that compress, with a primary key", []testbed.Sized{of(testbed.Texts("wide", 64<<10), 10_000)}},
		{"small", "rows of 375 B, with a primary key", []testbed.Sized{of(testbed.Documents("small", 375), 100_000)}},
		{"medium", "rows of 1.6 KB, with a primary key", []testbed.Sized{of(testbed.Documents("medium", 1600), 50_000)}},
		{"tiny", "tables of 1 000 rows, with a primary key each", tiny},
		{"indexed", "lineitem with a primary key and three indexes", []testbed.Sized{of(indexed, 3_000_000)}},
		{"skewed", "a key with gaps: half of the rows in 1 % of its range", []testbed.Sized{of(testbed.Skewed(), 3_000_000)}},
	}
}

func (w workload) rows() (n int64) {
	for _, t := range w.tables {
		n += int64(t.Rows)
	}
	return n
}

// bytes is how many the rows are as binary COPY sends them.
func (w workload) bytes(ctx context.Context, source *testbed.Server) (n int64, err error) {
	for _, t := range w.tables {
		more, err := source.CopyBytes(ctx, t.Name)
		if err != nil {
			return 0, err
		}
		n += more
	}
	return n, nil
}
