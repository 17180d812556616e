package main

import (
	"context"

	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/telemetry"
)

// spans are a run's, for OpenTelemetry; those of nobody where the environment does
// not say where they go.
type spans struct {
	u    *ui
	told *telemetry.Spans
}

func openSpans(ctx context.Context, u *ui) (*spans, error) {
	if !telemetry.Wanted() {
		return &spans{}, nil
	}
	told, err := telemetry.Open(ctx, rbtVersion(), func(err error) { u.warn("OpenTelemetry: %v", err) })
	if err != nil {
		return nil, usage(err)
	}
	return &spans{u: u, told: told}, nil
}

func (s *spans) event(e runtime.Event) {
	if s.told != nil {
		s.told.Event(e)
	}
}

func (s *spans) close(ctx context.Context) {
	if s.told == nil {
		return
	}
	if err := s.told.Close(ctx); err != nil {
		s.u.warn("OpenTelemetry: %v", err)
	}
}
