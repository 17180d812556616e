package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/measure"
)

// sample is a report of two contenders that took part and one that is missing.
func sample() report {
	m := measurement{Table: "metrics", Rows: 1_000_000, Bytes: 100_000_000, Results: []result{
		{Contender: "rbt, 4 lanes", Runs: []measure.Usage{
			{Wall: 1 * time.Second, CPU: 80 * time.Millisecond, Servers: 900 * time.Millisecond, Memory: 20 << 20},
			{Wall: 3 * time.Second, CPU: 120 * time.Millisecond, Servers: 1100 * time.Millisecond, Memory: 24 << 20},
		}},
		{Contender: pipeName, Runs: []measure.Usage{
			{Wall: 2 * time.Second, CPU: 300 * time.Millisecond, Servers: time.Second, Memory: 28 << 20},
			{Wall: 4 * time.Second, CPU: 300 * time.Millisecond, Servers: time.Second, Memory: 28 << 20},
		}},
	}}
	m.compare()
	return report{
		Machine:      measure.Machine{Cores: 2, CPU: "Fast", Memory: 8 << 30, Kernel: "6.1"},
		Servers:      "15.1",
		Settings:     map[string]string{"shared_buffers": "512MB", "max_wal_size": "4GB", "autovacuum": "off"},
		Versions:     []named{{"rbt, 4 lanes", "rbt v1"}},
		Missing:      []named{{"other", "not installed"}},
		Rounds:       2,
		Measurements: []measured{figures(m)},
	}
}

func TestMarkdown(t *testing.T) {
	const want = `2 cores (Fast), 8 GiB RAM, kernel 6.1; PostgreSQL 15.1 at both ends, over TCP on one machine, fsync on, ` +
		`shared_buffers 512MB, max_wal_size 4GB, autovacuum off; 2 rounds in turns.

**metrics**: 1 000 000 rows, 100 MB as binary COPY

| contender | seconds: median (min–max) | ratio to the pipe (min–max) | MB/s | rows/s | client CPU-s per GB | servers' CPU-s per GB | peak RSS |
|---|---|---|---|---|---|---|---|
| rbt, 4 lanes | 2.00 (1.00–3.00) | 0.62 (0.50–0.75) | 50 | 500 000 | 1.00 | 10.0 | 24 MiB |
| psql \| psql | 3.00 (2.00–4.00) | 1.00 (1.00–1.00) | 33 | 333 333 | 3.00 | 10.0 | 28 MiB |

- rbt, 4 lanes: rbt v1
- other: **missing** (not installed)
`
	var got strings.Builder
	sample().markdown(&got)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the report differs (-want +got):\n%s", diff)
	}
}

func TestRatioNeedsThePipe(t *testing.T) {
	m := measurement{Bytes: 1, Results: []result{{Contender: "rbt", Runs: []measure.Usage{{Wall: time.Second}}}}}
	m.compare()
	if f := figures(m).Figures[0]; f.Ratio != nil {
		t.Errorf("a ratio of %v to a pipe that did not run", f.Ratio)
	}
}

func TestJSON(t *testing.T) {
	var text strings.Builder
	if err := sample().json(&text); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Errorf("the report came back different:\n%s", diff)
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-quick", "-also", "old=/bin/rbt", "-table", "metrics"})
	if err != nil || o.rows != 100_000 || o.rounds != 2 || o.lanes != 4 || o.only != "metrics" || len(o.also) != 1 {
		t.Errorf("parse = %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"more"}, {"-also", "old"}, {"-table", "nothing"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) found no mistake", args)
		}
	}
}
