package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rapidbyte/rbt/live"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/report"
	"github.com/rapidbyte/rbt/runtime"
)

// watcher shows a run to those who look on: at an address, and in a file of metrics.
type watcher struct {
	u       *ui
	monitor *live.Monitor // nil where nobody looks on
	metrics string        // a file; empty for none
	began   time.Time
	states  map[string]*streamState
	stop    func()
}

// watch begins to show a run, until close is called. An empty address serves
// nobody.
func watch(ctx context.Context, u *ui, pipeline, address, metrics string) (*watcher, error) {
	w := &watcher{u: u, metrics: metrics, began: time.Now(), states: map[string]*streamState{}, stop: func() {}}
	if address == "" && metrics == "" {
		return w, nil
	}
	if err := checkMetrics(metrics); err != nil {
		return nil, usage(err)
	}
	w.monitor = live.New(trace.Header{Pipeline: pipeline, Version: rbtVersion(), Started: w.began}, decisionText)
	serve, err := w.listen(address)
	if err != nil {
		return nil, usage(err)
	}
	// A run that is told to stop still has something to say.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- serve(serving) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			u.warn("%v", err)
		}
	}
	return w, nil
}

// listen returns what serves at the address, or only takes in what happens.
func (w *watcher) listen(address string) (serve func(context.Context) error, err error) {
	unseen := func(ctx context.Context) error {
		w.monitor.KeepUp(ctx)
		return nil
	}
	if address == "" {
		return unseen, nil
	}
	server, err := live.Listen(address, w.monitor)
	if taken := new(net.OpError); errors.As(err, &taken) {
		w.u.warn("the run cannot be watched: %v; --listen 127.0.0.1:0 takes a port that is free", err)
		return unseen, nil
	}
	if err != nil {
		return nil, err
	}
	w.u.note("watch the run at %s", server.URL())
	if server.Open() {
		w.u.warn("whoever can reach this address can watch the run: names of tables and figures, but no rows and no passwords")
	}
	return server.Serve, nil
}

// event tells how far streams are, which no record of the trace does. The engine
// calls it, one call at a time.
func (w *watcher) event(e runtime.Event) {
	name := streamOf(e)
	if w.monitor == nil || name == "" {
		return
	}
	s := w.states[name]
	if s == nil {
		s = &streamState{}
		w.states[name] = s
	}
	now := time.Now()
	s.note(e, now)
	if _, moves := e.(runtime.Progress); !moves {
		return
	}
	far := report.Moving{Rows: s.rows, Fraction: s.fraction, Lanes: s.lanes, Speed: s.rate.perSecond()}
	if left, ok := s.rate.remaining(); ok && s.tuning != tuningProbe {
		far.Left = left.Seconds()
	}
	w.monitor.Moving(now.Sub(w.began), name, far)
}

// close tells those who look on of the end, and writes the metrics.
func (w *watcher) close() {
	w.stop()
	if w.monitor == nil || w.metrics == "" {
		return
	}
	if err := w.monitor.WriteMetrics(w.metrics); err != nil {
		w.u.warn("%v", metricsError(w.metrics, err))
	}
}

// checkMetrics finds out before a run whether its metrics can be written. They are
// written beside the file, and take its place.
func checkMetrics(path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return metricsError(path, syscall.EISDIR)
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".rbt-metrics-*")
	if err != nil {
		return metricsError(path, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// metricsError names the file that was asked for, not the one beside it.
func metricsError(path string, err error) error {
	var beside *fs.PathError
	var move *os.LinkError
	switch {
	case errors.As(err, &beside):
		err = beside.Err
	case errors.As(err, &move):
		err = move.Err
	}
	return fmt.Errorf("the metrics cannot be written to %s: %w", path, err)
}
