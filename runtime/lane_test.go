package runtime

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// slowFlush is a writer whose flush takes a second.
type slowFlush struct {
	connectors.Writer
	stats connectors.WriteStats
}

func (w *slowFlush) Flush(context.Context) error {
	w.stats.Flushes++
	w.stats.FlushTime += time.Second
	return nil
}

func (w *slowFlush) Commit(context.Context, int64) error {
	w.stats.CommitTime = time.Minute
	return nil
}

func (w *slowFlush) Stats() connectors.WriteStats { return w.stats }

// TestLastFlush holds that the flush in front of a part's commit is part of the
// window that it ends.
func TestLastFlush(t *testing.T) {
	s := &scene{}
	b := newBoard([]*task{idle("orders", 1)}, s)
	l := &lane{board: b, writer: &slowFlush{}}
	j := job{task: b.open[0], piece: piece{window: newWindow(probe.Run{}, 1, time.Now(), s)}}
	var done PartDone
	if err := l.commit(t.Context(), j, &done); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(PartDone{Flushes: 1, FlushTime: time.Second, CommitTime: time.Minute}, done); diff != "" {
		t.Errorf("the part (-want +got):\n%s", diff)
	}
	if got := j.window.end.flow; got.flushes != 1 || got.flushWait != time.Second {
		t.Errorf("the window ended with %d flushes that took %v", got.flushes, got.flushWait)
	}
}
