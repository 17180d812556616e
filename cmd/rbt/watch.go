package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/live"
	"github.com/rapidbyte/rbt/policy/trace"
)

// watch serves a run's page and metrics at an address, until stop is called. With
// an empty address there is nobody to watch, and the monitor is nil.
func watch(ctx context.Context, u *ui, run connectors.Run, address string) (m *live.Monitor, stop func(), err error) {
	if address == "" {
		return nil, func() {}, nil
	}
	m = live.New(trace.Header{Run: run.ID, Pipeline: run.Pipeline, Version: run.Version, Started: time.Now()}, decisionText)
	server, err := live.Listen(address, m)
	if taken := new(net.OpError); errors.As(err, &taken) {
		u.warn("the run cannot be watched: %v; --listen 127.0.0.1:0 takes a port that is free", err)
		return nil, func() {}, nil
	}
	if err != nil {
		return nil, nil, usage(err)
	}
	u.note("watch the run at %s", server.URL())
	if server.Open() {
		u.warn("whoever can reach this address can watch the run: names of tables and figures, but no rows and no passwords")
	}
	// A run that is told to stop still has something to say.
	serving, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- server.Serve(serving) }()
	return m, func() {
		cancel()
		if err := <-done; err != nil {
			u.warn("%v", err)
		}
	}, nil
}
