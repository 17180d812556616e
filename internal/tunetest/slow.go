package tunetest

import (
	"context"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// dripping is a source that gives each lane a few kilobytes in a millisecond.
type dripping struct{ connectors.Source }

type drippingSnapshot struct{ connectors.Snapshot }

type drippingReader struct{ connectors.Reader }

func (s dripping) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	snap, err := s.Source.Snapshot(ctx, specs)
	return drippingSnapshot{snap}, err
}

func (s drippingSnapshot) Reader(ctx context.Context) (connectors.Reader, error) {
	r, err := s.Snapshot.Reader(ctx)
	if err != nil {
		return nil, err
	}
	return drippingReader{r}, nil
}

func (r drippingReader) Next(ctx context.Context, b *connectors.Block) (bool, error) {
	const drop = 4 << 10
	if cap(b.Data) > drop {
		b.Data = make([]byte, 0, drop)
	}
	time.Sleep(time.Millisecond)
	return r.Reader.Next(ctx, b)
}

// flushing is a destination that flushes often by default: a window has to hold
// two flushes of each lane.
type flushing struct{ connectors.Destination }

func (d flushing) Targets(ctx context.Context, streams []*connectors.Stream) ([]*connectors.Target, error) {
	targets, err := d.Destination.Targets(ctx, streams)
	for _, t := range targets {
		for i := range t.Choices {
			if c := &t.Choices[i]; c.Knob.Kind == policy.Bytes {
				c.Knob.Min, c.Best = 1, policy.IntValue(64<<10)
			}
		}
	}
	return targets, err
}
