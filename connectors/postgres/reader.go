package postgres

import (
	"bytes"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Formats are COPY's, by the names that the servers have for them.
const (
	formatText   = "text"
	formatBinary = "binary"
)

// The destination's knobs.
const (
	knobFormat = "copy_format"
	knobFlush  = "copy_flush_bytes"
)

// formatOf is the form in which a part's rows travel. Rows that are looked at one
// by one are texts, so that people can read the bad ones.
func formatOf(p connectors.Part) string {
	if p.Sift != nil {
		return formatText
	}
	return p.Setting[knobFormat].Name
}

// reader is a source lane: one connection whose transaction sees the run's
// snapshot. It turns COPY's messages, one for each row, into blocks of rows.
type reader struct {
	wire    *wire
	release func() bool // of the part's interrupt

	binary bool
	header bool // the binary header is still to come
	body   int  // bytes left of the row that is being passed on
	rows   int64
	answer answer
}

// readerInput is the most that one read takes from the socket on the way into
// the input buffer. It stays within the processor's cache, from where the rows
// are copied on.
const readerInput = 128 << 10

func newReader(ctx context.Context, conn *pgx.Conn) (*reader, error) {
	w, err := takeWire(ctx, conn, readerInput)
	if err != nil {
		return nil, wrap("take over the source connection", err)
	}
	return &reader{wire: w, release: func() bool { return true }}, nil
}

// copyOut is the statement that reads a part. Reading the table by its name
// spares the server a plan and the executor.
func copyOut(p connectors.Part) string {
	format := " TO STDOUT (FORMAT " + formatOf(p) + ")"
	if p.Whole && p.Columns != "" { // a list of no columns is a syntax error here, and legal below
		return "COPY " + p.Relation + " (" + p.Columns + ")" + format
	}
	query := "SELECT " + p.Columns + " FROM " + p.Relation
	if p.Predicate != "" {
		query += " WHERE " + p.Predicate
	}
	return "COPY (" + query + ")" + format
}

func (r *reader) Start(ctx context.Context, p connectors.Part) error {
	r.release()
	r.release = r.wire.interrupt(ctx)
	r.binary = formatOf(p) == formatBinary
	r.header, r.body, r.rows, r.answer = r.binary, 0, 0, answer{}
	r.wire.busy = true
	_, err := r.wire.conn.Write(appendQuery(nil, copyOut(p)))
	return r.failed(ctx, err)
}

func (r *reader) Next(ctx context.Context, b *connectors.Block) (done bool, err error) {
	b.Reset()
	for len(b.Data) < cap(b.Data) {
		if r.body > 0 {
			err = r.row(b)
		} else {
			done, err = r.message()
		}
		if err != nil {
			return false, r.failed(ctx, err)
		}
		if done {
			break
		}
	}
	if len(b.Data) > 0 {
		return false, nil // the next call finds r.answer again
	}
	r.release()
	r.wire.busy = false
	return true, nil
}

// row passes on what is there of a row, and marks its end.
func (r *reader) row(b *connectors.Block) error {
	room := min(r.body, cap(b.Data)-len(b.Data))
	var n int
	switch {
	case r.wire.unread() > 0:
		n = min(room, r.wire.unread())
		b.Data = append(b.Data, r.wire.in[r.wire.r:r.wire.r+n]...)
		r.wire.r += n
	case room >= readerInput: // of a long row: straight from the socket
		got, err := r.wire.conn.Read(b.Data[len(b.Data) : len(b.Data)+room])
		if got == 0 && err != nil {
			return unexpected(err)
		}
		n = got
		b.Data = b.Data[:len(b.Data)+n]
	default:
		return r.wire.fill(1)
	}
	r.body -= n
	if r.body == 0 {
		r.rows++
		b.Ends = append(b.Ends, int32(len(b.Data)))
	}
	return nil
}

// message begins the next message. It reports whether the part is complete.
func (r *reader) message() (done bool, err error) {
	if r.answer.ready {
		return true, nil
	}
	kind, n, err := r.wire.header()
	if err != nil {
		return false, hungUp(r.answer.err, err)
	}
	if kind == msgCopyData {
		r.body = n
		return false, r.frame()
	}
	if err := r.wire.control(kind, n, &r.answer); err != nil || !r.answer.ready {
		return false, err
	}
	if r.answer.err != nil {
		return false, r.answer.err
	}
	if r.answer.copied != r.rows {
		return false, fmt.Errorf("the source says it sent %d rows, but %d arrived", r.answer.copied, r.rows)
	}
	return true, nil
}

// frame takes from the beginning of a message what binary COPY has around its
// rows: the header before the first, in the same message, and the trailer
// behind the last.
func (r *reader) frame() error {
	if !r.binary {
		if r.body == 0 { // cannot be: a row of text ends in a line feed
			return fmt.Errorf("an empty CopyData message")
		}
		return nil
	}
	if r.header {
		if err := r.stripHeader(); err != nil || r.body == 0 {
			return err
		}
	}
	if r.body == len(binaryTrailer) {
		if err := r.need(len(binaryTrailer)); err != nil {
			return err
		}
		if bytes.Equal(r.wire.in[r.wire.r:r.wire.r+len(binaryTrailer)], binaryTrailer) {
			r.wire.r += len(binaryTrailer)
			r.body = 0
		}
	}
	return nil
}

// stripHeader takes the binary header off. No server has ever put anything
// into its extension; one that did would need another reader.
func (r *reader) stripHeader() error {
	if r.body < len(binaryHeader) {
		return fmt.Errorf("a binary COPY begins with %d bytes, not %d", r.body, len(binaryHeader))
	}
	if err := r.need(len(binaryHeader)); err != nil {
		return err
	}
	head := r.wire.in[r.wire.r : r.wire.r+len(binaryHeader)]
	if !bytes.Equal(head, binaryHeader) {
		return fmt.Errorf("a binary COPY begins with %x", head)
	}
	r.wire.r += len(binaryHeader)
	r.body -= len(binaryHeader)
	r.header = false
	return nil
}

// need buffers n bytes of the message.
func (r *reader) need(n int) error {
	if r.wire.unread() >= n {
		return nil
	}
	return r.wire.fill(n)
}

// failed says that reading failed, in the words of ctx where that is why.
func (r *reader) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	r.release()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return wrap("read from the source", err)
}

// Session is the server's process.
func (r *reader) Session() uint32 { return r.wire.session }

func (r *reader) Close() {
	r.release()
	r.wire.close()
}
