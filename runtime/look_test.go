package runtime_test

import (
	"testing"

	"github.com/rapidbyte/rbt/internal/pgtest"
	"github.com/rapidbyte/rbt/internal/tunetest"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// TestLooks holds that a slow link shows, on whichever side it is: both servers wait
// for lanes most of the time. A slow source does not wait.
func TestLooks(t *testing.T) {
	t.Parallel()
	const slowDown = `{"type": "bandwidth", "stream": "downstream", "attributes": {"rate": 2000}}`
	const slowUp = `{"type": "bandwidth", "stream": "upstream", "attributes": {"rate": 2000}}`
	for _, tc := range []struct {
		name         string
		source, dest []string // toxics
		column       string
		sourceIdle   bool
	}{
		{"link from the source", []string{slowDown}, nil, "repeat('x', 1000)", true},
		{"link to the destination", nil, []string{slowUp}, "repeat('x', 1000)", true},
		{"slow source", nil, nil, "repeat('x', 1000) || pg_sleep(0.0005)", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			src, dst := pgtest.New(t), pgtest.New(t)
			src.Exec(t, "CREATE VIEW v AS SELECT i, "+tc.column+" AS x FROM generate_series(1, 8000) i")
			cfg := config(through(t, src, tc.source...), through(t, dst, tc.dest...), stream("v"))
			cfg.Streams[0].Pins = policy.Setting{runtime.Parallelism: policy.IntValue(1)}
			seen := tunetest.Record(&cfg)
			mustRun(t, cfg)
			l := tunetest.Of[runtime.StreamLoaded](seen)[0].Looks
			if most := l.Taken * 2 / 3; l.Taken < 3 || l.DestIdle < most || l.SourceWaited+l.DestWaited < most ||
				tc.sourceIdle && l.SourceIdle < most || !tc.sourceIdle && l.SourceIdle > l.Taken/3 {
				t.Errorf("%+v", l)
			}
		})
	}
}
