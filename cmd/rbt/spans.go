package main

import (
	"context"
	"sync"

	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/telemetry"
)

// spans are a run's, for OpenTelemetry; those of nobody where the environment does
// not say where they go.
type spans struct {
	u      *ui
	told   *telemetry.Spans // nil where nobody is told
	warned sync.Once
}

// openSpans never keeps a run from beginning, and warns once.
func openSpans(ctx context.Context, u *ui) *spans {
	if !telemetry.Wanted() {
		return &spans{}
	}
	s := &spans{u: u}
	told, err := telemetry.Open(ctx, rbtVersion(), s.lost)
	if err != nil {
		u.warn("OpenTelemetry: %v; the run is not sent", err)
	}
	s.told = told
	return s
}

// lost warns of the first spans that could not be sent.
func (s *spans) lost(err error) {
	s.warned.Do(func() { s.u.warn("OpenTelemetry: %v", err) })
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
		s.lost(err)
	}
}
