package runtime_test

import (
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
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

// impatient is a source that waits for a lock for half a second.
func impatient(dsn string) connectors.Source {
	return postgres.NewSource(postgres.Config{DSN: dsn, Pipeline: "test", LockTimeout: 500 * time.Millisecond}, postgres.SourceOptions{})
}
