package connectors

import (
	"context"
	"errors"
	"time"
)

// ErrSnapshotLost says that the source no longer has the moment that the run
// reads. It is not worth retrying with the same Snapshot.
var ErrSnapshotLost = errors.New("the source's snapshot is lost")

// Source is a database to copy from. Its methods may be called at once from
// several goroutines.
type Source interface {
	Knobs
	// Tables lists what there is to copy.
	Tables(ctx context.Context) ([]TableInfo, error)
	// Room is how many more connections the server would take now; -1 where
	// that is unknown.
	Room(ctx context.Context) (int, error)
	// Snapshot holds one consistent moment, until it is closed. Where the streams
	// that will be described have a Cursor, it first finds out up to where they
	// can be read without missing rows whose transactions are still under way.
	Snapshot(ctx context.Context, specs []StreamSpec) (Snapshot, error)
}

// Snapshot is one moment of a source. Its methods may be called at once from
// several goroutines.
type Snapshot interface {
	// ID names the moment as others can import it.
	ID() string
	// Describe finds out about the streams. A stream that cannot be read is a
	// *StreamError; all of them are returned at once, joined.
	Describe(ctx context.Context, specs []StreamSpec) ([]*Stream, error)
	// Cutter hands out a stream's rows as parts. columns are those to read,
	// in order. state is what Cutter.State returned in an earlier attempt, nil
	// to begin.
	Cutter(ctx context.Context, s *Stream, columns []string, state []byte) (Cutter, error)
	// Sum counts the rows of the stream that the run reads, and for a checksum adds
	// up their hashes.
	Sum(ctx context.Context, t *Target, how Verify) (Sum, error)
	// Reader opens a connection that sees this moment. It returns
	// ErrSnapshotLost where no connection can any more.
	Reader(ctx context.Context) (Reader, error)
	// Hold keeps the moment alive while connections come and go. It returns
	// ErrSnapshotLost when it is gone for good, and nil when ctx ends.
	Hold(ctx context.Context) error
	// Ping is how long the source takes to answer a question that asks nothing,
	// beside the lanes and without waiting for any other work of the snapshot. It
	// is cheap enough to be called several times in a window, and bounded to a
	// few seconds where the server does not answer. Its error says only that the
	// time is not known.
	Ping(ctx context.Context) (time.Duration, error)
	// Idle says which of the Readers' sessions do nothing at this moment, but wait for
	// their rows to be taken or for the next question. Sessions that the source does
	// not know are left out. It is asked as Ping is.
	Idle(ctx context.Context, sessions []uint32) (map[uint32]bool, error)
	Close(ctx context.Context) error
}

// Cutter hands out a stream's rows as parts: every row is in exactly one of
// them, whatever modes it is asked for in turn. Not for concurrent use.
type Cutter interface {
	// Take cuts the next parts. The last of the stream's rows are taken when
	// it returns none. Relation, Columns, Predicate, Whole, Snapshot and Bytes
	// of the parts are set.
	Take(ctx context.Context, c Cut) ([]Part, error)
	// Remaining estimates the bytes that are not taken yet.
	Remaining() int64
	// State says as plain data what is taken, for Snapshot.Cutter.
	State() ([]byte, error)
}

// Reader is one source connection. Not for concurrent use.
type Reader interface {
	// Start begins to read a part.
	Start(ctx context.Context, p Part) error
	// Next fills b with the next rows of the part. It reports done, and leaves b
	// empty, when there are no more and the source has confirmed how many it
	// sent. After an error the reader is of no more use.
	Next(ctx context.Context, b *Block) (done bool, err error)
	// Session is what the source calls the connection, for Snapshot.Idle.
	Session() uint32
	Close()
}
