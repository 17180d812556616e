package runtime

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/rapidbyte/rbt/connectors"
)

// open makes a task's staging table ready, or takes up the one that an earlier
// moment filled in part, and cuts the first parts.
func (r *run) open(ctx context.Context, snap connectors.Snapshot, b *board, t *task) error {
	stream := t.plan.Stream
	r.emit(StreamStarted{Stream: t.name(), Setting: t.plan.Baseline, Knobs: t.plan.Knobs, Bytes: stream.Bytes, Rows: stream.Rows})
	saved, keep := r.saved(stream.Spec)
	type staged struct {
		generation int
		into       string
	}
	s, err := retry(ctx, r, t.name(), "create the staging table", func() (staged, error) {
		generation, into, err := r.load.Stage(ctx, t.plan.Target, keep)
		return staged{generation, into}, err
	})
	if err != nil {
		return err
	}
	t.generation, t.into = s.generation, s.into
	keep = keep && s.generation == saved.Generation
	if !keep {
		saved = plan{}
	}
	t.cutter, err = snap.Cutter(ctx, stream, t.plan.Target.Columns, saved.Cutter)
	if err != nil {
		return err
	}
	if keep && len(saved.Parts) > 0 {
		return r.takeUpParts(ctx, b, t, saved)
	}
	return r.cut(ctx, b, t)
}

// cut asks for the next parts of a task: a window, or all that is left.
func (r *run) cut(ctx context.Context, b *board, t *task) error {
	g := region{setting: t.plan.Baseline}
	if t.tuner != nil {
		g = t.tuner.next(ctx, b.alone(t))
	}
	c := connectors.Cut{
		Setting:   g.setting,
		Bytes:     g.bytes,
		PartBytes: r.cfg.PartBytes,
		Lanes:     int(g.setting[Parallelism].Int),
	}
	if g.bytes > 0 { // one part for each lane: they end together
		c.PartBytes = min(c.PartBytes, (g.bytes-1)/int64(c.Lanes)+1)
	}
	parts, err := t.cutter.Take(ctx, c)
	if err != nil {
		return fmt.Errorf("cut the stream into parts: %w", err)
	}
	t.fill(parts, r.attempt.RunID, g.setting)
	if t.plan.Stream.Spec.Resume == connectors.Continue && len(parts) > 0 {
		if err := r.save(ctx, t, parts); err != nil {
			return err
		}
	}
	if t.tuner == nil {
		b.add(t, g, parts)
		return nil
	}
	t.tuner.cut(g, parts)
	g.steady = g.steady || t.cutter.Remaining() == 0 // there is nothing to try anything with
	outcome := t.tuner.told(t.generation)
	b.add(t, g, parts) // others copy while the books are told
	r.noteTuning(ctx, t.name(), outcome...)
	return nil
}

// plan is what a later attempt needs to go on with a stream: every part that
// was cut, and what the cutter had left.
type plan struct {
	Spec       connectors.StreamSpec `json:"spec"`
	Generation int                   `json:"generation"`
	Parts      []connectors.Part     `json:"parts"`
	Cutter     json.RawMessage       `json:"cutter"`
}

// save writes the plan into the books, before the first of the new parts is
// copied.
func (r *run) save(ctx context.Context, t *task, parts []connectors.Part) error {
	state, err := t.cutter.State()
	if err != nil {
		return err
	}
	p := plan{Spec: t.plan.Stream.Spec, Generation: t.generation, Cutter: state}
	p.Parts = append(p.Parts, t.issued...)
	p.Parts = append(p.Parts, parts...)
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = retry(ctx, r, t.name(), "note the parts", func() (struct{}, error) {
		return struct{}{}, r.load.Note(ctx, t.name(), t.generation, text)
	})
	if err != nil {
		return fmt.Errorf("note the parts in the books: %w", err)
	}
	r.plans.Store(t.name(), text)
	return nil
}

// saved is the plan to go on with, where the stream asks for that and is still
// what it was.
func (r *run) saved(spec connectors.StreamSpec) (plan, bool) {
	if spec.Resume != connectors.Continue {
		return plan{}, false
	}
	text := r.attempt.Streams[spec.Name].Plan
	if latest, ok := r.plans.Load(spec.Name); ok {
		text = latest.([]byte)
	}
	var p plan
	if len(text) == 0 || json.Unmarshal(text, &p) != nil || !reflect.DeepEqual(p.Spec, spec) {
		return plan{}, false
	}
	return p, true
}

// takeUpParts queues the parts of an earlier moment that are not committed.
func (r *run) takeUpParts(ctx context.Context, b *board, t *task, saved plan) error {
	marks, err := r.marks(ctx, t)
	if err != nil {
		return err
	}
	var pending []connectors.Part
	for _, p := range saved.Parts {
		t.nextMark = max(t.nextMark, p.Mark+1)
		part, done := marks[p.Mark]
		if !done {
			p.Into = t.into
			pending = append(pending, p)
			continue
		}
		t.issued = append(t.issued, p)
		t.kept.Rows += part.Rows
		t.kept.Bytes += part.Bytes
		t.stored += p.Bytes
	}
	t.rows.Add(t.kept.Rows)
	rejected, err := r.rejects(ctx, t)
	if err != nil {
		return err
	}
	t.aside.Store(rejected.loading)
	if err := t.holdCeiling(); err != nil {
		return err
	}
	if t.kept.Rows > 0 {
		r.note(t.name(), fmt.Sprintf("%d of %d parts (%d rows) are kept from an earlier moment, so that not all rows show the same one",
			len(saved.Parts)-len(pending), len(saved.Parts), t.kept.Rows))
	}
	if len(pending) == 0 {
		return r.cut(ctx, b, t)
	}
	b.add(t, region{setting: t.plan.Baseline}, pending)
	return nil
}
