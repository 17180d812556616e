package postgres

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
)

// Message types of the PostgreSQL protocol, version 3, that COPY uses.
const (
	msgQuery           = 'Q'
	msgCopyData        = 'd'
	msgCopyDone        = 'c'
	msgCopyIn          = 'G'
	msgCopyOut         = 'H'
	msgCommandComplete = 'C'
	msgReady           = 'Z'
	msgError           = 'E'
	msgNotice          = 'N'
	msgParameter       = 'S'
	msgNotification    = 'A'
	msgTerminate       = 'X'
)

const (
	// messageHeader is a type byte and a length that counts itself.
	messageHeader = 5
	// maxControl bounds a message that is not row data. The longest, an error
	// with its context, is a few KiB.
	maxControl = 1 << 20
)

// binaryHeader begins every binary COPY: signature, flags, no extension.
var binaryHeader = []byte("PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00")

// binaryTrailer ends it, in the place of a row's number of fields.
var binaryTrailer = []byte{0xff, 0xff}

// wire is a connection whose bytes we read and write ourselves: pgx relays
// COPY row by row, and allocates whole rows, of up to 1 GB.
type wire struct {
	conn net.Conn
	in   []byte // the input buffer
	r, w int    // its unread bytes are in[r:w]
	busy bool   // in the middle of a part

	session uint32 // the server's process
}

// takeWire takes over the bytes of an idle connection, with an input buffer of
// the size.
func takeWire(ctx context.Context, conn *pgx.Conn, size int) (*wire, error) {
	if err := conn.PgConn().SyncConn(ctx); err != nil {
		return nil, err
	}
	return &wire{conn: conn.PgConn().Conn(), in: make([]byte, size), session: backendOf(conn)}, nil
}

// interrupt makes every read and write fail once ctx ends. The function that
// it returns calls that off.
func (c *wire) interrupt(ctx context.Context) (release func() bool) {
	return context.AfterFunc(ctx, func() { c.conn.SetDeadline(time.Unix(1, 0)) })
}

// close hangs up: with a goodbye between two parts, so that the server does not
// log a fault, and in the middle of one without. TLS has a goodbye of its own,
// which a server that does not read would keep waiting.
func (c *wire) close() {
	if !c.busy {
		c.conn.SetDeadline(time.Now().Add(goodbye))
		_, _ = c.conn.Write([]byte{msgTerminate, 0, 0, 0, 4})
	} else if secure, ok := c.conn.(*tls.Conn); ok {
		secure.NetConn().Close()
	}
	c.conn.Close()
}

// unread is how many bytes are buffered.
func (c *wire) unread() int { return c.w - c.r }

// fill reads until at least n bytes are buffered; n is small.
func (c *wire) fill(n int) error {
	if c.r > 0 {
		c.w = copy(c.in, c.in[c.r:c.w])
		c.r = 0
	}
	for c.w < n {
		got, err := c.conn.Read(c.in[c.w:])
		c.w += got
		if err != nil && c.w < n {
			return unexpected(err)
		}
	}
	return nil
}

// unexpected is the error of a connection that ended where more had to come.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header reads the next message's type and the length of its body.
func (c *wire) header() (kind byte, body int, err error) {
	if c.unread() < messageHeader {
		if err := c.fill(messageHeader); err != nil {
			return 0, 0, err
		}
	}
	kind = c.in[c.r]
	body = int(binary.BigEndian.Uint32(c.in[c.r+1:])) - 4
	c.r += messageHeader
	if body < 0 {
		return 0, 0, fmt.Errorf("message %q of length %d: not the PostgreSQL protocol", kind, body)
	}
	return kind, body, nil
}

// body reads the body of a message that is not row data.
func (c *wire) body(n int) ([]byte, error) {
	if n > maxControl {
		return nil, fmt.Errorf("a message of %d bytes outside of row data", n)
	}
	out := make([]byte, n)
	for got := 0; got < n; {
		if c.unread() == 0 {
			if err := c.fill(1); err != nil {
				return nil, err
			}
		}
		m := copy(out[got:], c.in[c.r:c.w])
		c.r += m
		got += m
	}
	return out, nil
}

// answer is what a server said to one query, up to its ready message.
type answer struct {
	copied int64 // sum of the COPY commands' row counts
	err    error // the server's error
	ready  bool  // nothing more will come
}

// control takes one message that is not row data into a.
func (c *wire) control(kind byte, n int, a *answer) error {
	body, err := c.body(n)
	if err != nil {
		return err
	}
	switch kind {
	case msgReady:
		a.ready = true
	case msgCommandComplete:
		a.copied += copiedRows(body)
	case msgError:
		a.err = serverError(body)
	case msgCopyIn, msgCopyOut, msgCopyDone, msgNotice, msgParameter, msgNotification:
	default:
		return fmt.Errorf("message %q in the middle of a COPY", kind)
	}
	return nil
}

// await reads messages up to the server's ready. The server's own error comes
// back as such; anything else means that the connection is of no more use.
func (c *wire) await() (copied int64, err error) {
	var a answer
	for !a.ready {
		kind, n, err := c.header()
		if err != nil {
			return 0, hungUp(a.err, err)
		}
		if err := c.control(kind, n, &a); err != nil {
			return 0, err
		}
	}
	return a.copied, a.err
}

// hungUp is the error of a connection that ended: the server's last words,
// where it had any, explain it.
func hungUp(said, err error) error {
	if said != nil {
		return said
	}
	return err
}

// copiedRows reads a COPY command's tag: "COPY 1234"; 0 for other commands.
func copiedRows(body []byte) int64 {
	tag := strings.TrimSuffix(string(body), "\x00")
	count, ok := strings.CutPrefix(tag, "COPY ")
	if !ok {
		return 0
	}
	n, _ := strconv.ParseInt(count, 10, 64)
	return n
}

// serverError decodes an ErrorResponse.
func serverError(body []byte) error {
	var msg pgproto3.ErrorResponse
	if err := msg.Decode(body); err != nil {
		return err
	}
	return pgconn.ErrorResponseToPgError(&msg)
}

// appendQuery appends a simple query to out.
func appendQuery(out []byte, sql string) []byte {
	out = append(out, msgQuery)
	out = binary.BigEndian.AppendUint32(out, uint32(4+len(sql)+1))
	out = append(out, sql...)
	return append(out, 0)
}

// appendDataHeader appends the frame of a CopyData message of n bytes.
func appendDataHeader(out []byte, n int) []byte {
	out = append(out, msgCopyData)
	return binary.BigEndian.AppendUint32(out, uint32(4+n))
}
