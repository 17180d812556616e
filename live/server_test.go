package live_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/rapidbyte/rbt/internal/browser"
	"github.com/rapidbyte/rbt/live"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/report"
)

func say(d policy.Decision, _ []policy.Knob) string { return d.Reason }

// serve serves a monitor until the test ends.
func serve(t *testing.T) (*live.Monitor, string, context.CancelFunc) {
	t.Helper()
	m := live.New(trace.Header{Pipeline: "orders", Version: "test", Started: time.Now()}, say)
	s, err := live.Listen(":0", m)
	if err != nil {
		t.Fatal(err)
	}
	if s.Open() {
		t.Fatal("others can ask, though no host was named")
	}
	return m, s.URL(), run(t, s)
}

// run has a server answer until the test ends, or it is told to stop.
func run(t *testing.T, s *live.Server) context.CancelFunc {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return cancel
}

func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// begin tells a monitor of a run with a stream and a part.
func begin(m *live.Monitor, stream string) {
	m.Begin(trace.Header{Run: "R1", Attempt: 1, Pipeline: "orders", Version: "test", Started: time.Now()})
	m.Add(0, trace.Run{Streams: 1})
	m.Add(0, trace.Stream{Stream: stream, Target: "raw.orders"})
	m.Add(time.Second, trace.Started{Stream: stream})
	m.Add(2*time.Second, trace.Part{Stream: stream, Mark: 1, Rows: 1234, Bytes: 5_000_000, Seconds: 1, SourceWait: 0.2, WriteWait: 0.3, FlushWait: 0.1, Commit: 0.05, Rejected: 2})
}

// TestLivePage watches a run in a browser from before its beginning to its end.
func TestLivePage(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	p := browser.Open(t, url, 1200, 900)
	const name = `public.<b>"orders"</b>`
	begin(m, name)
	p.Do(t, chromedp.WaitVisible("details.stream", chromedp.ByQuery))
	if got := browser.Eval[[]string](t, p, "[document.getElementById('total-rows').textContent, document.querySelector('#stream-table tbody th').textContent]"); got[0] != "1,234" || got[1] != name {
		t.Errorf("the page shows %q", got)
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('[data-chart=lanes] svg').length"); n != 1 {
		t.Errorf("%d charts of lanes", n)
	}
	p.Do(t, chromedp.Evaluate("document.querySelector('details.stream').open = false", nil))
	m.Add(3*time.Second, trace.Part{Stream: name, Mark: 2, Rows: 1000, Bytes: 5_000_000, Seconds: 1})
	p.Until(t, "document.getElementById('total-rows').textContent === '2,234'")
	if browser.Eval[bool](t, p, "document.querySelector('details.stream').open") {
		t.Error("what a reader closed was opened again")
	}
	m.Add(4*time.Second, trace.Done{Stream: name, Rows: 2234, Bytes: 10_000_000, Load: 3, Publish: 1, Rejected: 2})
	m.Add(4*time.Second, trace.Summary{Status: "done", Rows: 2234, Bytes: 10_000_000, Seconds: 4,
		Streams: []trace.StreamSummary{{Stream: name, Status: "done", Rows: 2234, Bytes: 10_000_000, Load: 3, Publish: 1, Rejected: 2}}})
	p.Until(t, "document.getElementById('connection').textContent === 'The run has ended.'")
	if got := browser.Eval[string](t, p, "document.querySelector('.status').textContent"); got != "done" {
		t.Errorf("the status is %q", got)
	}
}

// TestRoutes holds that there is nothing but what is told, and nothing that
// changes anything.
func TestRoutes(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	begin(m, "public.orders")
	if status, body := get(t, url+"healthz"); status != 200 || body != "ok\n" {
		t.Errorf("healthz: %d %q", status, body)
	}
	for _, path := range []string{"nope", "debug/pprof/", "metrics/x", "../etc/passwd"} {
		if status, _ := get(t, url+path); status != 404 {
			t.Errorf("%s: %d, want 404", path, status)
		}
	}
	for _, path := range []string{"", "events", "metrics", "healthz"} {
		resp, err := http.Post(url+path, "text/plain", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 405 {
			t.Errorf("POST %s: %d, want 405", path, resp.StatusCode)
		}
	}
	for host, want := range map[string]int{"evil.example.com": 403, "evil.example.com:8044": 403, "10.0.0.1": 403, "localhost:1": 200, "127.0.0.1": 200, "[::1]:80": 200} {
		if got := askAs(t, url, host); got != want {
			t.Errorf("asked as %s: %d, want %d", host, got, want)
		}
	}
}

// askAs asks by a name that leads to the server.
func askAs(t *testing.T, url, host string) (status int) {
	t.Helper()
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// TestOpen holds that a server that others can reach answers by its addresses and
// this machine's name, and by no name that somebody made lead to it.
func TestOpen(t *testing.T) {
	t.Parallel()
	s, err := live.Listen("0.0.0.0:0", live.New(trace.Header{Started: time.Now()}, say))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Open() {
		t.Error("nobody else can ask")
	}
	run(t, s)
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(strings.Trim(strings.TrimPrefix(s.URL(), "http://"), "/"))
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"evil.example.com": 403, "10.0.0.1:" + port: 200, name + ":" + port: 200, "localhost": 200} {
		if got := askAs(t, "http://127.0.0.1:"+port+"/", host); got != want {
			t.Errorf("asked as %s: %d, want %d", host, got, want)
		}
	}
}

// TestMetrics holds that the metrics are those that docs/metrics.md lists, are
// named as Prometheus wants them, and say what the records do.
func TestMetrics(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	begin(m, "public.orders")
	m.Add(0, trace.Retry{Stream: "public.orders", Class: "network"})
	m.Add(0, trace.Window{Stream: "public.orders", Window: policy.Window{Masked: "retry"}, Skipped: "retry"})
	m.Add(0, trace.Fault{Fault: policy.Fault{Stream: "public.orders", Reason: "timeout"}})
	m.Add(0, trace.Call{Stream: "public.orders", Op: "score", Millis: 250})
	m.Add(0, trace.Kept{Stream: "public.kept"})
	m.Add(0, trace.Done{Stream: "public.orders", Publish: 1.5})
	m.Add(0, trace.Summary{Status: "done", Rows: 1234, Bytes: 5_000_000, Seconds: 4})
	_, text := get(t, url+"metrics")
	for _, want := range []string{
		`rbt_run_info{pipeline="orders",run="R1",version="test"} 1`, `rbt_stream_rows_total{pipeline="orders",stream="public.orders"} 1234`,
		`rbt_stream_bytes_total{pipeline="orders",stream="public.orders"} 5e+06`, `rbt_stream_rejected_rows_total{pipeline="orders",stream="public.orders"} 2`,
		`rbt_stream_lane_seconds_total{phase="commit",pipeline="orders",stream="public.orders"} 0.05`, `rbt_stream_done{pipeline="orders",stream="public.orders"} 1`,
		`rbt_retries_total{class="network",pipeline="orders",stream="public.orders"} 1`, `rbt_probe_windows_total{pipeline="orders",skipped="retry",stream="public.orders"} 1`,
		`rbt_autotune_faults_total{pipeline="orders",reason="timeout",stream="public.orders"} 1`, `rbt_policy_call_seconds_total{op="score",pipeline="orders",stream="public.orders"} 0.25`,
		`rbt_stream_done{pipeline="orders",stream="public.kept"} 1`, `rbt_stream_publish_seconds_total{pipeline="orders",stream="public.orders"} 1.5`, `rbt_run_succeeded{pipeline="orders"} 1`, `rbt_run_duration_seconds{pipeline="orders"} 4`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "rbt_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	doc, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	var registered, documented []string
	for _, found := range regexp.MustCompile(`(?m)^# HELP (rbt_\w+) (.*)$`).FindAllStringSubmatch(text, -1) {
		registered = append(registered, found[1]+" "+found[2])
	}
	for _, found := range regexp.MustCompile("(?m)^\\| `(rbt_\\w+)` \\|.*\\| (.*) \\|$").FindAllStringSubmatch(string(doc), -1) {
		documented = append(documented, found[1]+" "+found[2])
	}
	slices.Sort(registered)
	slices.Sort(documented)
	if !slices.Equal(registered, documented) {
		t.Errorf("registered:\n%s\ndocumented:\n%s", strings.Join(registered, "\n"), strings.Join(documented, "\n"))
	}
}

// TestWriteMetrics holds that a run that has ended leaves its metrics in a file, in
// the place of those of the run before.
func TestWriteMetrics(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "run.prom")
	for _, status := range []string{"done", "failed"} {
		m := live.New(trace.Header{Pipeline: "orders", Started: time.Now()}, say)
		begin(m, "public.orders")
		m.Add(0, trace.Summary{Status: status, Rows: 1234, Seconds: 4})
		if err := m.WriteMetrics(file); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		succeeded := map[string]string{"done": "rbt_run_succeeded{pipeline=\"orders\"} 1\n", "failed": "rbt_run_succeeded{pipeline=\"orders\"} 0\n"}[status]
		for _, want := range []string{"rbt_run_duration_seconds{pipeline=\"orders\"} 4\n", "rbt_stream_rows_total{pipeline=\"orders\",stream=\"public.orders\"} 1234\n", succeeded} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%s: the file lacks %q", status, want)
			}
		}
		if strings.Contains(string(text), "go_goroutines") {
			t.Error("the file tells of a process that is gone")
		}
	}
}

// TestDurationSoFar holds that a run that is at work says how long it has taken.
func TestDurationSoFar(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	m.Begin(trace.Header{Run: "R1", Started: time.Now().Add(-time.Hour)})
	_, text := get(t, url+"metrics")
	if !regexp.MustCompile(`(?m)^rbt_run_duration_seconds\{pipeline="orders"\} 36\d\d\.`).MatchString(text) {
		t.Error("the duration is not that of an hour")
	}
}

// TestMoving holds that a page shows how far a stream is, until it is loaded.
func TestMoving(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	begin(m, "public.orders")
	p := browser.Open(t, url, 390, 844)
	m.Moving(3*time.Second, "public.orders", report.Moving{Rows: 5000, Fraction: 0.43, Lanes: 4, Speed: 187e6, Left: 11.2})
	p.Do(t, chromedp.WaitVisible("progress", chromedp.ByQuery))
	got := browser.Eval[[]string](t, p, "[document.querySelector('details.stream summary').textContent, document.querySelector('#stream-table tbody td').textContent]")
	if !strings.Contains(got[0], "43 %, 5,000 rows, 4 lanes, 187.0 MB/s now, about 12s left") || got[1] != "copying 43 %" {
		t.Errorf("the page says %q", got)
	}
	if width := browser.Eval[int](t, p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide on a screen of 390", width)
	}
	m.Add(4*time.Second, trace.Loaded{Stream: "public.orders", Rows: 5000})
	p.Do(t, chromedp.WaitNotPresent("progress", chromedp.ByQuery))
}

// TestLiveLooks holds that a page of 500 streams that move follows the reader's
// colours, fits a phone, draws what can be seen only, and keeps up.
func TestLiveLooks(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	for i := range 500 {
		begin(m, fmt.Sprintf("public.t%03d", i))
	}
	p := browser.Open(t, url, 390, 844)
	p.Do(t, chromedp.WaitVisible("details.stream", chromedp.ByQuery))
	for scheme, want := range map[string]string{"light": "rgb(255, 255, 255)", "dark": "rgb(13, 17, 23)"} {
		p.Do(t, emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}))
		if got := browser.Eval[string](t, p, "getComputedStyle(document.body).backgroundColor"); got != want {
			t.Errorf("in the %s the page is %s, want %s", scheme, got, want)
		}
	}
	if n := browser.Eval[int](t, p, "document.querySelectorAll('svg').length"); n != 1 {
		t.Errorf("%d charts are drawn, want that of the run", n)
	}
	for i := range 500 {
		m.Add(3*time.Second, trace.Part{Stream: fmt.Sprintf("public.t%03d", i), Mark: 2, Rows: 1, Bytes: 1, Seconds: 1})
	}
	p.Until(t, "document.getElementById('total-rows').textContent === '617,500'")
	if width := browser.Eval[int](t, p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide on a screen of 390", width)
	}
}

// TestAddDoesNotWait holds that a page that is rendered does not hold up the run.
func TestAddDoesNotWait(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	for i := range 500 {
		begin(m, fmt.Sprintf("public.t%d", i))
	}
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				get(t, url)
			}
		}
	}()
	var longest time.Duration
	for range 2000 {
		began := time.Now()
		m.Add(time.Second, trace.Part{Stream: "public.t1", Rows: 1})
		longest = max(longest, time.Since(began))
		time.Sleep(100 * time.Microsecond)
	}
	close(stop)
	<-done
	// A page of 500 streams takes tens of milliseconds; the bound is wide, because
	// machines pause.
	if longest > time.Second {
		t.Errorf("a record waited for %v", longest)
	}
}

// TestListen refuses what is no address, and says what one is.
func TestListen(t *testing.T) {
	t.Parallel()
	if _, err := live.Listen("8044", nil); err == nil || !strings.Contains(err.Error(), "write host:port, as in 127.0.0.1:8044") {
		t.Errorf("error %v", err)
	}
	s, err := live.Listen("0.0.0.0:0", live.New(trace.Header{}, say))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Open() {
		t.Error("everybody can ask, and that is not said")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Serve(ctx); err != nil {
		t.Error(err)
	}
}

// TestWhoDoesNotRead holds that a connection which asks and does not read keeps
// nobody waiting.
func TestWhoDoesNotRead(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	for i := range 300 {
		begin(m, fmt.Sprintf("public.t%d", i))
	}
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/")
	for range 5 {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", address)
	}
	for range 5 {
		if status, _ := get(t, url+"metrics"); status != 200 {
			t.Errorf("metrics: %d", status)
		}
	}
}

// TestLiveHover holds that what a reader points at stays until the pointer leaves it,
// and that the latest update comes then.
func TestLiveHover(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	begin(m, "public.orders")
	p := browser.Open(t, url, 1200, 900)
	p.Do(t, chromedp.WaitVisible("#chart-run svg", chromedp.ByQuery))
	p.Until(t, "document.getElementById('total-rows').textContent === '1,234'")
	at := browser.Eval[[]float64](t, p, "(b => [b.left + b.width / 2, b.top + b.height / 2])(document.getElementById('chart-run').getBoundingClientRect())")
	p.Do(t, chromedp.MouseEvent(input.MouseMoved, at[0]-3, at[1]), chromedp.MouseEvent(input.MouseMoved, at[0], at[1]))
	const tip = "document.getElementById('chart-run').innerText.match(/\\d\\.\\d MB.s/) !== null"
	p.Until(t, tip)
	m.Add(3*time.Second, trace.Part{Stream: "public.orders", Mark: 2, Rows: 1000, Bytes: 1, Seconds: 1})
	p.Until(t, "document.getElementById('connection').textContent === 'Waiting while you point at a chart.'")
	if got := browser.Eval[bool](t, p, tip+" && document.getElementById('total-rows').textContent === '1,234'"); !got {
		t.Error("an update took the tip away")
	}
	p.Do(t, chromedp.MouseEvent(input.MouseMoved, 5, 5))
	p.Until(t, "document.getElementById('total-rows').textContent === '2,234' && document.getElementById('connection').textContent === 'Live.'")
}

// TestLiveKeyboard holds that an update leaves the reader where he is.
func TestLiveKeyboard(t *testing.T) {
	t.Parallel()
	m, url, _ := serve(t)
	begin(m, "public.orders")
	p := browser.Open(t, url, 390, 844)
	p.Do(t, chromedp.WaitVisible("details.stream summary", chromedp.ByQuery), chromedp.Focus("details.stream summary", chromedp.ByQuery),
		chromedp.Evaluate("document.querySelector('.scroll').scrollLeft = 40", nil))
	m.Add(3*time.Second, trace.Part{Stream: "public.orders", Mark: 2, Rows: 1, Bytes: 1, Seconds: 1})
	p.Until(t, "document.getElementById('total-rows').textContent === '1,235'")
	if got := browser.Eval[string](t, p, "document.activeElement.tagName + ' ' + document.querySelector('.scroll').scrollLeft"); got != "SUMMARY 40" {
		t.Errorf("the reader is at %q", got)
	}
	if width := browser.Eval[int](t, p, "document.documentElement.scrollWidth"); width > 390 {
		t.Errorf("the page is %d pixels wide on a screen of 390", width)
	}
}
