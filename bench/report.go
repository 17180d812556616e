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
	Machine    measure.Machine   `json:"machine"`
	Servers    string            `json:"servers"`  // their version
	Settings   map[string]string `json:"settings"` // of both servers
	Contenders []entry           `json:"contenders"`
	Missing    []named           `json:"missing,omitempty"`
	Rounds     int               `json:"rounds"`
	Patience   float64           `json:"patience"`
	Workloads  []measured        `json:"workloads"`
}

// entry is a contender that takes part.
type entry struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Script  string `json:"script"`
}

// named is something said of a contender.
type named struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

// measured are the figures of a workload.
type measured struct {
	Workload string   `json:"workload"`
	What     string   `json:"what"`
	Tables   int      `json:"tables"`
	Rows     int64    `json:"rows"`
	Bytes    int64    `json:"copy_bytes"`
	Limit    bound    `json:"limit"`
	Figures  []figure `json:"figures"`
}

// bound is what no copy through COPY can be faster than: the medians of the rounds.
type bound struct {
	SourceCPU      float64 `json:"source_cpu_seconds"`
	DestinationCPU float64 `json:"destination_cpu_seconds"`
	Seconds        float64 `json:"seconds"` // both, over the number of cores
}

// figure is what came out for one contender.
type figure struct {
	Contender       string         `json:"contender"`
	Seconds         measure.Spread `json:"seconds"`
	Runs            []float64      `json:"runs_seconds"`
	Ratio           measure.Spread `json:"ratio_to_rbt"`
	OfLimit         float64        `json:"limit_over_seconds"`
	MBPerSecond     float64        `json:"mb_per_second"`
	RowsPerSecond   float64        `json:"rows_per_second"`
	CPUSecondsPerGB float64        `json:"cpu_seconds_per_gb"`
	ServersPerGB    float64        `json:"server_cpu_seconds_per_gb,omitempty"`
	PeakMemory      int64          `json:"peak_memory_bytes"`
	GivenUp         bool           `json:"given_up,omitempty"`
	Failed          string         `json:"failed,omitempty"`
}

// figures works a measurement out. MB and GB are powers of ten.
func figures(m measurement, cores int) measured {
	out := measured{
		Workload: m.workload.name, What: m.workload.what, Tables: len(m.workload.tables),
		Rows: m.workload.rows(), Bytes: m.bytes,
	}
	out.Limit.SourceCPU = measure.Median(measure.Each(m.limits, func(l limit) float64 { return l.read }))
	out.Limit.DestinationCPU = measure.Median(measure.Each(m.limits, func(l limit) float64 { return l.write }))
	out.Limit.Seconds = (out.Limit.SourceCPU + out.Limit.DestinationCPU) / float64(cores)
	for _, r := range m.results {
		out.Figures = append(out.Figures, out.figure(r))
	}
	return out
}

func (m measured) figure(r result) figure {
	f := figure{Contender: r.contender.name, Runs: measure.Each(r.runs, wall), GivenUp: r.givenUp}
	if r.failed != nil {
		f.Failed = r.failed.Error()
	}
	if len(r.runs) == 0 {
		return f
	}
	f.Seconds, f.Ratio = measure.SpreadOf(f.Runs), measure.SpreadOf(r.ratios)
	for _, u := range r.runs {
		f.PeakMemory = max(f.PeakMemory, u.Memory)
	}
	gb := float64(m.Bytes) / 1e9
	f.OfLimit = m.Limit.Seconds / f.Seconds.Median
	f.MBPerSecond = 1e3 * gb / f.Seconds.Median
	f.RowsPerSecond = float64(m.Rows) / f.Seconds.Median
	f.CPUSecondsPerGB = measure.Median(measure.Each(r.runs, cpu)) / gb
	f.ServersPerGB = measure.Median(measure.Each(r.runs, servers)) / gb
	return f
}

func wall(u measure.Usage) float64    { return u.Wall.Seconds() }
func cpu(u measure.Usage) float64     { return u.CPU.Seconds() }
func servers(u measure.Usage) float64 { return u.Servers.Seconds() }

// markdown prints the report for people.
func (r report) markdown(w io.Writer) {
	fmt.Fprintf(w, "%s; PostgreSQL %s at both ends, over TCP on one machine, fsync on", r.Machine, r.Servers)
	for _, name := range []string{"shared_buffers", "huge_pages", "max_wal_size", "autovacuum"} {
		fmt.Fprintf(w, ", %s %s", name, r.Settings[name])
	}
	fmt.Fprintf(w, "; %d rounds in turns.\n", r.Rounds)
	for _, m := range r.Workloads {
		m.markdown(w, r.Rounds)
	}
	fmt.Fprintf(w, "\n### Who took part\n\nrbt's pipeline.hcl:\n\n```hcl\n%s```\n\n", pipelines()[pipelineFile])
	for _, c := range r.Contenders {
		fmt.Fprintf(w, "**%s**: %s\n\n```sh\n%s```\n\n", c.Name, c.Version, c.Script)
	}
	for _, m := range r.Missing {
		fmt.Fprintf(w, "**%s** is **missing**: %s.\n\n", m.Name, m.Text)
	}
}

func (m measured) markdown(w io.Writer, rounds int) {
	fmt.Fprintf(w, "\n### %s\n\n%s: %s rows in %s, %.0f MB as binary COPY. The limit is %.2f s: %.2f CPU-s of the source and %.2f of the destination.\n\n",
		m.Workload, m.What, measure.Thousands(m.Rows), count(m.Tables, "table"), float64(m.Bytes)/1e6, m.Limit.Seconds, m.Limit.SourceCPU, m.Limit.DestinationCPU)
	fmt.Fprintln(w, "| contender | seconds: median (min–max) | times rbt's (min–max) | of the limit | MB/s | rows/s | client CPU-s per GB | servers' CPU-s per GB | peak RSS |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for _, f := range m.Figures {
		name := strings.ReplaceAll(f.Contender, "|", `\|`)
		if f.Failed != "" {
			fmt.Fprintf(w, "| %s | **failed**: %s | | | | | | | |\n", name, lastLine(f.Failed))
			continue
		}
		if len(f.Runs) < rounds {
			name += fmt.Sprintf(" (%d of %d rounds)", len(f.Runs), rounds)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %.0f %% | %.0f | %s | %.2f | %.1f | %.0f MiB |\n", name,
			f.Seconds, f.Ratio, 100*f.OfLimit, f.MBPerSecond, measure.Thousands(int64(f.RowsPerSecond)), f.CPUSecondsPerGB, f.ServersPerGB,
			float64(f.PeakMemory)/(1<<20))
	}
}

// lastLine fits into a cell, and is what a program ended with.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.ReplaceAll(text[strings.LastIndexByte(text, '\n')+1:], "|", `\|`)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// json prints the report for programs.
func (r report) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}
