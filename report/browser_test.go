package report_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/internal/browser"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/report"
)

// realTrace was recorded of a run between two servers on one machine of two cores.
const realTrace = "testdata/run.jsonl"

func say(d policy.Decision, _ []policy.Knob) string { return "because of " + d.Reason }

func read(t *testing.T, text []byte) *report.Report {
	t.Helper()
	r, err := report.Read(bytes.NewReader(text), "trace", say)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func page(t *testing.T, r *report.Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.Page(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestFigures holds that what the page shows are the trace's figures: in the
// tables, and in what the charts are drawn from.
func TestFigures(t *testing.T) {
	t.Parallel()
	r := read(t, readFile(t, realTrace))
	p := browser.Show(t, page(t, r), 1200, 900)
	for id, want := range map[string]string{"total-rows": comma(r.Rows), "total-seconds": fmt.Sprintf("%.2f s", r.Seconds)} {
		if got := browser.Eval[string](t, p, "document.getElementById('"+id+"').textContent"); got != want {
			t.Errorf("%s is %q, want %q", id, got, want)
		}
	}
	cells := browser.Eval[[][]string](t, p, "[...document.querySelectorAll('#stream-table tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
	if len(cells) != len(r.Streams) {
		t.Fatalf("%d streams in the table, want %d", len(cells), len(r.Streams))
	}
	for i, s := range r.Streams {
		if cells[i][0] != s.Name || cells[i][1] != s.Status || cells[i][2] != comma(s.Rows) {
			t.Errorf("row %v, want %s %s %s", cells[i], s.Name, s.Status, comma(s.Rows))
		}
	}
	s := r.Streams[0]
	if len(s.Windows) == 0 || s.Decision == nil {
		t.Fatal("the trace has no windows, or no decision")
	}
	const windows = "[...document.querySelectorAll('details.stream')[0].querySelectorAll('.figures-table tbody tr')].map(r => [...r.cells].map(c => c.textContent))"
	shown := browser.Eval[[][]string](t, p, windows)
	for i, w := range s.Windows {
		want := []string{fmt.Sprint(w.Seq), comma(w.Rows), fmt.Sprint(w.Lanes), w.Skipped}
		if got := []string{shown[i][0], shown[i][5], shown[i][6], shown[i][10]}; strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("window %v, want %v", got, want)
		}
	}
	// The curve holds every byte of the parts.
	const curve = `((c) => c.speeds.reduce((a, v) => a + v, 0) * c.width)(JSON.parse(document.getElementById("data").textContent).throughput)`
	moved := browser.Eval[float64](t, p, curve)
	var want float64
	for _, s := range r.Streams {
		for _, p := range s.Parts {
			want += float64(p.Bytes)
		}
	}
	if moved < 0.999*want || moved > 1.001*want {
		t.Errorf("the curve holds %.0f bytes, the parts %.0f", moved, want)
	}
	// Lanes and publishing have a bar each.
	const bars = `((o) => [o.yAxis[0].data.join(), o.series.map((s) => s.data[0][1]).join()])(echarts.getInstanceByDom(document.querySelector("[data-chart=time]")).getOption())`
	if got := browser.Eval[[]string](t, p, bars); got[0] != "lanes,publishing" || !strings.HasPrefix(got[1], "lanes,") || !strings.HasSuffix(got[1], ",publishing") {
		t.Errorf("the bars of time are %q", got)
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('[data-chart=windows] svg path').length"); n < len(s.Windows) {
		t.Errorf("%d shapes for %d windows", n, len(s.Windows))
	}
}

func comma(n int64) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// TestHover holds that hovering a window shows its metrics.
func TestHover(t *testing.T) {
	t.Parallel()
	r := read(t, readFile(t, realTrace))
	p := browser.Show(t, page(t, r), 1200, 900)
	w := r.Streams[0].Windows[1]
	at := browser.Eval[[]float64](t, p, fmt.Sprintf(`(() => {
		const e = document.querySelector("[data-chart=windows]");
		e.scrollIntoView({ block: "center" });
		const c = echarts.getInstanceByDom(e).convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [%f, %f]), box = e.getBoundingClientRect();
		return [box.left + c[0], box.top + c[1]];
	})()`, w.At+w.Seconds/2, w.BytesPerSecond()/2))
	p.Do(t, chromedp.MouseEvent(input.MouseMoved, at[0]-3, at[1]), chromedp.MouseEvent(input.MouseMoved, at[0], at[1]), chromedp.Sleep(300*time.Millisecond))
	tip := browser.Eval[string](t, p, `document.querySelector("[data-chart=windows]").innerText`)
	for _, want := range []string{fmt.Sprintf("window: %d", w.Seq), "speed: " + fmt.Sprintf("%.1f MB/s", w.BytesPerSecond()/1e6), "rows: " + comma(w.Rows), fmt.Sprintf("lanes: %d", w.Lanes)} {
		if !strings.Contains(tip, want) {
			t.Errorf("the tip %q lacks %q", tip, want)
		}
	}
}

// TestIdleWindow holds that a window in which nothing moved is seen: on the axis.
func TestIdleWindow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := trace.NewWriter(&out, trace.Header{Run: "idle", Pipeline: "idle", Started: time.Now()})
	w.Write(0, trace.Started{Stream: "t"})
	w.Write(2*time.Second, trace.Window{Stream: "t", Window: policy.Window{Seq: 1, Seconds: 1}})
	w.Write(3*time.Second, trace.Part{Stream: "t", Rows: 1, Bytes: 1_000_000, Seconds: 3})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := browser.Show(t, page(t, read(t, out.Bytes())), 1200, 900)
	const below = `(() => {
		const e = document.querySelector("[data-chart=windows]"), chart = echarts.getInstanceByDom(e);
		const axis = e.getBoundingClientRect().top + chart.convertToPixel({ yAxisIndex: 0 }, 0);
		const bar = [...e.querySelectorAll("g[clip-path] path[fill='#0969da']")].at(-1).getBoundingClientRect();
		return [bar.height, bar.bottom - axis];
	})()`
	if got := browser.Eval[[]float64](t, p, below); got[0] < 2 || got[1] > 0.5 {
		t.Errorf("the bar is %.1f pixels high and ends %.1f below the axis", got[0], got[1])
	}
}

// TestLanes holds that the bars of the lanes are divided as the table below divides
// the time of the stream.
func TestLanes(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := trace.NewWriter(&out, trace.Header{Run: "lanes", Pipeline: "lanes", Started: time.Now()})
	w.Write(10*time.Second, trace.Part{Stream: "t", Rows: 1, Bytes: 1, Seconds: 10, SourceWait: 2, WriteWait: 1, FlushWait: 1, Commit: 1})
	w.Write(10*time.Second, trace.Part{Stream: "t", Lane: 1, Rows: 1, Bytes: 1, Seconds: 10, SourceWait: 9, WriteWait: 9})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := browser.Show(t, page(t, read(t, out.Bytes())), 1200, 900)
	const bars = `["#0969da", "#1a7f37", "#bf8700", "#8250df", "#57606a"].map((colour) =>
		[...document.querySelectorAll("[data-chart=lanes] path[fill='" + colour + "']:not([d*=A])")].reduce((sum, e) => sum + e.getBBox().width, 0))`
	drawn, all := browser.Eval[[]float64](t, p, bars), 0.0
	for _, width := range drawn {
		all += width
	}
	for i, want := range []float64{7, 6, 1, 1, 5} { // seconds of lanes, of 20
		if got := 20 * drawn[i] / all; math.Abs(got-want) > 0.1 {
			t.Errorf("the bars show %.1f s in colour %d, want %.1f", got, i, want)
		}
	}
}

// TestLooks holds that the page follows the reader's colours, and fits a phone.
func TestLooks(t *testing.T) {
	t.Parallel()
	html := page(t, read(t, readFile(t, realTrace)))
	p := browser.Show(t, html, 390, 844)
	if width := browser.Eval[int](t, p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide on a screen of 390", width)
	}
	const paper = "getComputedStyle(document.body).backgroundColor"
	for scheme, want := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} {
		p.Do(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		if got := browser.Eval[string](t, p, paper); got != want {
			t.Errorf("in the %s the page is %s, want %s", scheme, got, want)
		}
		if n := browser.Eval[int](t, p, "document.querySelectorAll('#chart-run svg').length"); n != 1 {
			t.Errorf("in the %s the run has %d charts", scheme, n)
		}
	}
	// All that is closed is printed too.
	print := func(event string) int {
		return browser.Eval[int](t, p, "(dispatchEvent(new Event('"+event+"')), document.querySelectorAll('details[open]').length)")
	}
	p.Do(t, chromedp.Evaluate("document.querySelector('details.stream').open = false", nil))
	if before, after := print("beforeprint"), print("afterprint"); before != 3 || after != 1 {
		t.Errorf("%d streams and tables are open for print, %d afterwards, of 3", before, after)
	}
	var pdf []byte
	p.Do(t, chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = cdppage.PrintToPDF().Do(ctx)
		return err
	}))
	if len(pdf) < 10_000 {
		t.Errorf("printed, the page has %d bytes", len(pdf))
	}
}

// TestPrint holds that what is printed fits the paper, which is A4: charts are painted
// anew before they are, in the width that they have there, and no figure breaks.
func TestPrint(t *testing.T) {
	t.Parallel()
	p := browser.Show(t, page(t, read(t, readFile(t, realTrace))), 718, 900)
	p.Do(t, emulation.SetEmulatedMedia().WithMedia("print"))
	const beyond = `(dispatchEvent(new Event("beforeprint")), [...document.querySelectorAll("svg")].flatMap((svg) => {
		const edge = svg.getBoundingClientRect().left + 640;
		return [...svg.querySelectorAll("path, text")].filter((e) => e.getBoundingClientRect().right > edge + 1);
	}).length)`
	if n := browser.Eval[int](t, p, beyond); n != 0 {
		t.Errorf("%d shapes reach beyond the paper", n)
	}
	const broken = `[...document.querySelectorAll("td:not(.text)")].filter((e) => {
		const text = document.createRange();
		text.selectNodeContents(e);
		return new Set([...text.getClientRects()].map((r) => r.top)).size > 1;
	}).map((e) => e.textContent)`
	if figures := browser.Eval[[]string](t, p, broken); len(figures) > 0 {
		t.Errorf("%q break", figures)
	}
	if width := browser.Eval[int](t, p, "document.documentElement.scrollWidth"); width > 718 {
		t.Errorf("the page is %d pixels wide on paper of 718", width)
	}
}

// TestLegends holds that a phone shows what every colour means, and that windows are
// told apart by the knobs that differ between them.
func TestLegends(t *testing.T) {
	t.Parallel()
	r := read(t, readFile(t, "../policy/policytest/testdata/orders.jsonl"))
	p := browser.Show(t, page(t, r), 390, 844)
	p.Do(t, chromedp.Evaluate("document.querySelectorAll('details.stream').forEach(d => { d.open = true; })", nil), chromedp.Sleep(200*time.Millisecond))
	const hidden = `[...document.querySelectorAll("[data-chart=windows], [data-chart=lanes], [data-chart=time]")].flatMap((e) => {
		const box = e.getBoundingClientRect(), texts = [...e.querySelectorAll("text")].filter((t) => {
			const at = t.getBoundingClientRect();
			return at.left >= box.left && at.right <= box.right && at.bottom <= box.top + parseFloat(e.style.getPropertyValue("--legend")) + 12;
		}).map((t) => t.textContent).join(" ");
		return echarts.getInstanceByDom(e).getOption().series.map((s) => s.name).filter((name) => !texts.includes(name));
	})`
	if names := browser.Eval[[]string](t, p, hidden); len(names) > 0 {
		t.Errorf("legends do not show %q", names)
	}
	settings := browser.Eval[[]string](t, p, `[...new Set(JSON.parse(document.getElementById("data").textContent).streams[0].windows.map((w) => w.setting))]`)
	for _, name := range settings {
		for _, part := range strings.Split(name, ", ") {
			if !slices.ContainsFunc(settings, func(other string) bool { return !slices.Contains(strings.Split(other, ", "), part) }) {
				t.Errorf("every window is called %q", part)
			}
		}
	}
}

// TestAccessible holds the basics for a keyboard and a screen reader.
func TestAccessible(t *testing.T) {
	t.Parallel()
	p := browser.Show(t, page(t, many(t, 20)), 1200, 900)
	for what, none := range map[string]string{
		"charts without a name":              "document.querySelectorAll('.chart:not([role=img][aria-label])').length",
		"header cells without a scope":       "document.querySelectorAll('th:not([scope])').length",
		"scrolled regions without a name":    "document.querySelectorAll('.scroll:not([tabindex][role=region][aria-label])').length",
		"pages without a language":           "document.documentElement.lang ? 0 : 1",
		"pages without one first heading":    "document.querySelectorAll('h1').length - 1",
		"identifiers that are there twice":   "(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))",
		"things that take the focus in vain": "document.querySelectorAll('[tabindex]:not([tabindex=\"0\"]):not([tabindex=\"-1\"])').length",
	} {
		if n := browser.Eval[int](t, p, none); n != 0 {
			t.Errorf("%d %s", n, what)
		}
	}
	p.Do(t, chromedp.KeyEvent(kb.Tab))
	if got := browser.Eval[string](t, p, "document.activeElement.className"); got != "skip" {
		t.Errorf("the first stop is %q, want the link past the figures", got)
	}
	p.Do(t, chromedp.Focus("details.stream summary", chromedp.ByQuery), chromedp.KeyEvent(kb.Enter), chromedp.Sleep(200*time.Millisecond))
	if n := browser.Eval[int](t, p, "document.querySelectorAll('details.stream[open] [data-chart] svg').length"); n == 0 {
		t.Error("a stream that is opened by the keyboard shows no chart")
	}
}

// many is a run of so many streams, with a part each.
func many(t *testing.T, streams int) *report.Report {
	t.Helper()
	var out bytes.Buffer
	w := trace.NewWriter(&out, trace.Header{Run: "many", Pipeline: "many", Version: "test", Started: time.Now()})
	w.Write(0, trace.Run{Streams: streams})
	for i := range streams {
		name := fmt.Sprintf("public.t%d", i)
		at := time.Duration(i) * 10 * time.Millisecond
		w.Write(0, trace.Stream{Stream: name, Target: name})
		w.Write(at, trace.Started{Stream: name})
		w.Write(at+8*time.Millisecond, trace.Part{Stream: name, Mark: 1, Lane: i % 4, Rows: 100, Bytes: 10_000, Seconds: 0.008, SourceWait: 0.002, WriteWait: 0.003, FlushWait: 0.002, Commit: 0.001})
		w.Write(at+9*time.Millisecond, trace.Done{Stream: name, Rows: 100, Bytes: 10_000, Load: 0.008, Publish: 0.001})
	}
	w.Write(time.Duration(streams)*10*time.Millisecond, trace.Summary{Status: "done", Rows: int64(streams) * 100, Seconds: float64(streams) / 100})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return read(t, out.Bytes())
}

// TestManyStreams holds that a page of 500 streams draws what can be seen only.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	html := page(t, many(t, 500))
	if figures := html[bytes.Index(html, []byte(`id="data"`)):]; bytes.Index(figures, []byte("</script>")) > 250_000 {
		t.Errorf("the charts are drawn from %d bytes", bytes.Index(figures, []byte("</script>")))
	}
	p := browser.Show(t, html, 1200, 900)
	if n := browser.Eval[int](t, p, "document.querySelectorAll('#stream-table tbody tr').length"); n != 500 {
		t.Errorf("%d rows, want 500", n)
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('svg').length"); n != 1 {
		t.Errorf("%d charts are drawn, want that of the run", n)
	}
}

// TestHostile holds that names are text, whatever is in them.
func TestHostile(t *testing.T) {
	t.Parallel()
	const name = `public.<script>window.pwned = 1</script><img src=x onerror="window.pwned = 2">"'&{{.}}</details>`
	quoted, _ := json.Marshal(name) // a string: it cannot fail
	text := strings.ReplaceAll(string(readFile(t, realTrace)), "big.orders", strings.Trim(string(quoted), `"`))
	r := read(t, []byte(text))
	if r.Streams[0].Name != name {
		t.Fatalf("the stream is called %q", r.Streams[0].Name)
	}
	p := browser.Show(t, page(t, r), 1200, 900)
	if got := browser.Eval[string](t, p, "document.querySelector('#stream-table tbody th').textContent"); got != name {
		t.Errorf("the name is shown as %q", got)
	}
	if pwned := browser.Eval[bool](t, p, "window.pwned !== undefined || document.querySelectorAll('img').length > 0"); pwned {
		t.Error("the name is more than text")
	}
}

// TestCutTrace holds that a trace which ends in the middle is shown as far as it
// goes, and said to.
func TestCutTrace(t *testing.T) {
	t.Parallel()
	text := readFile(t, realTrace)
	for _, at := range []int{len(text) / 3, len(text) / 2, len(text) - 10} {
		r := read(t, text[:at])
		p := browser.Show(t, page(t, r), 1200, 900)
		if got := browser.Eval[string](t, p, "document.body.innerText"); !strings.Contains(got, "The trace is not whole") || !strings.Contains(got, "cut off") {
			t.Errorf("cut at %d the page does not say so", at)
		}
	}
}

// TestSearch renders real traces of runs that searched, and holds that each candidate
// is shown with its figures and its interval, the chosen ones marked.
func TestSearch(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"../policy/policytest/testdata/orders.jsonl", "../examples/policies/ladder/testdata/orders.jsonl", "../examples/policies/builtin/testdata/wan.jsonl"} {
		r := read(t, readFile(t, path))
		p := browser.Show(t, page(t, r), 1200, 900)
		var want [][]string
		won, intervals := 0, 0
		for _, s := range r.Streams {
			if s.Decision == nil {
				continue
			}
			for _, k := range s.Decision.Knobs {
				for _, c := range k.Tried {
					row := []string{c.Value, c.Against, "", "", fmt.Sprint(c.Windows), fmt.Sprint(c.Masked)}
					if c.Windows > 0 {
						intervals++
						row[2], row[3] = fmt.Sprintf("%+.1f %%", 100*c.Lead), fmt.Sprintf("%+.1f %% … %+.1f %%", 100*c.Low, 100*c.High)
					}
					if c.Won {
						won++
					}
					want = append(want, row)
				}
			}
		}
		const rows = "[...document.querySelectorAll('[aria-label^=\"Candidates\"] tbody tr')].map(r => [0, 1, 3, 4, 5, 6].map(i => r.cells[i].textContent))"
		if diff := cmp.Diff(want, browser.Eval[[][]string](t, p, rows)); diff != "" {
			t.Errorf("%s: candidates (-want +got)\n%s", path, diff)
		}
		if n := browser.Eval[int](t, p, "document.querySelectorAll('tr.won').length"); won == 0 || n != won {
			t.Errorf("%s: %d candidates are marked, %d were chosen", path, n, won)
		}
		p.Do(t, chromedp.Evaluate("document.querySelectorAll('details.stream').forEach(d => { d.open = true; })", nil), chromedp.Sleep(200*time.Millisecond))
		const drawn = "[...document.querySelectorAll('[data-chart=knob]')].reduce((n, e) => n + echarts.getInstanceByDom(e).getOption().series[0].data.length, 0)"
		if n := browser.Eval[int](t, p, drawn); n != intervals {
			t.Errorf("%s: %d intervals are drawn, want %d", path, n, intervals)
		}
	}
}

// TestPrevious holds that each figure of a stream is compared with that of the run
// before.
func TestPrevious(t *testing.T) {
	t.Parallel()
	r, before := read(t, readFile(t, realTrace)), read(t, readFile(t, realTrace))
	before.Run, before.Seconds, before.Rows = "R0", 2*r.Seconds, r.Rows/2
	s := before.Streams[0]
	s.Load, s.Publish, s.Rows = 2*s.Load, 4*s.Publish, 7
	r.After(before)
	p := browser.Show(t, page(t, r), 1200, 900)
	cells := browser.Eval[[]string](t, p, "[...document.querySelector('#stream-table tbody tr').cells].slice(-4).map(c => c.textContent)")
	want := []string{"7", fmt.Sprintf("%.2f s (-50.0 %%)", s.Load), fmt.Sprintf("%.2f s (-75.0 %%)", s.Publish), fmt.Sprintf("%.1f MB/s (+100.0 %%)", s.Speed()/1e6)}
	if strings.Join(cells, "|") != strings.Join(want, "|") {
		t.Errorf("before: %q, want %q", cells, want)
	}
	changes := browser.Eval[[]string](t, p, "[...document.querySelectorAll('.figures .change')].map(e => e.textContent)")
	if len(changes) != 3 || !strings.HasPrefix(changes[0], "+100.0 % of ") || !strings.HasPrefix(changes[2], "-50.0 % of ") {
		t.Errorf("the run: %q", changes)
	}
}

// TestPinned holds that what a pipeline pins is shown where nothing was tried, too.
func TestPinned(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := trace.NewWriter(&out, trace.Header{Run: "pinned", Pipeline: "pinned", Started: time.Now()})
	w.Write(0, trace.Stream{Stream: "t", Target: "t", Knobs: []policy.Knob{{Name: "parallelism", Kind: policy.Int, Max: 8}}, Pins: policy.Setting{"parallelism": policy.IntValue(3)}})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	p := browser.Show(t, page(t, read(t, out.Bytes())), 1200, 900)
	if got := browser.Eval[string](t, p, "document.querySelector('details.stream p').textContent"); !strings.Contains(got, "Pinned by the pipeline: parallelism 3.") {
		t.Errorf("the stream says %q", got)
	}
}

// TestCompare sets two runs side by side.
func TestCompare(t *testing.T) {
	t.Parallel()
	a, b := read(t, readFile(t, realTrace)), many(t, 3)
	var out bytes.Buffer
	if err := report.Compare(&out, []*report.Report{a, b}); err != nil {
		t.Fatal(err)
	}
	p := browser.Show(t, out.Bytes(), 1200, 900)
	if n := browser.Eval[int](t, p, "document.querySelectorAll('#runs tbody tr').length"); n != 2 {
		t.Errorf("%d runs", n)
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('#stream-table tbody tr').length"); n != len(a.Streams)+3 {
		t.Errorf("%d streams, want %d", n, len(a.Streams)+3)
	}
	knobs := browser.Eval[[][]string](t, p, "[...document.querySelectorAll('#knobs tbody tr')].map(r => [...r.cells].map(c => c.textContent))")
	if len(knobs) == 0 || knobs[0][0] != a.Streams[0].Name || knobs[0][1] != a.Streams[0].Decision.Knobs[0].Name || knobs[0][2] != "pinned to binary" || knobs[0][3] != "" {
		t.Errorf("knobs %q", knobs)
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('#chart-compare svg').length"); n != 1 {
		t.Errorf("%d charts", n)
	}
}
