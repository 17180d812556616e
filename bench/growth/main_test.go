package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/measure"
)

func sample() curve {
	run := func(seconds float64, mib int64) measure.Usage {
		return measure.Usage{Wall: time.Duration(seconds * float64(time.Second)), Memory: mib << 20}
	}
	return curve{
		{10, []measure.Usage{run(1, 20), run(3, 22)}},
		{110, []measure.Usage{run(4, 20), run(4, 21)}},
	}
}

func TestMarkdown(t *testing.T) {
	const want = `
**Tables**

| tables | seconds: median (min–max) | ms per table | ms per table beyond the line before | peak RSS |
|---|---|---|---|---|
| 10 | 2.00 (1.00–3.00) | 200.00 | – | 22 MiB |
| 110 | 4.00 (4.00–4.00) | 36.36 | 20.00 | 21 MiB |

` + "```mermaid" + `
xychart-beta
  title "Tables"
  x-axis "tables" ["10", "110"]
  y-axis "ms per table" 0 --> 200.00
  line [200.00, 36.36]
` + "```\n"
	var got strings.Builder
	sample().markdown(&got, axes{"Tables", "tables", "ms per table", 1e3})
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("the report differs (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"more"}, {"-nothing"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) found no mistake", args)
		}
	}
}
