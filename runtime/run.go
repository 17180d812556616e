package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rapidbyte/rbt/connectors"
)

// finishWithin bounds the time that closing the books may take when the run
// was told to stop: an interrupted rbt is gone within five seconds.
const finishWithin = 4 * time.Second

// Run copies the streams. Its error is the first that kept a stream from being
// copied; the summary says how far every stream came. When ctx ends, nothing
// new begins, what is under way is rolled back, and Run returns.
func Run(ctx context.Context, cfg Config) (Summary, error) {
	began := time.Now()
	load, early, err := begin(ctx, cfg)
	if err != nil {
		return Summary{Pipeline: cfg.Run.Pipeline, Status: statusFailed}, err
	}
	defer load.Close()
	r := &run{
		cfg: cfg, load: load, attempt: load.Attempt(), early: early,
		skipped: map[string]string{}, finished: map[string]StreamSummary{}, shown: map[string]bool{},
	}
	r.takeUp()
	err = r.copy(ctx)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	s := r.summary(ctx, err)
	err = errors.Join(err, r.finish(ctx, s, err))
	s.Took = time.Since(began)
	r.emit(RunDone{Summary: s, Err: err})
	return s, err
}

// inspection is a moment of the source and what would be done with it.
type inspection struct {
	snap  connectors.Snapshot
	plans []StreamPlan
	err   error
}

// begin takes the pipeline's lock, and opens its books while the streams are
// inspected: each takes some hundredths of a second, of two servers. What was found
// is forgotten where the run turns out to be one that is taken up. Where streams
// stand, and what a restart leaves, is in the books.
func begin(ctx context.Context, cfg Config) (connectors.Load, *inspection, error) {
	var specs []connectors.StreamSpec
	for _, s := range cfg.Streams {
		specs = append(specs, s.StreamSpec)
	}
	if cfg.Run.Restart || len(specs) == 0 || slices.ContainsFunc(specs, incremental) {
		load, err := cfg.Destination.Begin(ctx, cfg.Run)
		return load, nil, err
	}
	inspecting, cancel := context.WithCancel(ctx)
	defer cancel()
	locked := make(chan struct{})
	cfg.Run.Locked = sync.OnceFunc(func() { close(locked) })
	var early *inspection
	var wait sync.WaitGroup
	wait.Go(func() {
		select {
		case <-inspecting.Done():
			return
		case <-locked:
		}
		early = &inspection{}
		early.snap, early.plans, early.err = inspect(inspecting, cfg, specs)
	})
	load, err := cfg.Destination.Begin(ctx, cfg.Run)
	isNew := err == nil && load.Attempt().Number == 1
	if isNew {
		cfg.Run.Locked()
	} else {
		cancel()
	}
	wait.Wait()
	if isNew {
		return load, early, err
	}
	if early != nil && early.err == nil {
		early.snap.Close(context.WithoutCancel(ctx))
	}
	return load, nil, err
}

const (
	statusDone        = "done"
	statusFailed      = "failed"
	statusInterrupted = "interrupted"
	statusSkipped     = "skipped"
	statusLoaded      = "loaded"
	statusPending     = "pending"
)

// run is a run under way.
type run struct {
	cfg     Config
	load    connectors.Load
	attempt connectors.Attempt

	plans sync.Map // by stream name, the latest plan noted in the books, as JSON

	mu    sync.Mutex // one event at a time; guards notes
	notes []string

	// What follows is touched between moments only, by the goroutine of Run.
	early    *inspection              // made before the first moment; nil where there is none
	started  bool                     // RunStarted was emitted
	tasks    map[string]*task         // by stream name, of the latest moment
	skipped  map[string]string        // by stream name, why it is not copied again
	finished map[string]StreamSummary // by stream name, those that are published
	shown    map[string]bool          // the moments that published tables show
	snapshot string                   // the latest moment
}

func (r *run) emit(e Event) {
	if r.cfg.Events == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cfg.Events(e)
}

// note tells a person about a stream, or about the run, and has it written
// into the books.
func (r *run) note(stream, text string) {
	r.emit(Notice{Stream: stream, Text: text})
	if stream != "" {
		text = stream + ": " + text
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notes = append(r.notes, text)
}

// takeUp decides what an earlier attempt has spared this one.
func (r *run) takeUp() {
	for _, s := range r.cfg.Streams {
		state, known := r.attempt.Streams[s.Name]
		if !known || !state.Published || s.Cursor != nil { // an incremental stream reads on from where it ended
			continue
		}
		at := state.PublishedAt.UTC().Format(time.DateTime)
		switch {
		case s.WriteMode == connectors.Append:
			r.skipped[s.Name] = fmt.Sprintf("the unfinished run appended it at %s UTC", at)
		case s.Resume == connectors.Continue:
			r.skipped[s.Name] = fmt.Sprintf("the unfinished run replaced it at %s UTC", at)
		}
	}
	for _, s := range r.cfg.Streams {
		if why := r.skipped[s.Name]; why != "" {
			r.shown[earlier] = true
			r.note(s.Name, why+", so it shows an earlier moment than the others")
			r.emit(StreamSkipped{Stream: s.Name, Reason: why})
		}
	}
}

// earlier stands for a moment before this attempt.
const earlier = "earlier"

// copy goes from moment to moment until every stream is published. One moment
// is enough, unless the source loses it.
func (r *run) copy(ctx context.Context) error {
	fruitless := 0
	for {
		progress, err := r.moment(ctx)
		if left := len(r.specs()); err == nil && left > 0 {
			return fmt.Errorf("a mistake in rbt: %d streams are not copied, and nothing says why", left)
		}
		if !errors.Is(err, connectors.ErrSnapshotLost) || ctx.Err() != nil {
			return err
		}
		if progress {
			fruitless = 0
		} else if fruitless++; fruitless == maxFruitless {
			return fmt.Errorf("%w, %d times in a row before one part was copied", err, fruitless)
		}
		r.note("", "the source lost the snapshot (a restart, or a fail-over): streams that were not complete are read at a new moment")
	}
}

// maxFruitless is how many moments in a row may be lost before anything came
// of them. A source that restarts once or twice is worth another try.
const maxFruitless = 5

// specs are the streams that are still to be copied.
func (r *run) specs() []connectors.StreamSpec {
	var specs []connectors.StreamSpec
	for _, s := range r.cfg.Streams {
		_, done := r.finished[s.Name]
		if !done && r.skipped[s.Name] == "" {
			specs = append(specs, s.StreamSpec)
		}
	}
	return specs
}

// finish closes the books, also when ctx has ended.
func (r *run) finish(ctx context.Context, s Summary, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.finishTime(ctx))
	defer cancel()
	o := connectors.Outcome{Status: s.Status, OneMoment: s.OneMoment, Notes: s.Notes, Snapshot: r.snapshot}
	if cause != nil && s.Status == statusFailed {
		o.Error = cause.Error()
	}
	_, err := retry(ctx, r, "", "close the books", func() (struct{}, error) {
		return struct{}{}, r.load.Finish(ctx, o)
	})
	if err != nil {
		return fmt.Errorf("close the books of the run: %w", err)
	}
	return nil
}

// finishTime leaves a run that is done the time to add foreign keys.
func (r *run) finishTime(ctx context.Context) time.Duration {
	if ctx.Err() != nil {
		return finishWithin
	}
	return 24 * time.Hour
}

// summary says how the run ended.
func (r *run) summary(ctx context.Context, err error) Summary {
	s := Summary{
		RunID: r.attempt.RunID, Attempt: r.attempt.Number, Pipeline: r.cfg.Run.Pipeline,
		Status: statusDone, Notes: r.notes, OneMoment: len(r.shown) <= 1,
	}
	switch {
	case ctx.Err() != nil:
		s.Status = statusInterrupted
	case err != nil:
		s.Status = statusFailed
	}
	for _, spec := range r.cfg.Streams {
		one := r.streamSummary(spec.Name)
		s.Streams = append(s.Streams, one)
		s.Rows += one.Rows
		s.Bytes += one.Bytes
	}
	return s
}

// streamSummary says how far a stream came.
func (r *run) streamSummary(name string) StreamSummary {
	if s, ok := r.finished[name]; ok {
		return s
	}
	if r.skipped[name] != "" {
		return StreamSummary{Stream: name, Status: statusSkipped, Rows: r.attempt.Streams[name].Rows, Rejected: r.attempt.Streams[name].Rejected}
	}
	if t := r.tasks[name]; t != nil {
		s := t.summary(t.unfinished())
		if t.state < loaded { // what was on its way is gone
			s.Rows, s.Bytes = 0, 0
		}
		return s
	}
	return StreamSummary{Stream: name, Status: statusPending}
}
