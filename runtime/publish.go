package runtime

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapidbyte/rbt/connectors"
)

// publishers is how many streams are published at once. Most of it is the
// server's work, which the destination bounds; hundreds of small tables need
// a few round trips each.
const publishers = 4

// publisher publishes tasks until there are none.
func (r *run) publisher(ctx context.Context, snap connectors.Snapshot, b *board) error {
	for {
		t, ok := b.toPublish()
		if !ok {
			return nil
		}
		r.emit(StreamLoaded{Stream: t.name(), Rows: t.rows.Load(), Bytes: t.bytes.Load(), Took: t.loadTime, Looks: t.looks.sum()})
		if err := r.publish(ctx, snap, b, t); err != nil {
			b.fails(ctx, t)
			return fmt.Errorf("%s: %w", t.name(), err)
		}
	}
}

// publish makes a loaded task's rows visible.
func (r *run) publish(ctx context.Context, snap connectors.Snapshot, b *board, t *task) error {
	loaded := connectors.Loaded{Generation: t.generation, Parts: len(t.issued)}
	var deleted int64
	err := r.verify(ctx, snap, t)
	if err == nil {
		deleted, err = retry(ctx, r, t.name(), "publish", func() (int64, error) {
			return r.load.Publish(ctx, t.plan.Target, loaded, func(step string) {
				r.emit(PublishStep{Stream: t.name(), Step: step})
			})
		})
	}
	if errors.Is(err, connectors.ErrUndone) {
		undone, err := r.undone(ctx, t)
		if err != nil {
			return err
		}
		r.emit(Notice{Stream: t.name(), Text: fmt.Sprintf("the destination lost %d parts that it had committed (it crashed): they are copied again", len(undone))})
		b.again(t, undone)
		return nil
	}
	if err != nil {
		return err
	}
	rejected, err := r.rejects(ctx, t)
	if err != nil {
		return err
	}
	t.rows.Add(-rejected.publishing)
	if t.rejected = rejected.loading + rejected.publishing; t.rejected > 0 {
		r.note(t.name(), rejectsText(t.rejected, rejected.loading > 0 && t.plan.Stream.Spec.Deleted != connectors.KeepDeleted))
	}
	if deleted > 0 {
		r.note(t.name(), deletedText(deleted, t.plan.Stream.Spec.Deleted))
	}
	b.isPublished(t)
	s := t.summary(statusDone)
	r.emit(StreamDone{Stream: s.Stream, Rows: s.Rows, Bytes: s.Bytes, Rejected: s.Rejected, Load: s.Load, Publish: s.Publish})
	return nil
}

// rejectsText tells people of rows that were put aside.
func rejectsText(n int64, keptDeleted bool) string {
	text := fmt.Sprintf("the destination refused %d rows, which were put aside: rbt rejects list says why", n)
	if n == 1 {
		text = "the destination refused 1 row, which was put aside: rbt rejects list says why"
	}
	if keptDeleted {
		text += "; what the source does not have any more was left as it is, since a row that was put aside is not gone"
	}
	return text
}

// deletedText tells people of rows that the source has no more.
func deletedText(n int64, how connectors.Deleted) string {
	rows, verb := fmt.Sprintf("%d rows that the source does not have any more were ", n), "deleted"
	if n == 1 {
		rows = "1 row that the source does not have any more was "
	}
	if how == connectors.MarkDeleted {
		verb = "marked as deleted"
	}
	return rows + verb
}

// rejects are rows of a task that were put aside.
type rejects struct{ loading, publishing int64 }

// String goes behind a number of staged rows; it is empty where none was put aside.
func (n rejects) String() string {
	if n.loading == 0 {
		return ""
	}
	return fmt.Sprintf(" and %d put aside", n.loading)
}

// rejects counts the rows of a task that the destination has put aside.
func (r *run) rejects(ctx context.Context, t *task) (rejects, error) {
	if t.plan.Stream.Spec.Rejects == nil {
		return rejects{}, nil
	}
	return retry(ctx, r, t.name(), "count the rejects", func() (n rejects, err error) {
		n.loading, n.publishing, err = r.load.Rejected(ctx, t.name(), t.generation)
		return n, err
	})
}

// undone returns the parts that the destination's books do not know, and counts
// the rows of the others.
func (r *run) undone(ctx context.Context, t *task) ([]connectors.Part, error) {
	marks, err := r.marks(ctx, t)
	if err != nil {
		return nil, err
	}
	var undone []connectors.Part
	var left connectors.Committed
	for _, p := range t.issued {
		part, done := marks[p.Mark]
		if !done {
			undone = append(undone, p)
		}
		left.Rows += part.Rows
		left.Bytes += part.Bytes
	}
	if len(undone) == 0 {
		return nil, fmt.Errorf("the books know %d parts, but %d were cut", len(marks), len(t.issued))
	}
	t.rows.Store(left.Rows)
	t.bytes.Store(left.Bytes - t.kept.Bytes) // of this moment only
	rejected, err := r.rejects(ctx, t)
	if err != nil {
		return nil, err
	}
	t.aside.Store(rejected.loading)
	return undone, nil
}

// marks reads a task's marks.
func (r *run) marks(ctx context.Context, t *task) (map[int64]connectors.Committed, error) {
	return retry(ctx, r, t.name(), "read the marks", func() (map[int64]connectors.Committed, error) {
		return r.load.Marks(ctx, t.name(), t.generation)
	})
}
