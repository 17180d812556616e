package runtime

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// skip says why a stream will not be tuned; nil where it will.
func (c Config) skip(p StreamPlan) *policy.Skip {
	skip := policy.Skip{Stream: p.Stream.Spec.Name, Pins: p.Pins}
	if c.Autotune == nil {
		skip.Reason, skip.Detail = policy.SkippedDisabled, c.Untuned
		return &skip
	}
	if why, ok := probe.Eligible(c.probeSpec(p)); !ok {
		return &why
	}
	return nil
}

// probeSpec is what a stream's probe phase starts from.
func (c Config) probeSpec(p StreamPlan) probe.Spec {
	choices := slices.Concat(p.Stream.Choices, p.Target.Choices)
	spec := probe.Spec{
		Facts:    p.facts(),
		Policy:   c.Autotune.Policy.Info(),
		Pins:     p.Pins,
		Baseline: p.Baseline,
		Budget:   c.Autotune.Budget,
		Seed:     probe.SeedOf(c.Autotune.Seed, p.Stream.Spec.Name),
		Config:   c.Autotune.Config,
		Guards: probe.Guards{
			Bounds:    p.Bounds,
			WhyNot:    map[string]map[string]string{},
			MaxMemory: c.MaxMemory + probe.OwnMemory,
		},
	}
	for _, k := range p.Knobs {
		if _, has := p.Baseline[k.Name]; has {
			spec.Knobs = append(spec.Knobs, k)
		}
	}
	for _, choice := range choices {
		spec.Guards.WhyNot[choice.Knob.Name] = choice.WhyNot
	}
	return spec
}

// facts are what a policy is told of the stream before it moves.
func (p StreamPlan) facts() policy.Facts {
	f := policy.Facts{Stream: p.Stream.Spec.Name, Rows: p.Stream.Rows, Bytes: p.Stream.Bytes, Notes: map[string]string{}}
	maps.Copy(f.Notes, p.Stream.Notes)
	maps.Copy(f.Notes, p.Target.Notes)
	return f
}

// start tells that the run begins, and with which policy.
func (r *run) start(ctx context.Context, plans []StreamPlan) {
	e := RunStarted{RunID: r.attempt.RunID, Attempt: r.attempt.Number, Pipeline: r.cfg.Run.Pipeline, Streams: plans}
	if r.cfg.Autotune == nil {
		r.emit(e)
		return
	}
	info := r.cfg.Autotune.Policy.Info()
	e.Policy = &info
	r.emit(e)
	if f := r.cfg.Autotune.Fault; f != nil {
		r.emit(AutotuneFault{Fault: *f})
		r.noteTuning(ctx, "", connectors.Tuning{Fault: f})
	}
}

// skips tells which streams are not tuned.
func (r *run) skips(ctx context.Context, plans []StreamPlan) {
	var skips []connectors.Tuning
	for _, p := range plans {
		if p.Skip != nil {
			r.emit(AutotuneSkipped{Skip: *p.Skip, Knobs: p.Knobs})
			skips = append(skips, connectors.Tuning{Stream: p.Skip.Stream, Skip: p.Skip})
		}
	}
	r.noteTuning(ctx, "", skips...)
}

// noteTuning writes what became of tuning into the books. They are no reason
// for a run to fail.
func (r *run) noteTuning(ctx context.Context, stream string, tunings ...connectors.Tuning) {
	if len(tunings) == 0 {
		return
	}
	if err := r.load.NoteTuning(ctx, tunings...); err != nil && ctx.Err() == nil {
		r.note(stream, fmt.Sprintf("what became of tuning is not in the books: %v", err))
	}
}
