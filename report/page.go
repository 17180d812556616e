package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"iter"
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
	"rows": rows, "size": size, "rate": rate, "secs": secs, "percent": percent, "when": when, "change": change, "slices": (*Stream).slices,
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
		"Title": "rbt: comparison of runs", "Reports": reports,
		"Streams": sideBySide(reports, (*Report).streamsByName), "Knobs": sideBySide(reports, (*Report).knobsInWords),
		"Policy": contentPolicy(), "ECharts": echarts, "Script": script, "Charts": comparison(reports),
	})
	if err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return nil
}

// row is what several runs say of the same thing, a cell for each run; empty where
// one says nothing.
type row[K comparable, C any] struct {
	Key   K
	Cells []C
}

// sideBySide gathers what each report says, a row for every key, in the order in
// which they are met.
func sideBySide[K comparable, C any](reports []*Report, says func(*Report) iter.Seq2[K, C]) []row[K, C] {
	var list []row[K, C]
	index := map[K]int{}
	for i, r := range reports {
		for key, cell := range says(r) {
			at, known := index[key]
			if !known {
				at = len(list)
				index[key] = at
				list = append(list, row[K, C]{key, make([]C, len(reports))})
			}
			list[at].Cells[i] = cell
		}
	}
	return list
}

func (r *Report) streamsByName() iter.Seq2[string, *Stream] {
	return func(yield func(string, *Stream) bool) {
		for _, s := range r.Streams {
			if !yield(s.Name, s) {
				return
			}
		}
	}
}

// knobOf is a knob of a stream.
type knobOf struct{ Stream, Name string }

// knobsInWords says what a run did with each knob.
func (r *Report) knobsInWords() iter.Seq2[knobOf, string] {
	return func(yield func(knobOf, string) bool) {
		for _, s := range r.Streams {
			if s.Decision == nil {
				continue
			}
			for _, k := range s.Decision.Knobs {
				if !yield(knobOf{s.Name, k.Name}, k.text()) {
					return
				}
			}
		}
	}
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
	Run        string     `json:"run"`
	Seconds    float64    `json:"secs"`
	Throughput chartCurve `json:"throughput"`
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
