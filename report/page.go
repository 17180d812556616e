package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

//go:embed assets/echarts/echarts.min.js
var echarts string

//go:embed assets/report.js
var script string

//go:embed assets/report.css
var style string

//go:embed assets/page.html
var pageHTML string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"rows": rows, "size": size, "rate": rate, "secs": secs, "percent": percent, "when": when, "change": change, "slices": Spent.slices,
	"percentage": func(fraction float64) string { return fmt.Sprintf("%.0f %%", 100*fraction) },
	"float":      func(n int64) float64 { return float64(n) },
	"css":        func() template.CSS { return template.CSS(style) },
	"js":         func(text string) template.JS { return template.JS(text) },
}).Parse(pageHTML))

// Page writes the report as one HTML file.
func (r *Report) Page(out io.Writer) error { return r.page(out, false) }

// LivePage writes the report as the page of a run that is at work: it asks the
// server that it came from for what is new, at "events".
func (r *Report) LivePage(out io.Writer) error { return r.page(out, true) }

func (r *Report) page(out io.Writer, live bool) error {
	err := page.ExecuteTemplate(out, "page", map[string]any{
		"Title": "rbt: " + r.Pipeline, "Report": r, "Charts": r.charts(), "Live": live,
		"Policy": contentPolicy(), "ECharts": echarts, "Script": script,
	})
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// Update is what a live page shows anew: its main part, and what its charts are
// drawn from.
type Update struct {
	HTML   string    `json:"html"`
	Charts chartData `json:"charts"`
	Ended  bool      `json:"ended"`
}

// Update is the report as a live page takes it.
func (r *Report) Update() (Update, error) {
	var main bytes.Buffer
	if err := page.ExecuteTemplate(&main, "main", map[string]any{"Report": r}); err != nil {
		return Update{}, fmt.Errorf("write the report: %w", err)
	}
	return Update{HTML: main.String(), Charts: r.charts(), Ended: r.Status != "running"}, nil
}

// Compare writes a page that sets runs side by side.
func Compare(out io.Writer, reports []*Report) error {
	err := page.ExecuteTemplate(out, "compare", map[string]any{
		"Title": "rbt: comparison of runs", "Reports": reports, "Streams": sideBySide(reports), "Knobs": knobsSideBySide(reports),
		"Policy": contentPolicy(), "ECharts": echarts, "Script": script, "Charts": comparison(reports),
	})
	if err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// row is a stream in several runs; nil where a run does not have it.
type row struct {
	Name  string
	Cells []*Stream
}

func sideBySide(reports []*Report) []row {
	var list []row
	index := map[string]int{}
	for i, r := range reports {
		for _, s := range r.Streams {
			at, known := index[s.Name]
			if !known {
				at = len(list)
				index[s.Name] = at
				list = append(list, row{s.Name, make([]*Stream, len(reports))})
			}
			list[at].Cells[i] = s
		}
	}
	return list
}

// knobRow is what several runs did with one knob of a stream, in words; empty where
// a run did nothing with it.
type knobRow struct {
	Stream, Name string
	Cells        []string
}

func knobsSideBySide(reports []*Report) []knobRow {
	var list []knobRow
	index := map[[2]string]int{}
	for i, r := range reports {
		for _, s := range r.Streams {
			if s.Decision == nil {
				continue
			}
			for _, k := range s.Decision.Knobs {
				at, known := index[[2]string{s.Name, k.Name}]
				if !known {
					at = len(list)
					index[[2]string{s.Name, k.Name}] = at
					list = append(list, knobRow{s.Name, k.Name, make([]string, len(reports))})
				}
				list[at].Cells[i] = k.text()
			}
		}
	}
	return list
}

// text says what became of the knob.
func (k Knob) text() string {
	if k.Pinned != "" {
		return "pinned to " + k.Pinned
	}
	text := k.Baseline + " stayed"
	if k.Winner != k.Baseline {
		text = k.Baseline + " → " + k.Winner
	}
	for _, t := range k.Tried {
		if t.Windows > 0 {
			text += fmt.Sprintf("; %s: %s (%s … %s)", t.Value, percent(t.Lead), percent(t.Low), percent(t.High))
		}
	}
	return text
}

// comparedRun is a run in the comparison's chart.
type comparedRun struct {
	Run        string       `json:"run"`
	Seconds    float64      `json:"secs"`
	Throughput [][2]float64 `json:"throughput"`
}

func comparison(reports []*Report) any {
	list := []comparedRun{}
	for _, r := range reports {
		list = append(list, comparedRun{r.Run, r.Seconds, r.throughput()})
	}
	return map[string]any{"runs": list}
}

// contentPolicy lets the page run its own two scripts and nothing else, whatever
// a table is called.
func contentPolicy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return strings.Join([]string{"default-src 'none'", "script-src " + hash(echarts) + " " + hash(script),
		"style-src 'unsafe-inline'", "img-src data:", "connect-src 'self'", "base-uri 'none'", "form-action 'none'"}, "; ")
}

func rows(n int64) string { return humanize.Comma(n) }

func size(n int64) string { return humanize.Bytes(uint64(max(n, 0))) }

// rate writes bytes per second, and "-" where there are none.
func rate(perSecond float64) string {
	if perSecond <= 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f MB/s", perSecond/1e6)
}

func secs(s float64) string {
	if s < 60 {
		return fmt.Sprintf("%.2f s", s)
	}
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

func percent(fraction float64) string { return fmt.Sprintf("%+.1f %%", 100*fraction) }

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// change compares a figure with that of the previous run, in words.
func change(now, before float64) string {
	if before <= 0 || now <= 0 {
		return ""
	}
	return percent(now/before - 1)
}
