package runtime

import (
	"context"
	"time"
)

// progressEvery is how often progress is told: smooth to the eye, and nothing
// beside the copying.
const progressEvery = 200 * time.Millisecond

// watch tells the progress of the tasks that move, until ctx ends.
func (r *run) watch(ctx context.Context, b *board) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		var moves []Progress
		b.moving(func(t *task, lanes int) { moves = append(moves, t.progress(lanes)) })
		for _, p := range moves {
			r.emit(p)
		}
	}
}

// progress is how far the task is, by the estimate of its rows where there is
// one, else by that of its bytes. The board's lock is held.
func (t *task) progress(lanes int) Progress {
	p := Progress{Stream: t.name(), Rows: t.rows.Load(), Bytes: t.bytes.Load(), Lanes: lanes}
	if rows, bytes := t.plan.Stream.Rows, t.plan.Stream.Bytes; rows > 0 {
		p.Fraction = min(1, float64(p.Rows)/float64(rows))
	} else if bytes > 0 {
		p.Fraction = min(1, float64(t.stored)/float64(bytes))
	}
	return p
}
