package runtime

import (
	"sync/atomic"

	"github.com/rapidbyte/rbt/connectors"
)

// scene is what goes on around a window and disturbs it.
type scene struct {
	busy   atomic.Int32 // lanes at work on any part
	events atomic.Int64 // how often a stream was begun, published or undone so far
	// vitals are the destination's latest; nil where they cannot be had.
	vitals atomic.Pointer[connectors.Vitals]
}
