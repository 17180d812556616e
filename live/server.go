package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Server serves a monitor. It answers GET and HEAD only, and changes nothing.
type Server struct {
	monitor  *Monitor
	listener net.Listener
	loopback bool     // nobody else's machine can ask
	names    []string // by which the server may be asked, besides its addresses
}

// Listen takes an address: host:port. Without a host it is this machine's own,
// which nobody else can reach.
func Listen(address string, m *Monitor) (*Server, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: write host:port, as in 127.0.0.1:8044", address)
	}
	if host == "" {
		host = "127.0.0.1"
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, err
	}
	addr, _ := l.Addr().(*net.TCPAddr)
	s := &Server{monitor: m, listener: l, loopback: addr != nil && addr.IP.IsLoopback(), names: []string{"localhost", host}}
	if name, err := os.Hostname(); err == nil && !s.loopback {
		s.names = append(s.names, name)
	}
	return s, nil
}

// URL is where a browser finds the page.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() + "/" }

// Open reports whether others than this machine can ask.
func (s *Server) Open() bool { return !s.loopback }

// farewell is how long the pages that are open have to hear of the end.
const farewell = time.Second

// Serve answers until ctx ends, and then tells the pages that are open.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{Handler: s.handler(ctx), ReadHeaderTimeout: 5 * time.Second}
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		s.monitor.KeepUp(ctx)
	}()
	defer func() {
		cancel()
		<-kept
	}()
	stopped := make(chan error, 1)
	defer context.AfterFunc(ctx, func() {
		last, done := context.WithTimeout(context.WithoutCancel(ctx), farewell)
		defer done()
		stopped <- server.Shutdown(last)
	})()
	err := server.Serve(s.listener)
	if !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the live page: %w", err)
	}
	if err := <-stopped; errors.Is(err, context.DeadlineExceeded) { // somebody does not listen
		return server.Close()
	}
	return nil
}

func (s *Server) handler(ctx context.Context) http.Handler {
	mux := http.NewServeMux()
	metrics := promhttp.HandlerFor(prometheus.Gatherers{s.monitor.metrics.run, s.monitor.metrics.process}, promhttp.HandlerOpts{})
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, r *http.Request) { s.events(ctx, w, r) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		s.monitor.look()
		metrics.ServeHTTP(w, r)
	})
	return s.guard(mux)
}

// guard keeps a page of somebody else's, whose name was made to lead here, from
// reading what the browser can reach.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if !slices.Contains(s.names, host) && (ip == nil || s.loopback && !ip.IsLoopback()) {
			http.Error(w, "ask by address, or for "+strings.Join(s.names, ", "), http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// page is rendered before it is written: who does not read must not keep others
// waiting.
func (s *Server) page(w http.ResponseWriter, _ *http.Request) {
	page, err := s.monitor.page()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // whoever asked may be gone
}

const (
	// every is how often a page hears what is new, at most.
	every = 500 * time.Millisecond
	// writeWithin bounds the wait for who does not read.
	writeWithin = 10 * time.Second
)

// events sends what is new until the run, or whoever asked, has ended.
func (s *Server) events(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	tick := time.NewTicker(every)
	defer tick.Stop()
	seen := -1
	for ending := false; ; {
		u, err := s.monitor.update()
		if err != nil {
			return
		}
		if u.version != seen {
			seen = u.version
			_ = out.SetWriteDeadline(time.Now().Add(writeWithin)) // every server's connection has one
			if _, err := fmt.Fprintf(w, "data: %s\n\n", u.data); err != nil || out.Flush() != nil {
				return
			}
		}
		if u.ended || ending {
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-ctx.Done():
			ending = true // what is queued is told
		case <-tick.C:
		}
	}
}
