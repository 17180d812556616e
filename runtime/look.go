package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// looks counts what the sessions of a stream's lanes were seen to do.
type looks struct {
	taken, sourceIdle, destIdle atomic.Int64
}

// lookAfter spares runs that are soon over the two connections that are looked
// over, and lookEvery is how often lanes are looked at from then on: for some
// tenths of a millisecond of each server's time.
const (
	lookAfter = time.Second
	lookEvery = 200 * time.Millisecond
)

// look finds out, until ctx ends, whether the lanes' sessions are at work on both
// sides. A lane that waits for the source while the source waits for the lane waits
// for the link between them, and so on the other side.
func (r *run) look(ctx context.Context, snap connectors.Snapshot, b *board) error {
	for wait := lookAfter; ; wait = lookEvery {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
			r.lookOnce(ctx, snap, b.underWay())
		}
	}
}

func (r *run) lookOnce(ctx context.Context, snap connectors.Snapshot, at []errand) {
	if len(at) == 0 {
		return
	}
	var sources, dests []uint32
	for _, e := range at {
		sources, dests = append(sources, e.source), append(dests, e.dest)
	}
	sourceIdle, err := snap.Idle(ctx, sources)
	if err != nil {
		return // nobody knows
	}
	destIdle, err := r.load.Idle(ctx, dests)
	if err != nil {
		return
	}
	for _, e := range at {
		source, known := sourceIdle[e.source]
		dest, alsoKnown := destIdle[e.dest]
		if known && alsoKnown {
			e.task.looks.add(source, dest)
		}
	}
}

func (l *looks) add(sourceIdle, destIdle bool) {
	l.taken.Add(1)
	if sourceIdle {
		l.sourceIdle.Add(1)
	}
	if destIdle {
		l.destIdle.Add(1)
	}
}
