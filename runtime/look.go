package runtime

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// Looks counts what a stream's lanes were seen to do, and their sessions.
type Looks struct {
	Taken int64
	// SourceWaited is how often the lane waited for the source, and SourceIdle how
	// often the source's session did nothing but wait for the lane.
	SourceWaited, SourceIdle int64
	// DestWaited and DestIdle are the same of the destination.
	DestWaited, DestIdle int64
}

// looks counts while looks are taken.
type looks struct {
	taken, sourceWaited, sourceIdle, destWaited, destIdle atomic.Int64
}

func (l *looks) sum() Looks {
	return Looks{l.taken.Load(), l.sourceWaited.Load(), l.sourceIdle.Load(), l.destWaited.Load(), l.destIdle.Load()}
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
	var reads, writes []bool
	for _, e := range at {
		sources, dests = append(sources, e.source), append(dests, e.dest)
		reads, writes = append(reads, e.reads.Load()), append(writes, e.writes.Load())
	}
	sourceIdle, err := snap.Idle(ctx, sources)
	if err != nil {
		return // nobody knows
	}
	destIdle, err := r.load.Idle(ctx, dests)
	if err != nil {
		return
	}
	for i, e := range at {
		source, known := sourceIdle[e.source]
		dest, alsoKnown := destIdle[e.dest]
		if !known || !alsoKnown {
			continue
		}
		l := &e.task.looks
		l.taken.Add(1)
		count(&l.sourceWaited, reads[i])
		count(&l.sourceIdle, source)
		count(&l.destWaited, writes[i])
		count(&l.destIdle, dest)
	}
}

func count(n *atomic.Int64, seen bool) {
	if seen {
		n.Add(1)
	}
}
