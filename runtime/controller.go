package runtime

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// controller tunes one stream: it carries out what the probe scheduler says,
// with windows of the stream's own work and calls of the policy. A lane that
// finds nothing to do asks it for the next region; the lane waits for the policy
// for patience at most.
//
// The lane that cuts the stream is the only one that calls it; the board sees to
// that.
type controller struct {
	run   *run
	plan  StreamPlan // everything that goes wrong ends in its baseline
	name  string     // of the stream
	scene *scene

	began  time.Time        // of the first window; zero before
	sched  *probe.Scheduler // since then
	seq    int              // windows so far
	window *window          // the last one; its result is not fetched yet
	before *window          // the one before it, whose parts may straggle
	call   *call            // under way
	calls  int
	winner policy.Setting // nil before the decision
	// outcome is what the books are still to be told.
	outcome []connectors.Tuning

	// What the windows took, as the source stores it and as it was handed to
	// the destination: their ratio turns one into the other.
	stored, moved int64
}

// region is what to cut next: a window, the rest of the stream, or a stretch to
// fill the time while the policy is being asked.
type region struct {
	setting policy.Setting
	bytes   int64   // as the source stores it; 0 is the rest
	window  *window // nil where nobody measures it
	steady  bool    // nothing will be tried any more
}

// call is a question to the policy.
type call struct {
	op       string
	input    any
	began    time.Time
	answered chan answer
	cancel   context.CancelFunc // nobody wants the answer any more
}

type answer struct {
	output any
	err    error
	took   time.Duration
	cut    bool // the run ended the call, not the policy
}

// newController prepares the probe phase of a stream.
func newController(r *run, p StreamPlan, s *scene) *controller {
	return &controller{run: r, plan: p, name: p.Stream.Spec.Name, scene: s}
}

// meanwhileBytes is what a lane copies of a stream between two looks whether
// lanes still copy another one: as little as parts may be without costing more
// for it.
const meanwhileBytes = 16 << 20

// next says what to cut next. The search does not begin before the stream has
// the lanes for itself: what others do would be measured with it.
func (c *controller) next(ctx context.Context, alone bool) region {
	switch {
	case c.winner != nil:
	case c.began.IsZero() && !alone:
		s := c.plan.Baseline
		return region{setting: s, bytes: s[Parallelism].Int * min(meanwhileBytes, c.run.cfg.PartBytes)}
	default:
		if g, tried := c.try(ctx); tried {
			return g
		}
	}
	return region{setting: c.winner, steady: true}
}

// try is what to cut next in the probe phase. It reports whether that goes on.
func (c *controller) try(ctx context.Context) (_ region, goesOn bool) {
	defer c.spare()
	c.begin()
	c.fetch()
	for {
		a := c.sched.Next()
		c.tellClamps()
		switch {
		case a.Lock != nil:
			c.locked(*a.Lock)
			return region{}, false
		case a.Run != nil:
			c.seq++
			c.window = newWindow(*a.Run, c.seq, c.began, c.scene)
			return region{setting: a.Run.Setting, bytes: c.storedBytes(a.Run.Bytes), window: c.window}, true
		case !c.ask(ctx, a):
			return c.filler(), true
		}
	}
}

// begin begins the search, if it has not begun. Who decides is asked only now: it
// may be another policy than at the start of the run, if that one failed too often.
func (c *controller) begin() {
	if !c.began.IsZero() {
		return
	}
	c.began = time.Now()
	c.sched = probe.New(c.run.cfg.probeSpec(c.plan))
}

// fetch hands the last window's result to the scheduler.
func (c *controller) fetch() {
	if c.window == nil {
		return
	}
	w := c.window.result()
	if c.before != nil {
		late := c.before.straggled()
		w.MovedBytes += late.bytes
		w.MovedRows += late.rows
	}
	c.moved += w.MovedBytes
	c.before, c.window = c.window, nil
	skipped := c.sched.Measured(w, time.Since(c.began).Seconds())
	c.run.emit(WindowDone{Stream: c.name, Knobs: c.plan.Knobs, Setting: c.before.run.Setting, Window: w, Skipped: skipped})
}

// spare lets a panic of what decides, which is a mistake of ours, cost the
// tuning and not the run: the stream goes on with the baseline.
func (c *controller) spare() {
	p := recover()
	if p == nil || c.winner != nil {
		return
	}
	f := policy.Fault{Stream: c.name, Reason: policy.FaultController, Detail: fmt.Sprint(p)}
	c.fault(f)
	c.decided(policy.Decision{
		Stream: c.name, Policy: c.run.cfg.Autotune.Policy.Info(),
		Baseline: c.plan.Baseline, Winner: c.plan.Baseline, Reason: policy.BecauseFault, Detail: f.Detail,
	})
}

// cut notes what the region was cut into: nothing, where the stream has no more
// rows.
func (c *controller) cut(g region, parts []connectors.Part) {
	if len(parts) == 0 {
		c.ended()
		return
	}
	if g.window == nil {
		return
	}
	g.window.shared(min(len(parts), int(g.setting[Parallelism].Int)))
	for _, p := range parts {
		c.stored += p.Bytes
	}
}

// ended ends the probe phase of a stream that has no more rows.
func (c *controller) ended() {
	if c.winner != nil {
		return
	}
	defer c.spare()
	c.begin()
	if c.call != nil {
		c.call.cancel()
		c.call = nil
	}
	c.window = nil // it got no rows
	c.sched.Ended()
	c.locked(*c.sched.Next().Lock)
}

// storedBytes turns bytes as they are handed to the destination into bytes as
// the source stores them.
func (c *controller) storedBytes(handed int64) int64 {
	ratio := 1.0
	if c.stored > 0 && c.moved > 0 {
		ratio = float64(c.stored) / float64(c.moved)
	}
	return int64(min(max(1, float64(handed)*ratio), math.MaxInt64/2))
}

// filler is a stretch of work that nobody measures, as small as a window may
// be, so that the answer is soon heard.
func (c *controller) filler() region {
	s := c.sched.Leader()
	least := c.run.cfg.Autotune.Budget.MinBytesPerLane * s[Parallelism].Int
	return region{setting: s, bytes: c.storedBytes(max(least, 1))}
}

// patience is how long a lane waits for an answer before it goes back to work:
// less than one part takes to begin and to commit, and a hundred times what the
// built-in policy needs.
const patience = 5 * time.Millisecond

// ask puts the question to the policy, or looks for the answer to it. It
// reports whether the scheduler has something new to say.
func (c *controller) ask(ctx context.Context, a probe.Action) bool {
	if c.call == nil {
		c.call = c.start(ctx, a)
	}
	select {
	case got := <-c.call.answered:
		if got.cut {
			c.call = nil // it is asked again, if the run goes on
			return false
		}
		c.heard(a, got)
	case <-time.After(patience):
		if ctx.Err() != nil || time.Since(c.call.began) < c.run.cfg.Autotune.CallTimeout {
			return false
		}
		c.heard(a, answer{err: policy.ErrLate, took: time.Since(c.call.began)})
	}
	c.call = nil
	return true
}

// start calls the policy. Nobody waits for the call: a policy that does not
// return cannot be made to.
func (c *controller) start(ctx context.Context, a probe.Action) *call {
	p := c.run.cfg.Autotune.Policy
	run := ctx
	ctx, cancel := context.WithTimeout(ctx, c.run.cfg.Autotune.CallTimeout)
	q := &call{op: "propose", input: a.Propose, began: time.Now(), answered: make(chan answer, 1), cancel: cancel}
	ask := func(ctx context.Context) (any, error) { return p.Propose(ctx, *a.Propose) }
	if a.Score != nil {
		q.op, q.input = "score", a.Score
		ask = func(ctx context.Context) (any, error) { return p.Score(ctx, *a.Score) }
	}
	go func() {
		defer cancel()
		out, err := guarded(ctx, ask)
		q.answered <- answer{output: out, err: err, took: time.Since(q.began), cut: err != nil && run.Err() != nil}
	}()
	return q
}

// guarded turns a panic of the policy into an error.
func guarded(ctx context.Context, ask func(context.Context) (any, error)) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", policy.ErrPanic, p)
		}
	}()
	return ask(ctx)
}

// heard passes the policy's answer to the scheduler.
func (c *controller) heard(a probe.Action, got answer) {
	c.calls++
	e := PolicyCalled{Stream: c.name, Seq: c.calls, Op: c.call.op, Input: c.call.input, Err: got.err, Took: got.took}
	if got.err == nil {
		e.Output = got.output
	}
	c.run.emit(e)
	switch {
	case got.err != nil:
		c.sched.Failed(policy.Fault{Stream: c.name, Reason: faultReason(got.err), Detail: got.err.Error()})
	case a.Propose != nil:
		c.sched.Proposed(got.output.(policy.Proposal))
	default:
		c.sched.Scored(got.output.(policy.Scores))
	}
}

// faultReason is the code for a policy's error, its own where it has one.
func faultReason(err error) string {
	var coded interface{ Code() string }
	switch {
	case errors.Is(err, policy.ErrPanic):
		return policy.FaultPanic
	case errors.Is(err, policy.ErrLate), errors.Is(err, context.DeadlineExceeded):
		return policy.FaultTimeout
	case errors.As(err, &coded):
		return coded.Code()
	}
	return policy.FaultError
}

func (c *controller) tellClamps() {
	for _, clamp := range c.sched.Clamps() {
		c.run.emit(Clamped{Stream: c.name, Clamp: clamp})
	}
}

// locked ends the probe phase with what the scheduler says.
func (c *controller) locked(d policy.Decision) {
	if f, failed := c.sched.Fault(); failed {
		c.fault(f)
	}
	c.decided(d)
}

// decided ends the probe phase.
func (c *controller) decided(d policy.Decision) {
	c.winner = d.Winner
	c.outcome = append(c.outcome, connectors.Tuning{Stream: c.name, Decision: &d})
	c.run.emit(AutotuneDecision{Decision: d, Knobs: c.plan.Knobs})
	c.run.emit(Steady{Stream: c.name, Knobs: c.plan.Knobs, Setting: d.Winner})
}

func (c *controller) fault(f policy.Fault) {
	c.outcome = append(c.outcome, connectors.Tuning{Stream: c.name, Fault: &f})
	c.run.emit(AutotuneFault{Fault: f})
}

// told is the outcome that the books are to be told, once.
func (c *controller) told(generation int) []connectors.Tuning {
	out := c.outcome
	c.outcome = nil
	for i := range out {
		out[i].Generation = generation
	}
	return out
}
