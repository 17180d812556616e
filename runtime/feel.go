package runtime

import (
	"context"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// feelEvery is how often the destination is asked for its vitals while a stream
// is in its probe phase: two or three times in a window, for a fraction of a
// millisecond of the server's time.
const feelEvery = 100 * time.Millisecond

// feel keeps the destination's vitals fresh beside the lanes, until ctx ends.
func (r *run) feel(ctx context.Context, b *board) error {
	tick := time.NewTicker(feelEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !b.probing() {
			b.scene.vitals.Store(nil) // the next probe phase may be hours away
			continue
		}
		v, err := r.load.Vitals(ctx)
		if err != nil {
			return nil // ctx has ended
		}
		b.scene.vitals.Store(&v)
	}
}

// pingEvery is how often the source is asked for a sign of life meanwhile. One
// answer says less than one look at counters that only grow, so there are more
// of them, for some hundredths of a millisecond of the server's time each.
const pingEvery = 50 * time.Millisecond

// ping collects the source's echoes beside the lanes, until ctx ends. It has a
// goroutine of its own: a server that keeps it waiting keeps nothing else.
func (r *run) ping(ctx context.Context, snap connectors.Snapshot, b *board) error {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if !b.probing() {
			continue
		}
		if took, err := snap.Ping(ctx); err == nil {
			b.scene.echoed(took)
		}
	}
}
