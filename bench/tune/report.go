package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/rapidbyte/rbt/internal/measure"
)

// report is what the benchmark prints.
type report struct {
	Machine  measure.Machine   `json:"machine"`
	Servers  string            `json:"servers"`  // their version
	Settings map[string]string `json:"settings"` // of both servers
	Version  string            `json:"rbt"`
	Seed     uint64            `json:"seed"`
	Trials   []trial           `json:"trials"`
}

// add adds a trial, unless it ended before its first round did.
func (r *report) add(t trial) {
	if t.Rounds > 0 {
		r.Trials = append(r.Trials, t)
	}
}

// json prints the report for programs.
func (r report) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// markdown prints the report for people.
func (r report) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s; PostgreSQL %s at both ends, over TCP on one machine, fsync on", r.Machine, r.Servers)
	for _, name := range []string{"shared_buffers", "max_wal_size", "maintenance_work_mem", "autovacuum"} {
		fmt.Fprintf(w, ", %s %s", name, r.Settings[name])
	}
	fmt.Fprintf(w, "; %s; seed %d.\n", r.Version, r.Seed)
	for _, t := range r.Trials {
		t.markdown(w)
	}
}

func (t trial) markdown(w io.Writer) {
	fmt.Fprintf(w, "\n### %s\n\n", t.Title)
	fmt.Fprintf(w, "Link: %s. Table: %s rows, %.0f MB as binary COPY. Rounds: %d.\n\n",
		t.Link, measure.Thousands(t.Rows), float64(t.Bytes)/1e6, t.Rounds)
	fmt.Fprintln(w, "| | loading, s: median (min–max) | 95 % of the median | whole run, s | MB/s | client CPU-s per GB |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, f := range t.Arms {
		fmt.Fprintf(w, "| %s | %s | %.2f–%.2f | %.2f | %.0f | %.2f |\n",
			f.Arm, f.Load, f.Sure.Low, f.Sure.High, f.Wall.Median, f.MBPerSecond, f.CPUSecondsPerGB)
	}
	t.comparisons(w)
	t.searches(w)
}

func (t trial) comparisons(w io.Writer) {
	if len(t.Comparisons) == 0 {
		return
	}
	fmt.Fprintln(w, "\n| | against | | of the medians [95 %] | mean of the rounds [95 %] |")
	fmt.Fprintln(w, "|---|---|---|---|---|")
	for _, c := range t.Comparisons {
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s |\n", c.Arm, c.Against, c.Kind, c.Kind.format(c.Medians), c.Kind.format(c.Rounds))
	}
}

// format writes a ratio of times: how much longer the first took, or how many times as fast it was.
func (k kind) format(i measure.Interval) string {
	if k == gain {
		return fmt.Sprintf("%.2f× [%.2f, %.2f]", 1/i.Value, 1/i.High, 1/i.Low)
	}
	percent := func(ratio float64) float64 { return 100 * (ratio - 1) }
	return fmt.Sprintf("%+.1f %% [%+.1f, %+.1f]", percent(i.Value), percent(i.Low), percent(i.High))
}

func (t trial) searches(w io.Writer) {
	heading := "\n| | search, s: median (min–max) | lost in it, s | lost of the loading | outcome |\n|---|---|---|---|---|\n"
	for _, f := range t.Arms {
		s := f.Search
		if s == nil {
			continue
		}
		var outcomes []string
		for _, o := range s.Outcomes {
			outcomes = append(outcomes, fmt.Sprintf("%d of %d: %s", o.Runs, t.Rounds, o))
		}
		took := "– | – | –"
		if s.Seconds.Max > 0 {
			took = fmt.Sprintf("%s | %s | %.1f %%", s.Seconds, s.Lost, 100*s.Cost.Median)
		}
		fmt.Fprintf(w, "%s| %s | %s | %s |\n", heading, f.Arm, took, strings.Join(outcomes, "; "))
		heading = ""
	}
}
