package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// sample is a report of three contenders that took part, of which one failed and one was given up, and one that is
// missing.
func sample() report {
	m := measurement{
		workload: workload{"metrics", "numbers", []testbed.Sized{{Table: testbed.Metrics(), Rows: 1_000_000}}}, bytes: 100_000_000,
		results: []result{{contender: contender{name: rbtName}}, {contender: contender{name: "COPY | COPY"}}, {contender: contender{name: "slow"}}, {contender: contender{name: "broken"}, failed: errors.New("bash: exit status 1\nno way\n")}},
		limits:  []limit{{0.5, 0.7}, {0.7, 0.9}},
	}
	run := func(wall, cpu, servers time.Duration, mib int64) *measure.Usage {
		return &measure.Usage{Wall: wall, CPU: cpu, Servers: servers, Memory: mib << 20}
	}
	const ms = time.Millisecond
	m.note([]*measure.Usage{run(1000*ms, 80*ms, 900*ms, 20), run(2000*ms, 300*ms, time.Second, 28), run(9000*ms, 300*ms, time.Second, 28), nil}, 8)
	m.note([]*measure.Usage{run(3000*ms, 120*ms, 1100*ms, 24), run(4500*ms, 300*ms, time.Second, 28), nil, nil}, 8)
	return report{
		Machine:    measure.Machine{Cores: 2, CPU: "Fast", Memory: 8 << 30, Kernel: "6.1"},
		Servers:    "15.1",
		Settings:   map[string]string{"shared_buffers": "512MB", "huge_pages": "off", "max_wal_size": "4GB", "autovacuum": "off"},
		Contenders: []entry{{"rbt", "rbt v1", "rbt run pipeline.hcl\n"}},
		Missing:    []named{{"other", "other is not installed"}},
		Rounds:     2,
		Workloads:  []measured{figures(m, 2)},
	}
}

func TestMarkdown(t *testing.T) {
	want := `2 cores (Fast), 8 GiB RAM, kernel 6.1; PostgreSQL 15.1 at both ends, over TCP on one machine, fsync on, ` +
		`shared_buffers 512MB, huge_pages off, max_wal_size 4GB, autovacuum off; 2 rounds in turns.

### metrics

numbers: 1 000 000 rows in 1 table, 100 MB as binary COPY. The limit is 0.70 s: 0.60 CPU-s of the source and 0.80 of the destination.

| contender | seconds: median (min–max) | times rbt's (min–max) | of the limit | MB/s | rows/s | client CPU-s per GB | servers' CPU-s per GB | peak RSS |
|---|---|---|---|---|---|---|---|---|
| rbt | 2.00 (1.00–3.00) | 1.00 (1.00–1.00) | 35 % | 50 | 500 000 | 1.00 | 10.0 | 24 MiB |
| COPY \| COPY | 3.25 (2.00–4.50) | 1.75 (1.50–2.00) | 22 % | 31 | 307 692 | 3.00 | 10.0 | 28 MiB |
| slow (1 of 2 rounds) | 9.00 (9.00–9.00) | 9.00 (9.00–9.00) | 8 % | 11 | 111 111 | 3.00 | 10.0 | 28 MiB |
| broken | **failed**: no way | | | | | | | |

### Who took part

rbt's pipeline.hcl:

` + "```hcl\n" + pipelines()[pipelineFile] + "```" + `

**rbt**: rbt v1

` + "```sh\nrbt run pipeline.hcl\n```" + `

**other** is **missing**: other is not installed.

`
	var got strings.Builder
	sample().markdown(&got)
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the report differs (-want +got):\n%s", diff)
	}
}

func TestJSON(t *testing.T) {
	var out strings.Builder
	if err := sample().json(&out); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal([]byte(out.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Errorf("what is read back differs (-written +read):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-share", "0"}, {"-patience", "0.5"}, {"-only", "nothing"}, {"-also", "x"}, {"more"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) found no mistake", args)
		}
	}
}
