// Package browser opens pages in a real Chromium without a window, for tests.
package browser

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// patience bounds what a test does in the browser. With the race detector and other
// tests beside, a page of 500 streams that takes 7 s has taken 45.
const patience = 3 * time.Minute

// find returns Chromium's program.
func find() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium found: scripts/browser.sh gets it")
}

// Page is a page in a browser of its own. It fails the test for every error that
// the page reports.
type Page struct {
	context.Context // of chromedp.Run

	mu     sync.Mutex
	errors []string
}

// Open opens a URL in a window of so many pixels.
func Open(t *testing.T, url string, width, height int) *Page {
	t.Helper()
	program, err := find()
	if err != nil {
		pgtest.Missing(t, err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.WindowSize(width, height))
	if os.Geteuid() == 0 { // whose sandbox it refuses
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(ctx)
	t.Cleanup(end)
	p := &Page{Context: ctx}
	chromedp.ListenTarget(ctx, p.hear)
	if err := chromedp.Run(ctx, cdplog.Enable(), chromedp.EmulateViewport(int64(width), int64(height)), chromedp.Navigate(url)); err != nil {
		t.Fatalf("open the page: %v", err)
	}
	t.Cleanup(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, text := range p.errors {
			t.Errorf("the page reports: %s", text)
		}
	})
	return p
}

// Show serves a page, and opens it.
func Show(t *testing.T, html []byte, width, height int) *Page {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" { // a browser asks for an icon
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(html) // the browser is gone
	}))
	t.Cleanup(server.Close)
	return Open(t, server.URL, width, height)
}

// hear takes in what the page reports.
func (p *Page) hear(event any) {
	var text string
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text = e.ExceptionDetails.Error()
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeWarning {
			text = fmt.Sprintf("console %s", e.Type)
			for _, a := range e.Args {
				text += " " + string(a.Value)
			}
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.LevelError || e.Entry.Level == cdplog.LevelWarning {
			text = e.Entry.Text
		}
	}
	if text != "" {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.errors = append(p.errors, text)
	}
}

// Do runs actions.
func (p *Page) Do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(p.Context, actions...); err != nil {
		t.Fatal(err)
	}
}

// Until waits until an expression of the page is true.
func (p *Page) Until(t *testing.T, expression string) {
	t.Helper()
	p.Do(t, chromedp.Poll(expression, nil, chromedp.WithPollingTimeout(patience)))
}

// Eval evaluates an expression of the page.
func Eval[T any](t *testing.T, p *Page, expression string) (value T) {
	t.Helper()
	p.Do(t, chromedp.Evaluate(expression, &value))
	return value
}
