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
	tables []sized
}

// sized is a table with so many rows.
type sized struct {
	testbed.Table
	rows int
}

// workloads are all of them, with a share of their rows.
func workloads(share float64) []workload {
	rows := func(n int) int { return max(1, int(share*float64(n))) }
	metrics, lineitem := testbed.Metrics(), testbed.Lineitem()
	indexed := lineitem
	indexed.Name, indexed.Key = "indexed", "l_orderkey, l_linenumber"
	indexed.Indexes = []string{"l_partkey, l_suppkey", "l_shipdate", "l_receiptdate"}
	tiny := make([]sized, max(3, rows(300)))
	for i := range tiny {
		tiny[i] = sized{testbed.Documents(fmt.Sprintf("tiny_%03d", i), 120), 1000}
	}
	return []workload{
		{"metrics", "numbers and times", []sized{{metrics, rows(3_000_000)}}},
		{"lineitem", "TPC-H's longest table", []sized{{lineitem, rows(3_000_000)}}},
		{"both", "the two tables above", []sized{{metrics, rows(3_000_000)}, {lineitem, rows(3_000_000)}}},
		{"events", "JSON documents and text arrays, with a primary key", []sized{{testbed.Events(), rows(1_000_000)}}},
		{"wide", "texts of 64 KB that compress, with a primary key", []sized{{testbed.Texts("wide", 64<<10), rows(10_000)}}},
		{"small", "rows of 375 B, with a primary key", []sized{{testbed.Documents("small", 375), rows(100_000)}}},
		{"medium", "rows of 1.6 KB, with a primary key", []sized{{testbed.Documents("medium", 1600), rows(50_000)}}},
		{"tiny", "tables of 1 000 rows, with a primary key each", tiny},
		{"indexed", "lineitem with a primary key and three indexes", []sized{{indexed, rows(3_000_000)}}},
		{"skewed", "a key with gaps: half of the rows in 1 % of its range", []sized{{testbed.Skewed(), rows(3_000_000)}}},
	}
}

// fill makes the workload's tables at the source, in a fresh database.
func (w workload) fill(ctx context.Context, source *testbed.Server) error {
	if err := source.Renew(ctx); err != nil {
		return err
	}
	for _, t := range w.tables {
		if err := t.Fill(ctx, source, t.rows); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	return nil
}

func (w workload) rows() (n int64) {
	for _, t := range w.tables {
		n += int64(t.rows)
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
