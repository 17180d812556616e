package slowlink

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"
)

// carry moves what from sends to to, the end of it too. It does so in a group with the other direction, because what
// breaks one way breaks both.
func (l Link) carry(ctx context.Context, group *errgroup.Group, to, from end) {
	if l.Delay <= 0 {
		group.Go(func() error { return pass(to, from) })
		return
	}
	f := &flight{
		ring: make([]byte, max(l.Window, 1)),
		wire: newLine(l.Delay),
		acks: newLine(l.Delay),
	}
	group.Go(func() error { return f.depart(ctx, from) })
	group.Go(func() error { return f.arrive(ctx, to) })
}

// pass carries without a delay. Between two TCP connections the kernel does it where it can.
func pass(to, from end) error {
	if _, err := io.Copy(to, from); err != nil {
		return err
	}
	return to.CloseWrite()
}

// flight is what is on its way in one direction. A byte stays where it is in the ring from when it is read until its
// acknowledgement is back; the lines say how many go on when.
type flight struct {
	ring       []byte
	wire, acks *line
}

// depart reads whenever less than the window is unacknowledged.
func (f *flight) depart(ctx context.Context, from io.Reader) error {
	defer f.wire.close()
	at, room, pieces := 0, len(f.ring), maxPieces
	for {
		if room == 0 || pieces == 0 {
			if err := f.acks.await(ctx); err != nil {
				return err
			}
		}
		acked := f.acks.take()
		room += acked.bytes
		pieces += acked.pieces
		n, err := from.Read(f.ring[at:min(at+room, len(f.ring))])
		if n > 0 {
			f.wire.put(n, 1)
			at = (at + n) % len(f.ring)
			room -= n
			pieces--
		}
		if errors.Is(err, io.EOF) {
			f.wire.put(0, 1) // the end travels too
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// arrive writes what has travelled long enough, and acknowledges it.
func (f *flight) arrive(ctx context.Context, to end) error {
	for at := 0; ; {
		err := f.wire.await(ctx)
		if errors.Is(err, io.EOF) {
			return to.CloseWrite()
		}
		if err != nil {
			return err
		}
		due := f.wire.take()
		if err := f.write(to, at, due.bytes); err != nil {
			return err
		}
		at = (at + due.bytes) % len(f.ring)
		f.acks.put(due.bytes, due.pieces)
	}
}

// write writes n bytes of the ring.
func (f *flight) write(to io.Writer, at, n int) error {
	for n > 0 {
		part := f.ring[at:min(at+n, len(f.ring))]
		if _, err := to.Write(part); err != nil {
			return err
		}
		n -= len(part)
		at = 0
	}
	return nil
}
