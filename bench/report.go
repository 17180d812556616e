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
	Machine      measure.Machine   `json:"machine"`
	Servers      string            `json:"servers"`  // their version
	Settings     map[string]string `json:"settings"` // of both servers
	Versions     []named           `json:"contenders"`
	Missing      []named           `json:"missing,omitempty"`
	Rounds       int               `json:"rounds"`
	Measurements []measured        `json:"tables"`
}

// named is something said of a contender.
type named struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// measured are the figures of a table.
type measured struct {
	Table   string   `json:"table"`
	Rows    int64    `json:"rows"`
	Bytes   int64    `json:"copy_bytes"`
	Figures []figure `json:"figures"`
}

// figure is what came out for one contender.
type figure struct {
	Contender       string          `json:"contender"`
	Seconds         measure.Spread  `json:"seconds"`
	Runs            []float64       `json:"runs_seconds"`
	Ratio           *measure.Spread `json:"ratio_to_pipe,omitempty"`
	MBPerSecond     float64         `json:"mb_per_second"`
	RowsPerSecond   float64         `json:"rows_per_second"`
	CPUSecondsPerGB float64         `json:"cpu_seconds_per_gb"`
	ServersPerGB    float64         `json:"server_cpu_seconds_per_gb,omitempty"`
	PeakMemory      int64           `json:"peak_memory_bytes"`
}

// figures works a measurement out. MB and GB are powers of ten.
func figures(m measurement) measured {
	out := measured{Table: m.Table, Rows: m.Rows, Bytes: m.Bytes}
	for _, r := range m.Results {
		f := figure{Contender: r.Contender, Runs: measure.Each(r.Runs, wall)}
		f.Seconds = measure.SpreadOf(f.Runs)
		for _, u := range r.Runs {
			f.PeakMemory = max(f.PeakMemory, u.Memory)
		}
		if len(r.Ratios) > 0 {
			ratio := measure.SpreadOf(r.Ratios)
			f.Ratio = &ratio
		}
		f.MBPerSecond = float64(m.Bytes) / 1e6 / f.Seconds.Median
		f.RowsPerSecond = float64(m.Rows) / f.Seconds.Median
		f.CPUSecondsPerGB = m.perGB(measure.Each(r.Runs, cpu))
		f.ServersPerGB = m.perGB(measure.Each(r.Runs, servers))
		out.Figures = append(out.Figures, f)
	}
	return out
}

func wall(u measure.Usage) float64    { return u.Wall.Seconds() }
func cpu(u measure.Usage) float64     { return u.CPU.Seconds() }
func servers(u measure.Usage) float64 { return u.Servers.Seconds() }

// perGB is the median of the seconds for each GB copied.
func (m measurement) perGB(seconds []float64) float64 {
	return measure.Median(seconds) / (float64(m.Bytes) / 1e9)
}

// markdown prints the report for people.
func (r report) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s; PostgreSQL %s at both ends, over TCP on one machine, fsync on", r.Machine, r.Servers)
	for _, name := range []string{"shared_buffers", "max_wal_size", "autovacuum"} {
		fmt.Fprintf(w, ", %s %s", name, r.Settings[name])
	}
	fmt.Fprintf(w, "; %d rounds in turns.\n", r.Rounds)
	for _, m := range r.Measurements {
		fmt.Fprintf(w, "\n**%s**: %s rows, %.0f MB as binary COPY\n\n", m.Table, measure.Thousands(m.Rows), float64(m.Bytes)/1e6)
		m.markdown(w)
	}
	fmt.Fprintln(w)
	for _, v := range r.Versions {
		fmt.Fprintf(w, "- %s: %s\n", v.Name, v.Text)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "- %s: **missing** (%s)\n", m.Name, m.Text)
	}
}

func (m measured) markdown(w io.Writer) {
	fmt.Fprintln(w, "| contender | seconds: median (min–max) | ratio to the pipe (min–max) | MB/s | rows/s | client CPU-s per GB | servers' CPU-s per GB | peak RSS |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|")
	for _, f := range m.Figures {
		ratio := "–"
		if f.Ratio != nil {
			ratio = f.Ratio.String()
		}
		fmt.Fprintf(w, "| %s | %s | %s | %.0f | %s | %.2f | %.1f | %.0f MiB |\n", strings.ReplaceAll(f.Contender, "|", `\|`),
			f.Seconds, ratio, f.MBPerSecond, measure.Thousands(int64(f.RowsPerSecond)), f.CPUSecondsPerGB, f.ServersPerGB, float64(f.PeakMemory)/(1<<20))
	}
}

// json prints the report for programs.
func (r report) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
