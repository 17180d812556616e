package runtime

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/connectors"
)

// moment takes a snapshot and copies every unpublished stream from it. It
// reports whether at least one part was committed.
func (r *run) moment(ctx context.Context) (progress bool, err error) {
	specs := r.specs()
	if len(specs) == 0 {
		return false, nil
	}
	snap, plans, err := r.prepare(ctx, specs)
	if err != nil {
		return false, err
	}
	// Closing only ends transactions that read.
	defer snap.Close(context.WithoutCancel(ctx))
	if !r.started {
		r.started = true
		r.start(ctx, plans)
		r.tell(plans)
		r.skips(ctx, plans)
	}
	r.snapshot = snap.ID()
	moment := r.snapshot
	err = r.work(ctx, snap, r.board(plans))
	for name, t := range r.tasks {
		progress = progress || t.parts > 0
		if t.state == published {
			r.finished[name] = t.summary(statusDone)
			r.shown[moment] = true
			if t.kept.Rows > 0 {
				r.shown[earlier] = true
			}
		}
	}
	return progress, err
}

// tell says what people should know before rows move: how targets change, and
// what of an incremental stream is not read.
func (r *run) tell(plans []StreamPlan) {
	for _, p := range plans {
		for _, change := range p.Target.Changes {
			r.note(p.Stream.Spec.Name, "changes: "+change)
		}
		for _, caveat := range p.Stream.Caveats {
			r.emit(Notice{Stream: p.Stream.Spec.Name, Text: caveat})
		}
	}
}

// prepare takes a snapshot and finds out everything that could keep a stream
// from being copied, before any byte moves.
func (r *run) prepare(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, []StreamPlan, error) {
	p, err := retryFor(ctx, r, r.patience(), "", "prepare the run", func() (i inspection, err error) {
		if r.early != nil {
			i, r.early = *r.early, nil
			return i, i.err
		}
		i.snap, i.plans, err = inspect(ctx, r.cfg, specs)
		return i, err
	})
	if err != nil {
		return nil, nil, err
	}
	if err := problems(p.plans); err != nil {
		p.snap.Close(ctx)
		return nil, nil, err
	}
	return p.snap, p.plans, nil
}

// board sets up the tasks, the longest first, so that no long one is left
// alone at the end.
func (r *run) board(plans []StreamPlan) *board {
	tasks, s := make([]*task, len(plans)), &scene{}
	r.tasks = map[string]*task{}
	for i, p := range plans {
		tasks[i] = newTask(p)
		if p.Skip == nil {
			tasks[i].tuner = newController(r, p, s)
		}
		r.tasks[p.Stream.Spec.Name] = tasks[i]
	}
	slices.SortStableFunc(tasks, func(a, b *task) int {
		return cmp.Compare(b.plan.Stream.Bytes, a.plan.Stream.Bytes)
	})
	return newBoard(tasks, s)
}

// work runs the lanes and the publishers until every task is published. When
// the snapshot is lost, the publishers still finish what is loaded: they need
// the source no more, and a commit that is cut off could have taken place.
func (r *run) work(ctx context.Context, snap connectors.Snapshot, b *board) error {
	g, ctx := errgroup.WithContext(ctx)
	for range publishers {
		g.Go(func() error { return r.publisher(ctx, snap, b) })
	}
	var lost error
	g.Go(func() error {
		err := r.read(ctx, snap, b)
		if errors.Is(err, connectors.ErrSnapshotLost) {
			lost, err = err, nil
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return lost
}

// read runs the lanes, and looks after the snapshot meanwhile.
func (r *run) read(ctx context.Context, snap connectors.Snapshot, b *board) error {
	g, ctx := errgroup.WithContext(ctx)
	working, done := context.WithCancel(ctx)
	g.Go(func() error { return snap.Hold(working) })
	g.Go(func() error { return r.watch(working, b) })
	g.Go(func() error { return r.feel(working, b) })
	g.Go(func() error { return r.ping(working, snap, b) })
	g.Go(func() error { return r.look(working, snap, b) })
	g.Go(func() error {
		defer done()
		return r.lanes(ctx, snap, b)
	})
	return g.Wait()
}

// lanes starts the lanes, and waits for them.
func (r *run) lanes(ctx context.Context, snap connectors.Snapshot, b *board) error {
	g, ctx := errgroup.WithContext(ctx)
	defer b.stop()
	defer context.AfterFunc(ctx, b.stop)()
	for i := range r.cfg.laneCap() {
		g.Go(func() error { return r.lane(ctx, snap, b, i) })
	}
	return g.Wait()
}

// problems returns all that keep streams from being copied as one error.
func problems(plans []StreamPlan) error {
	var errs []error
	for _, p := range plans {
		for _, text := range slices.Concat(p.Target.Problems, p.Problems) {
			errs = append(errs, &connectors.StreamError{Stream: p.Stream.Spec.Name, Err: errors.New(text)})
		}
	}
	return errors.Join(errs...)
}
