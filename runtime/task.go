package runtime

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// task is the work on one stream within one moment. The board guards what may
// change, except the counters.
type task struct {
	plan StreamPlan
	rank int // lanes go to the lowest first
	// refersTo are the tasks whose rows have to be visible first.
	refersTo []*task

	state      state
	cutter     connectors.Cutter
	generation int
	into       string
	tuner      *controller    // nil where the stream is not tuned
	steady     bool           // the tuner has decided, or there is nothing left to try anything with
	window     *window        // the last one cut; nil without
	setting    policy.Setting // of the parts cut last
	queue      []piece
	cutting    bool // a lane cuts the next parts
	exhausted  bool // there are no more parts to cut
	active     int  // lanes at work on it
	nextMark   int64
	issued     []connectors.Part    // every part cut, for the marks to be checked against
	kept       connectors.Committed // what an earlier moment committed

	failed      bool          // its error ended the run
	parts       int64         // committed
	stored      int64         // bytes of the committed parts, as the source stores them
	since       time.Time     // when the lanes, or the publisher, went to work on it
	loadTime    time.Duration // while at least one lane was at work on it
	publishTime time.Duration

	rows, bytes atomic.Int64 // on their way or committed
	sifted      atomic.Bool  // a row of it was refused
	aside       atomic.Int64 // rows that were put aside with committed parts
	refusal     atomic.Value // why the last of them was refused, a string
	looks       looks        // what its lanes were seen to do
	rejected    int64        // rows that were put aside, once it is published
}

// state is how far a task is. The states follow each other, except that a
// destination that crashed may send a task from publishing back to copying.
type state int

const (
	waiting    state = iota // nothing has begun
	opening                 // a lane makes the staging table ready and cuts the first parts
	copying                 // lanes copy parts, and cut the next ones
	loaded                  // every part is committed
	publishing              // indexes, constraints, the swap
	published
)

func newTask(p StreamPlan) *task {
	return &task{plan: p, setting: p.Baseline, nextMark: 1}
}

// probing reports whether the task's settings are being tried, or will be as
// soon as it is open. The board's lock is held.
func (t *task) probing() bool {
	return t.tuner != nil && !t.steady && (t.state == opening || t.state == copying) && !t.exhausted
}

// enter counts a lane in that goes to work on the task, and leave counts it
// out. The board's lock is held.
func (t *task) enter() {
	if t.active == 0 {
		t.since = time.Now()
	}
	t.active++
}

func (t *task) leave() {
	t.active--
	if t.active == 0 {
		t.loadTime += time.Since(t.since)
	}
}

func (t *task) name() string { return t.plan.Stream.Spec.Name }

// parallelism is how many lanes may work on the task at once.
func (t *task) parallelism() int { return int(t.setting[Parallelism].Int) }

// baselineLanes is how many lanes would work on the task without tuning.
func (t *task) baselineLanes() int { return int(t.plan.Baseline[Parallelism].Int) }

// waitsFor is a task that has to be published before this one; nil where there is
// none. The board's lock is held.
func (t *task) waitsFor() *task {
	i := slices.IndexFunc(t.refersTo, func(other *task) bool { return other.state != published })
	if i < 0 {
		return nil
	}
	return t.refersTo[i]
}

// fill completes freshly cut parts.
func (t *task) fill(parts []connectors.Part, runID string, s policy.Setting) {
	for i := range parts {
		p := &parts[i]
		p.Stream, p.Mark = t.name(), t.nextMark
		p.Into, p.RunID, p.Generation = t.into, runID, t.generation
		p.Setting = s
		t.nextMark++
	}
}

// sifts reports whether the error of a part is about a row that may be put aside.
func (t *task) sifts(err error) bool {
	return t.plan.Stream.Spec.Rejects != nil && connectors.BadRow(err) && !connectors.Retryable(err)
}

// sift says how the bad rows of a part are found.
func (t *task) sift() *connectors.Sift {
	s := t.plan.Stream
	return &connectors.Sift{Columns: t.plan.Target.Columns, Key: s.RowKey(), Max: s.Spec.Rejects.Max, Before: t.aside.Load()}
}

// holdCeiling ends a run with more bad rows in the stream than it allows: lanes that
// found some at once may each have been below.
func (t *task) holdCeiling() error {
	if spec := t.plan.Stream.Spec; spec.Rejects != nil && t.aside.Load() > spec.Rejects.Max {
		last, _ := t.refusal.Load().(string)
		return &connectors.TooManyRejectsError{Max: spec.Rejects.Max, Last: last}
	}
	return nil
}

// unfinished says how far a task is that will not be published.
func (t *task) unfinished() string {
	switch {
	case t.failed:
		return statusFailed
	case t.state >= loaded:
		return statusLoaded
	}
	return statusPending
}

func (t *task) summary(status string) StreamSummary {
	return StreamSummary{
		Stream: t.name(), Target: t.plan.Target.Schema + "." + t.plan.Target.Name, Status: status,
		Rows: t.rows.Load(), Bytes: t.bytes.Load(),
		Rejected: t.rejected, Load: t.loadTime, Publish: t.publishTime, Setting: t.setting,
	}
}
