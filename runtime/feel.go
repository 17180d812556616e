package runtime

import (
	"context"
	"time"
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
