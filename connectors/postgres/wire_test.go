package postgres

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// message frames a message as a server does.
func message(kind byte, body string) string {
	return string(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body)))) + body
}

// canned is a connection on which the server says what it says, a byte at a
// time, and hears nothing.
type canned struct {
	net.Conn
	io.Reader
}

func (c canned) Read(b []byte) (int, error)  { return c.Reader.Read(b) }
func (c canned) Write(b []byte) (int, error) { return len(b), nil }

func cannedWire(says string) *wire {
	return &wire{conn: canned{nil, iotest.OneByteReader(strings.NewReader(says))}, in: make([]byte, 64)}
}

var (
	out   = message(msgCopyOut, "\x00\x00\x01\x00\x00")
	row   = message(msgCopyData, "a row\n")
	ready = message(msgReady, "T")
	fatal = message(msgError, "SFATAL\x00C57P01\x00Mgo away\x00\x00")
)

func complete(rows string) string {
	return message(msgCopyDone, "") + message(msgCommandComplete, "COPY "+rows+"\x00") + ready
}

// TestReaderBelievesNothing holds that a part is complete only where the server
// says that it is, and how many rows it had.
func TestReaderBelievesNothing(t *testing.T) {
	for _, tc := range []struct {
		name, says string
		rows       int
		want       string // of the error; empty for none
		retry      bool
	}{
		{"complete", out + row + row + complete("2"), 2, "", false},
		{"empty", out + complete("0"), 0, "", false},
		{"chatter", message(msgNotice, "SNOTICE\x00\x00") + out + row + message(msgParameter, "TimeZone\x00UTC\x00") + row + message(msgNotification, "0000a\x00b\x00") + complete("2"), 2, "", false},
		{"a row too few", out + row + complete("2"), 1, "sent 2 rows, but 1 arrived", false},
		{"a row too many", out + row + row + complete("1"), 2, "sent 1 rows, but 2 arrived", false},
		{"hung up in front of ready", out + row + message(msgCopyDone, "") + message(msgCommandComplete, "COPY 1\x00"), 1, "EOF", true},
		{"hung up in a row", out + row + row[:8], 1, "EOF", true},
		{"shut down", out + row + fatal, 1, "FATAL: go away", true},
		{"an error behind rows", out + row + message(msgError, "SERROR\x00C22012\x00Mby zero\x00\x00") + ready, 1, "by zero", false},
		{"an empty row of text", out + message(msgCopyData, "") + complete("1"), 0, "empty CopyData", false},
		{"another protocol", "HTTP/1.1 400 Bad Request", 0, "outside of row data", false},
		{"a message with a negative length", "d\x00\x00\x00\x01", 0, "not the PostgreSQL protocol", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &reader{wire: cannedWire(tc.says), release: func() bool { return true }}
			p := connectors.Part{Setting: policy.Setting{knobFormat: policy.EnumValue(formatText)}}
			if err := r.Start(context.Background(), p); err != nil {
				t.Fatal(err)
			}
			rows := 0
			b := connectors.Block{Data: make([]byte, 0, 4)}
			var err error
			for done := false; !done && err == nil; {
				done, err = r.Next(context.Background(), &b)
				rows += len(b.Ends)
			}
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) ||
				connectors.Retryable(err) != tc.retry || rows != tc.rows {
				t.Errorf("%d rows, error %v (Retryable %t), want %d rows, %q (%t)", rows, err, connectors.Retryable(err), tc.rows, tc.want, tc.retry)
			}
		})
	}
}

// TestWriterBelievesNothing holds that a part is not committed where the server
// took other rows than the source sent, or where the last one is not whole.
func TestWriterBelievesNothing(t *testing.T) {
	begun := message(msgCommandComplete, "BEGIN\x00") + message(msgCopyIn, "\x00\x00\x01\x00\x00")
	committed := message(msgCommandComplete, "INSERT 0 1\x00") + message(msgCommandComplete, "COMMIT\x00") + message(msgReady, "I")
	for _, tc := range []struct {
		name, says string
		ends       []int32
		want       string
	}{
		{"taken", begun + complete("1") + committed, []int32{6}, ""},
		{"one dropped", begun + complete("0") + committed, []int32{6}, "the source sent 1 rows, but the destination took 0"},
		{"half a row", begun + complete("1") + committed, nil, "in the middle of a row"},
		{"no mark", begun + complete("1") + message(msgError, "SERROR\x00C42501\x00Mdenied\x00\x00") + message(msgReady, "E"), []int32{6}, "denied"},
		{"hung up", begun + complete("1"), []int32{6}, "EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &writer{wire: cannedWire(tc.says), release: func() bool { return true }}
			ctx := context.Background()
			p := connectors.Part{Setting: policy.Setting{knobFormat: policy.EnumValue(formatText), knobFlush: policy.IntValue(1 << 20)}}
			if err := w.Begin(ctx, p); err != nil {
				t.Fatal(err)
			}
			if err := w.Write(ctx, &connectors.Block{Data: []byte("a row\n"), Ends: tc.ends}); err != nil {
				t.Fatal(err)
			}
			err := w.Commit(ctx, 1)
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

// TestWriterWaitsForEarlierStatements holds that an answer may be late by one COPY
// statement and no more, that none is overlooked, and that what is wrong with an
// earlier one is what the error says.
func TestWriterWaitsForEarlierStatements(t *testing.T) {
	begun := message(msgCommandComplete, "BEGIN\x00") + message(msgCopyIn, "\x00\x00\x01\x00\x00")
	next := message(msgCopyIn, "\x00\x00\x01\x00\x00") + complete("1")
	refused := message(msgError, "SERROR\x00C23514\x00Mviolates check\x00\x00") + message(msgReady, "E")
	aborted := message(msgError, "SERROR\x00C25P02\x00Mtransaction is aborted\x00\x00") + message(msgReady, "E")
	committed := message(msgCommandComplete, "INSERT 0 1\x00") + message(msgCommandComplete, "COMMIT\x00") + message(msgReady, "I")
	for _, tc := range []struct {
		name, says string
		rows       int // until there is an error
		want       string
	}{
		{"all taken", begun + complete("1") + next + next + committed, 3, ""},
		{"the first one refused", begun + refused + aborted + aborted, 1, "violates check"},
		{"the second one refused", begun + complete("1") + refused + aborted, 2, "violates check"},
		{"the last one refused", begun + complete("1") + next + refused, 3, "violates check"},
		{"one took less", begun + complete("1") + message(msgCopyIn, "\x00\x00\x01\x00\x00") + complete("0") + next + committed, 3, "the source sent 3 rows, but the destination took 2"},
		{"hung up", begun + complete("1"), 2, "EOF"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := &writer{wire: cannedWire(tc.says), release: func() bool { return true }}
			ctx := context.Background()
			p := connectors.Part{Setting: policy.Setting{knobFormat: policy.EnumValue(formatText), knobFlush: policy.IntValue(1)}}
			err := w.Begin(ctx, p)
			rows := 0
			for ; err == nil && rows < 3; rows++ {
				if err = w.Write(ctx, &connectors.Block{Data: []byte("a row\n"), Ends: []int32{6}}); err != nil {
					break
				}
			}
			if err == nil {
				err = w.Commit(ctx, 3)
			}
			if rows != tc.rows || (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%d rows, error %v, want %d, %q", rows, err, tc.rows, tc.want)
			}
		})
	}
}
