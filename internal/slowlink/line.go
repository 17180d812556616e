package slowlink

import (
	"context"
	"io"
	"time"
)

// maxPieces is how many pieces are between two ends at once, until they are acknowledged. Servers send 8 KiB at a
// time: windows up to 8 MiB are full before.
const maxPieces = 1024

// piece is some bytes that travel together.
type piece struct {
	bytes  int
	pieces int // that it is made of; 0 is no piece
	due    time.Time
}

// line hands pieces over a delay after they were put in. One goroutine puts, another takes.
type line struct {
	delay time.Duration
	queue chan piece
	next  piece // taken from the queue, but not yet due
}

// newLine makes a line that never keeps who puts waiting: it has room for all pieces, and for the end.
func newLine(delay time.Duration) *line {
	return &line{delay: delay, queue: make(chan piece, maxPieces+1)}
}

func (l *line) put(bytes, pieces int) {
	l.queue <- piece{bytes, pieces, time.Now().Add(l.delay)}
}

func (l *line) close() { close(l.queue) }

// await returns when a piece is due, and io.EOF when a closed line is empty.
func (l *line) await(ctx context.Context) error {
	if l.next.pieces == 0 {
		select {
		case p, open := <-l.queue:
			if !open {
				return io.EOF
			}
			l.next = p
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if !sleep(ctx, time.Until(l.next.due)) {
		return ctx.Err()
	}
	return nil
}

// take takes all that is due, as one piece.
func (l *line) take() piece {
	var due piece
	for l.peek() && time.Until(l.next.due) <= 0 {
		due.bytes += l.next.bytes
		due.pieces += l.next.pieces
		l.next = piece{}
	}
	return due
}

// peek reports whether there is a next piece.
func (l *line) peek() bool {
	if l.next.pieces == 0 {
		select {
		case l.next = <-l.queue: // no piece where the line is closed and empty
		default:
		}
	}
	return l.next.pieces > 0
}
