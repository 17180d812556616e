package main

import (
	"slices"
	"time"

	"github.com/rapidbyte/rbt/runtime"
)

// summaryTable is the result of a run, a line per stream and a total.
func summaryTable(s runtime.Summary) string {
	uneven := slices.ContainsFunc(s.Streams, func(s runtime.StreamSummary) bool { return s.Status != "done" })
	var rejected int64
	for _, st := range s.Streams {
		rejected += st.Rejected
	}
	t := table{heading: []string{"STREAM", "ROWS", "SIZE", "TIME", "SPEED"}}
	if rejected > 0 {
		t.heading = append(t.heading, "REJECTED")
	}
	if uneven {
		t.heading = append(t.heading, "STATUS")
	}
	add := func(name string, rows, bytes, refused int64, took time.Duration, status string) {
		cells := []string{oneLine(name), formatRows(rows), formatBytes(bytes), formatTook(took), formatSpeed(bytes, took)}
		if rejected > 0 {
			cells = append(cells, formatRows(refused))
		}
		if uneven {
			cells = append(cells, status)
		}
		t.add(cells...)
	}
	for _, st := range s.Streams {
		add(st.Stream, st.Rows, st.Bytes, st.Rejected, st.Load+st.Publish, st.Status)
	}
	t.rule()
	add("total", s.Rows, s.Bytes, rejected, s.Took, s.Status)
	return t.String()
}

// progressOf says how many streams of a run are in the destination, and
// whether any rows are at all.
func progressOf(s runtime.Summary) (done int, begun bool) {
	for _, st := range s.Streams {
		if st.Status == "done" || st.Status == "skipped" {
			done++
		}
		begun = begun || st.Rows > 0
	}
	return done, begun || done > 0
}
