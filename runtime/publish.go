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

// errUndone says that parts were lost in a crash of the destination.
var errUndone = errors.New("parts are undone")

// publisher publishes tasks until there are none.
func (r *run) publisher(ctx context.Context, b *board) error {
	for {
		t, ok := b.toPublish()
		if !ok {
			return nil
		}
		r.emit(StreamLoaded{Stream: t.name(), Rows: t.rows.Load(), Bytes: t.bytes.Load(), Took: t.loadTime})
		if err := r.publish(ctx, b, t); err != nil {
			return fmt.Errorf("%s: %w", t.name(), err)
		}
	}
}

// publish makes a loaded task's rows visible.
func (r *run) publish(ctx context.Context, b *board, t *task) error {
	var undone []connectors.Part
	_, err := retry(ctx, r, t.name(), "publish", func() (struct{}, error) {
		var err error
		// Also after an error: it may have been the crash that undid parts.
		if undone, err = r.reconcile(ctx, t); err != nil {
			return struct{}{}, err
		}
		if len(undone) > 0 {
			return struct{}{}, errUndone
		}
		return struct{}{}, r.load.Publish(ctx, t.plan.Target, t.generation, func(step string) {
			r.emit(PublishStep{Stream: t.name(), Step: step})
		})
	})
	if errors.Is(err, errUndone) {
		r.emit(Notice{Stream: t.name(), Text: fmt.Sprintf("the destination lost %d parts that it had committed (it crashed): they are copied again", len(undone))})
		b.again(t, undone)
		return nil
	}
	if err != nil {
		return fmt.Errorf("publish: %w", err)
	}
	b.isPublished(t)
	s := t.summary(statusDone)
	r.emit(StreamDone{Stream: s.Stream, Rows: s.Rows, Bytes: s.Bytes, Load: s.Load, Publish: s.Publish})
	return nil
}

// reconcile returns the parts that the destination's books do not know. Parts
// are committed without waiting for the disk, so a crash of the destination
// can undo the last of them, rows and mark together.
func (r *run) reconcile(ctx context.Context, t *task) ([]connectors.Part, error) {
	marks, err := r.load.Marks(ctx, t.name(), t.generation)
	if err != nil {
		return nil, err
	}
	var undone []connectors.Part
	var rows int64
	for _, p := range t.issued {
		n, done := marks[p.Mark]
		if !done {
			undone = append(undone, p)
		}
		rows += n
	}
	if len(undone) == 0 && len(marks) != len(t.issued) {
		return nil, fmt.Errorf("the books know %d parts, but %d were cut", len(marks), len(t.issued))
	}
	t.rows.Store(rows)
	return undone, nil
}

// marks reads a task's marks.
func (r *run) marks(ctx context.Context, t *task) (map[int64]int64, error) {
	return retry(ctx, r, t.name(), "read the marks", func() (map[int64]int64, error) {
		return r.load.Marks(ctx, t.name(), t.generation)
	})
}
