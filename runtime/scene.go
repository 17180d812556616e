package runtime

import (
	"sync/atomic"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// scene is what goes on around a window and disturbs it.
type scene struct {
	busy   atomic.Int32 // lanes at work on any part
	events atomic.Int64 // how often a stream was begun, published or undone so far
	// vitals are the destination's latest; nil where they cannot be had.
	vitals atomic.Pointer[connectors.Vitals]
	// echoes are the source's so far; nil before the first one.
	echoes atomic.Pointer[echoes]
}

// echoes are answers to a question that asks nothing.
type echoes struct {
	count int64
	took  time.Duration // all of them together
}

// echoed counts one in. One goroutine at a time calls it.
func (s *scene) echoed(took time.Duration) {
	e := s.soFar()
	s.echoes.Store(&echoes{e.count + 1, e.took + took})
}

// soFar are the echoes until now.
func (s *scene) soFar() echoes {
	if e := s.echoes.Load(); e != nil {
		return *e
	}
	return echoes{}
}
