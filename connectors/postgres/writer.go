package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// writer is a destination lane: one connection that turns blocks of rows into
// COPY statements, one transaction a part.
type writer struct {
	wire    *wire
	release func() bool // of the part's interrupt

	part       connectors.Part
	binary     bool
	flushBytes int64
	pending    []byte // protocol bytes that go out in front of the next rows
	copying    bool   // a COPY statement is open, or will be once pending is sent
	owed       int    // COPY statements that are ended and not answered
	fresh      int64  // bytes since the last flush
	copied     int64  // rows that the server has taken
	midRow     bool   // the last byte written was not the end of a row
	stats      connectors.WriteStats
	sieve      *sieve // nil where bad rows are not looked for
	encoding   string // the server's
}

// writerInput suffices for answers: a destination sends no rows.
const writerInput = 4 << 10

func newWriter(ctx context.Context, cfg Config) (connectors.Writer, error) {
	conn, err := cfg.connect(ctx, loadRole)
	if err != nil {
		return nil, fmt.Errorf("open a destination lane: %w", err)
	}
	encoding := conn.PgConn().ParameterStatus("server_encoding")
	w, err := takeWire(ctx, conn, writerInput)
	if err != nil {
		conn.Close(ctx)
		return nil, wrap("take over the destination connection", err)
	}
	return &writer{wire: w, release: func() bool { return true }, encoding: encoding}, nil
}

// Begin only notes what to send: the transaction, its first COPY statement and
// the first rows leave together. The server ignores rows that come behind a
// COPY that it refused.
func (w *writer) Begin(ctx context.Context, p connectors.Part) error {
	w.release()
	w.release = w.wire.interrupt(ctx)
	w.wire.busy = true
	w.part = p
	w.binary, w.flushBytes = formatOf(p) == formatBinary, p.Setting[knobFlush].Int
	w.owed, w.fresh, w.copied, w.midRow, w.stats = 0, 0, 0, false, connectors.WriteStats{}
	if w.sieve = nil; p.Sift != nil {
		w.beginSifting()
		return nil
	}
	w.pending = appendQuery(w.pending[:0], "BEGIN; "+copyIn(p))
	w.open()
	return nil
}

// copyIn is the statement that writes a part's rows.
func copyIn(p connectors.Part) string {
	return "COPY " + p.Into + " FROM STDIN (FORMAT " + formatOf(p) + ")"
}

// open notes that a COPY statement is pending, and what binary COPY wants in
// front of its rows.
func (w *writer) open() {
	w.copying = true
	if w.binary {
		w.pending = appendDataHeader(w.pending, len(binaryHeader))
		w.pending = append(w.pending, binaryHeader...)
	}
}

func (w *writer) Write(ctx context.Context, b *connectors.Block) error {
	if w.sieve != nil {
		if err := w.siftBlock(b); err != nil {
			return w.failed(ctx, err)
		}
		return nil
	}
	data, ends, base := b.Data, b.Ends, 0
	for len(data) > 0 {
		n := w.untilFlush(data, ends, base)
		if err := w.send(data[:n]); err != nil {
			return w.failed(ctx, err)
		}
		data, base = data[n:], base+n
		whole := behind(ends, base)
		w.stats.Rows += int64(whole)
		ends = ends[whole:]
		w.midRow = !endsAt(b.Ends, base)
		if w.fresh >= w.flushBytes && !w.midRow {
			if err := w.flush(mostOwed); err != nil {
				return w.failed(ctx, err)
			}
		}
	}
	return nil
}

// untilFlush is how much of data may go out before a flush is due: up to the
// first end of a row at or behind flushBytes, else everything. ends are those
// behind base, where data begins in its block.
func (w *writer) untilFlush(data []byte, ends []int32, base int) int {
	due := base + int(max(w.flushBytes-w.fresh, 1))
	if due > base+len(data) {
		return len(data)
	}
	i, _ := slices.BinarySearch(ends, int32(due))
	if i == len(ends) {
		return len(data)
	}
	return int(ends[i]) - base
}

// behind is how many of the ascending ends lie at or before offset.
func behind(ends []int32, offset int) int {
	i, _ := slices.BinarySearch(ends, int32(offset)+1)
	return i
}

// endsAt reports whether a row ends at the offset.
func endsAt(ends []int32, offset int) bool {
	_, found := slices.BinarySearch(ends, int32(offset))
	return found
}

// send frames data as one message and writes it behind what is pending.
func (w *writer) send(data []byte) error {
	if !w.copying {
		w.pending = appendQuery(w.pending, copyIn(w.part))
		w.open()
	}
	w.pending = appendDataHeader(w.pending, len(data))
	out := net.Buffers{w.pending, data}
	_, err := out.WriteTo(w.wire.conn)
	w.pending = w.pending[:0]
	w.fresh += int64(len(data))
	w.stats.Bytes += int64(len(data))
	return err
}

// mostOwed is how many COPY statements may be without an answer while the next
// one is under way. To wait for each answer left a link of 40 ms idle for 5 % of
// the time with flushes of 8 MiB (docs/rationale.md). A server that has refused a
// statement ignores the rows of the next one.
const mostOwed = 1

// flush ends the COPY statement, and waits until the server has taken the rows
// of all but the last so many statements. The next rows begin another statement
// of the same transaction.
func (w *writer) flush(owed int) error {
	if w.binary {
		w.pending = appendDataHeader(w.pending, len(binaryTrailer))
		w.pending = append(w.pending, binaryTrailer...)
	}
	w.pending = append(w.pending, msgCopyDone, 0, 0, 0, 4)
	if err := w.sendPending(); err != nil {
		return err
	}
	w.copying, w.fresh = false, 0
	w.owed++
	w.stats.Flushes++
	return w.settle(owed)
}

// settle reads answers until only so many are owed.
func (w *writer) settle(owed int) error {
	began := time.Now()
	defer func() { w.stats.FlushTime += time.Since(began) }()
	for w.owed > owed {
		copied, err := w.wire.await()
		if err != nil {
			return err
		}
		w.copied += copied
		w.owed--
	}
	return nil
}

func (w *writer) sendPending() error {
	_, err := w.wire.conn.Write(w.pending)
	w.pending = w.pending[:0]
	return err
}

// Flush ends the COPY statement, if one is open.
func (w *writer) Flush(ctx context.Context) (err error) {
	switch {
	case w.midRow:
		err = fmt.Errorf("the part ends in the middle of a row")
	case w.copying:
		err = w.flush(0)
	default:
		err = w.settle(0)
	}
	if err != nil {
		return w.failed(ctx, err)
	}
	return nil
}

func (w *writer) Commit(ctx context.Context, rows int64) error {
	if err := w.Flush(ctx); err != nil {
		return err
	}
	if w.copied+w.stats.Rejected != rows {
		return w.failed(ctx, fmt.Errorf("the source sent %d rows, but the destination took %d and refused %d", rows, w.copied, w.stats.Rejected))
	}
	began := time.Now()
	sql := insertMark(w.part, w.copied, w.stats.Bytes) + "; COMMIT"
	if w.sieve != nil {
		sql = w.sieve.before + "; " + sql
	}
	w.pending = appendQuery(w.pending, sql)
	if err := w.sendPending(); err != nil {
		return w.failed(ctx, err)
	}
	if _, err := w.wire.await(); err != nil {
		return w.failed(ctx, err)
	}
	w.stats.CommitTime = time.Since(began)
	w.release()
	w.wire.busy = false
	return nil
}

// Stats is what the part has cost so far.
func (w *writer) Stats() connectors.WriteStats { return w.stats }

// Queued is how much waits in the socket.
func (w *writer) Queued() int64 { return queued(w.wire.conn) }

// Session is the server's process.
func (w *writer) Session() uint32 { return w.wire.session }

// failed says that writing failed: in the words of ctx where that is why, in
// the server's where it said something before it hung up.
func (w *writer) failed(ctx context.Context, err error) error {
	w.release()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if said := w.lastWords(err); said != nil {
		err = said
	}
	return &opError{doing: "write to the destination", err: err, retry: mayPass(err), row: refusesRow(err)}
}

// lastWords looks behind a broken connection for the error that the server
// sent before it hung up.
func (w *writer) lastWords(err error) error {
	var broken net.Error
	if !errors.As(err, &broken) {
		return nil
	}
	w.wire.conn.SetReadDeadline(time.Now().Add(time.Second))
	for range w.owed + 1 { // answers may come before the last words
		_, said := w.wire.await()
		var server *pgconn.PgError
		if errors.As(said, &server) {
			return said
		}
		if said != nil {
			return nil
		}
	}
	return nil
}

func (w *writer) Close() {
	w.release()
	w.wire.close()
}
