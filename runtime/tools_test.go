package runtime_test

import (
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/runtime"
)

// What tests of other packages use as well, by the short names of this one.
var (
	config   = tunetest.Config
	stream   = tunetest.Stream
	tuned    = tunetest.Tuned
	mustRun  = tunetest.MustRun
	sameRows = tunetest.SameRows
	sums     = tunetest.Sums
	record   = tunetest.Record
)

type recorder = tunetest.Recorder

func of[E runtime.Event](r *recorder) []E { return tunetest.Of[E](r) }
