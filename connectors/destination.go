package connectors

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Destination is a database to copy to.
type Destination interface {
	Knobs
	// Room is how many more connections the server would take now; -1 where
	// that is unknown.
	Room(ctx context.Context) (int, error)
	// Targets says what the streams would become. It changes nothing.
	Targets(ctx context.Context, streams []*Stream) ([]*Target, error)
	// Positions is where the pipeline's incremental streams stand, by stream name.
	Positions(ctx context.Context, pipeline string) (map[string]Position, error)
	// Begin takes the pipeline's lock and opens its books. It returns a
	// *LockedError where another process has the lock.
	Begin(ctx context.Context, r Run) (Load, error)
}

// Run is who asks for a load.
type Run struct {
	ID       string // for a new run; an unfinished one is taken up under its own
	Pipeline string
	Version  string // of rbt
	// Restart leaves nothing of an unfinished run but what it has published.
	Restart bool
	// Locked is called as soon as the pipeline's lock is held: from then on no other
	// run of it changes anything, while its books are yet to be opened. It must not
	// block. Nil calls nothing.
	Locked func()
}

// Attempt is which run a load belongs to.
type Attempt struct {
	RunID  string
	Number int // 1, or more where an unfinished run is taken up
	// Streams is what the earlier attempts left, by stream name.
	Streams map[string]StreamState
}

// StreamState is what the destination's books say of a stream.
type StreamState struct {
	Generation  int
	Published   bool
	PublishedAt time.Time
	Rows        int64
	Rejected    int64 // rows of this generation that were put aside
	// Plan is what Note was given for this generation.
	Plan []byte
	// Definition tells whether the stream is still the same.
	Definition string
}

// Committed is what the destination has of a part.
type Committed struct{ Rows, Bytes int64 }

// LockedError says who holds a pipeline's lock.
type LockedError struct {
	Pipeline string
	Holder   string // process, host, since when: for people
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("pipeline %q is already running: %s", e.Pipeline, e.Holder)
}

// Load is a run's session on the destination, which holds the pipeline's lock.
// Its methods may be called at once from several goroutines.
type Load interface {
	Attempt() Attempt
	// Stage readies an empty staging table for the stream under the next
	// generation, or, with keep, takes up the one that the books know. It
	// returns the Generation and what goes into Part.Into.
	Stage(ctx context.Context, t *Target, keep bool) (generation int, into string, err error)
	// Note writes the plan of a stream that may be continued into the books.
	Note(ctx context.Context, stream string, generation int, plan []byte) error
	// NoteTuning writes what became of tuning streams into the books. Called
	// again with the same, it changes nothing. Numbers that are not finite are an
	// error. It is called once at a time for a stream.
	NoteTuning(ctx context.Context, tunings ...Tuning) error
	// Writer opens a connection for a lane.
	Writer(ctx context.Context) (Writer, error)
	// Marks returns what each part holds that is committed for good.
	Marks(ctx context.Context, stream string, generation int) (map[int64]Committed, error)
	// Vitals reads what the destination says of itself, beside the lanes and
	// without waiting for any other work of the load. It is cheap enough to be
	// called around every window, and bounded to a few seconds where the server
	// does not answer. What it cannot read it names; the only error is ctx's own.
	Vitals(ctx context.Context) (Vitals, error)
	// Idle says which of the Writers' sessions do nothing at this moment, but wait for
	// rows or for the next question. Sessions that the destination does not know
	// are left out. It is asked as Vitals is; its error says only that nobody knows.
	Idle(ctx context.Context, sessions []uint32) (map[uint32]bool, error)
	// Sum does the same as Snapshot.Sum with the staged rows of a generation.
	Sum(ctx context.Context, t *Target, generation int, how Verify) (Sum, error)
	// Rejected counts the rows of a generation that the destination has put aside:
	// of parts, and when the rows were to become visible.
	Rejected(ctx context.Context, stream string, generation int) (loading, publishing int64, err error)
	// Publish builds what the staging table lacks and makes its rows visible, and
	// with them the stream's Position, unless a check of the stream does not hold.
	// It returns ErrUndone where the books do not know all parts. Called again after
	// an error it goes on where it was. deleted is how many rows of an upsert the
	// target had that the source has no more, and that were deleted or marked now; it is
	// for people, and 0 where only the answer to an earlier call was lost.
	Publish(ctx context.Context, t *Target, l Loaded, progress func(step string)) (deleted int64, err error)
	// Finish closes the books. Foreign keys between the published tables are
	// added here. After an error that may pass it can be called again.
	Finish(ctx context.Context, o Outcome) error
	// Close gives the lock back and closes all connections, where Finish has
	// not done so.
	Close()
}

// Loaded is what a staging table must hold to be published.
type Loaded struct {
	Generation int
	Parts      int // every part that was cut, each with a mark of its own
}

// ErrUndone says that parts which were committed are not there any more: a crash
// of the destination may undo the last ones, rows and marks together. Marks
// tells which.
var ErrUndone = errors.New("the destination lost parts that it had committed")

// Outcome is how a run ended.
type Outcome struct {
	Status string // "done", "failed", "interrupted"
	Error  string
	// OneMoment says that all tables show the same moment of the source; Notes
	// say why where they do not.
	OneMoment bool
	Notes     []string
	Snapshot  string
}

// Writer is one destination connection. Not for concurrent use. After an
// error it is of no more use, and nothing of an uncommitted part remains.
type Writer interface {
	// Begin starts a part's transaction.
	Begin(ctx context.Context, p Part) error
	// Write sends rows on. It ends the server's COPY and begins the next one
	// each time the part's FlushBytes are passed, at the end of a row. It need not
	// wait for the rows of the COPY that it ends, but does for those before.
	Write(ctx context.Context, b *Block) error
	// Flush waits until the destination has taken every row so far, at the end of
	// a row.
	Flush(ctx context.Context) error
	// Commit flushes what is not flushed, and commits the part's rows together
	// with its mark. It fails where the server counts other rows than rows, those
	// that were put aside among them.
	Commit(ctx context.Context, rows int64) error
	// Stats is what the part has cost since its Begin; behind Commit or an
	// error it keeps the last numbers, until the next Begin. It only reads
	// memory, so that it can be asked behind every Write.
	Stats() WriteStats
	// Queued is how many of the bytes that Write took wait on this side, as far
	// as the system tells: a socket takes megabytes before it makes its writer
	// wait. It may be called while another method is at work.
	Queued() int64
	// Session is what the destination calls the connection, for Load.Idle.
	Session() uint32
	Close()
}
