package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/connectors"
)

// A lane moves rows in blocks: while one is written the next ones are read.
// Four blocks of 256 KiB keep reader and writer from waiting for each other's
// hiccups; more or larger ones move nothing faster and leave the processor's
// cache.
const (
	blockBytes    = 256 << 10
	blocksPerLane = 4
)

// laneMemory bounds what a lane allocates: its blocks, the offsets of row ends
// in them (at most one a byte, four bytes each), and the connections' buffers.
const laneMemory = blocksPerLane*(blockBytes+4*blockBytes) + blockBytes

// lane is one source connection that feeds one destination connection. It
// opens them when it has work, and again after an error.
type lane struct {
	run    *run
	board  *board
	snap   connectors.Snapshot
	number int
	reader connectors.Reader
	writer connectors.Writer
	free   chan *connectors.Block

	reads, writes atomic.Bool // it waits for the one side, or for the other
}

// lane does jobs until there are none.
func (r *run) lane(ctx context.Context, snap connectors.Snapshot, b *board, number int) error {
	l := &lane{run: r, board: b, snap: snap, number: number}
	defer l.close()
	for {
		j, ok := b.claim(number)
		if !ok {
			return nil
		}
		if err := l.do(ctx, j); err != nil {
			b.fails(ctx, j.task)
			return fmt.Errorf("%s: %w", j.task.name(), err)
		}
	}
}

func (l *lane) do(ctx context.Context, j job) error {
	switch j.do {
	case toOpen:
		return l.run.open(ctx, l.snap, l.board, j.task)
	case toCut:
		return l.run.cut(ctx, l.board, j.task)
	}
	err := l.copy(ctx, j)
	if none := new(dispensable); errors.As(err, &none) {
		if l.board.giveBack(j, none.after) {
			l.run.note("", fmt.Sprintf("no more lanes for a while: %v", none.because))
		}
		return nil
	}
	if err != nil {
		return err
	}
	l.board.copied(j)
	return j.task.holdCeiling()
}

// copy copies a part, again and again until it is committed or cannot be.
func (l *lane) copy(ctx context.Context, j job) error {
	tried := false
	_, err := retry(ctx, l.run, j.task.name(), "copy a part", func() (struct{}, error) {
		if tried {
			done, err := l.committed(ctx, j)
			if done || err != nil {
				return struct{}{}, err
			}
		}
		tried = true
		err := l.try(ctx, j)
		if j.part.Sift == nil && j.task.sifts(err) {
			j.part.Sift = j.task.sift()
			if j.task.sifted.CompareAndSwap(false, true) {
				l.run.emit(Notice{Stream: j.task.name(), Text: "the destination refuses a row: parts with such rows are copied again without them, and they are put aside"})
			}
			err = l.try(ctx, j)
		}
		return struct{}{}, err
	})
	return err
}

// committed reports whether an earlier try was committed after all: its
// connection may have been lost with the answer.
func (l *lane) committed(ctx context.Context, j job) (bool, error) {
	marks, err := l.run.load.Marks(ctx, j.part.Stream, j.part.Generation)
	if err != nil {
		return false, err
	}
	part, done := marks[j.part.Mark]
	if done {
		j.task.rows.Add(part.Rows)
		j.task.bytes.Add(part.Bytes)
		l.run.emit(PartDone{Part: j.part, Lane: l.number, Rows: part.Rows, Bytes: part.Bytes})
	}
	return done, nil
}

// try copies a part once.
func (l *lane) try(ctx context.Context, j job) error {
	began := time.Now()
	done := PartDone{Part: j.part, Lane: l.number}
	err := l.open(ctx)
	opened := err == nil
	if opened {
		l.board.begins(l.number, errand{j.task, l.reader.Session(), l.writer.Session(), &l.reads, &l.writes})
		err = l.relay(ctx, j, &done)
		l.board.ends(l.number)
	}
	if err != nil {
		// What arrived of the part went with its transaction.
		j.task.rows.Add(-done.Rows)
		j.task.bytes.Add(-done.Bytes)
		l.close()
		class := connectors.ErrorClass(err)
		if j.task.sifts(err) {
			j.window.badRow()
		} else {
			j.window.failed(class)
		}
		if !opened && l.board.linked() >= enough(class, j.task) {
			return &dispensable{err, time.Since(began)}
		}
		return err
	}
	done.Duration = time.Since(began)
	l.run.emit(done)
	return nil
}

// dispensable is the error of a lane that got no connection, and need not have
// one: others copy its part. It hides its reason, which could be tried again.
type dispensable struct {
	because error
	after   time.Duration
}

func (e *dispensable) Error() string { return e.because.Error() }

// enough is how many lanes with connections make another one dispensable that
// gets none, for an error of that class.
func enough(class string, t *task) int {
	switch class {
	case "53": // the server has no connection left: as many as there would be without tuning
		return t.baselineLanes()
	case "55": // a lock time-out: somebody waits to change a table until the run has ended
		return 1
	}
	return math.MaxInt // it may pass
}

// open opens the connections that the lane lacks.
func (l *lane) open(ctx context.Context) (err error) {
	if l.reader == nil {
		if l.reader, err = l.snap.Reader(ctx); err != nil {
			return err
		}
	}
	if l.writer == nil {
		if l.writer, err = l.run.load.Writer(ctx); err != nil {
			return err
		}
	}
	l.board.link(l.number)
	if l.free == nil {
		l.free = make(chan *connectors.Block, blocksPerLane)
		for range blocksPerLane {
			l.free <- &connectors.Block{Data: make([]byte, 0, blockBytes)}
		}
	}
	return nil
}

// close hangs up. Blocks may be lost with an error, so they go too.
func (l *lane) close() {
	l.board.unlink(l.number)
	if l.reader != nil {
		l.reader.Close()
	}
	if l.writer != nil {
		l.writer.Close()
	}
	l.reader, l.writer, l.free = nil, nil, nil
}

// relay copies a part from the reader to the writer.
func (l *lane) relay(ctx context.Context, j job, done *PartDone) error {
	g, ctx := errgroup.WithContext(ctx)
	full := make(chan *connectors.Block, blocksPerLane)
	g.Go(func() error { return l.read(ctx, j, full, done) })
	g.Go(func() error { return l.write(ctx, j, full, done) })
	return g.Wait()
}

// read fills free blocks. It closes full when the part is complete, and only
// then: the writer commits behind the last block.
func (l *lane) read(ctx context.Context, j job, full chan<- *connectors.Block, done *PartDone) error {
	if err := l.reader.Start(ctx, j.part); err != nil {
		return err
	}
	for {
		var b *connectors.Block
		select {
		case b = <-l.free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		began := time.Now()
		l.reads.Store(true)
		last, err := l.reader.Next(ctx, b)
		l.reads.Store(false)
		wait := time.Since(began)
		done.SourceWait += wait
		j.window.waited(flow{sourceWait: wait})
		if err != nil {
			return err
		}
		if last {
			l.free <- b
			close(full)
			return nil
		}
		full <- b // never blocks: it holds every block there is
	}
}

// write writes full blocks and commits the part behind the last one.
func (l *lane) write(ctx context.Context, j job, full <-chan *connectors.Block, done *PartDone) error {
	if err := l.writer.Begin(ctx, j.part); err != nil {
		return err
	}
	for {
		select {
		case <-ctx.Done(): // reading failed
			return context.Cause(ctx)
		case b, more := <-full:
			if !more {
				return l.commit(ctx, j, done)
			}
			began := time.Now()
			l.writes.Store(true)
			err := l.writer.Write(ctx, b)
			l.writes.Store(false)
			if err != nil {
				return err
			}
			l.count(j, b, done, time.Since(began))
			l.free <- b
		}
	}
}

// commit ends the part. When all of its rows have arrived, the lane has nothing
// more to do for the part's window.
func (l *lane) commit(ctx context.Context, j job, done *PartDone) error {
	l.writes.Store(true)
	defer l.writes.Store(false)
	err := l.writer.Flush(ctx)
	j.window.waited(l.flushes(done))
	if err == nil {
		l.board.dry(j)
		err = l.writer.Commit(ctx, done.Rows)
	}
	stats := l.writer.Stats()
	done.CommitTime = stats.CommitTime
	if err == nil && stats.Rejected > 0 {
		done.Rejected = stats.Rejected
		done.Rows -= stats.Rejected
		j.task.aside.Add(stats.Rejected)
		j.task.refusal.Store(stats.Refusal)
		j.task.rows.Add(-stats.Rejected)
	}
	return err
}

// count counts a block that was written within the time.
func (l *lane) count(j job, b *connectors.Block, done *PartDone, took time.Duration) {
	f := l.flushes(done)
	f.rows, f.bytes, f.writeWait = int64(len(b.Ends)), int64(len(b.Data)), took-f.flushWait
	done.Rows += f.rows
	done.Bytes += f.bytes
	done.WriteWait += f.writeWait
	j.task.rows.Add(f.rows)
	j.task.bytes.Add(f.bytes)
	j.window.wrote(l.number, f, l.writer)
}

// flushes are the part's flushes since the last call.
func (l *lane) flushes(done *PartDone) flow {
	stats := l.writer.Stats()
	f := flow{flushes: stats.Flushes - done.Flushes, flushWait: stats.FlushTime - done.FlushTime}
	done.Flushes, done.FlushTime = stats.Flushes, stats.FlushTime
	return f
}
