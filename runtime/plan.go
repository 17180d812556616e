package runtime

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// Parallelism is the name of the runtime's own knob.
const Parallelism = "parallelism"

// defaultLanes is P0 where nobody chose: what one table copies well with
// between two servers of two cores each, and what the connection limits of
// small servers bear.
const defaultLanes = 4

// sparedConnections are left to others where a server is short of them: the
// two that hold the snapshot, and those of the books.
const sparedConnections = 8

// Knobs declares the runtime's own knobs, for a worker cap.
func Knobs(workerCap int) []policy.Knob {
	return []policy.Knob{{
		Name:    Parallelism,
		Owner:   policy.Runtime,
		Kind:    policy.Int,
		Min:     1,
		Max:     int64(workerCap),
		Default: policy.IntValue(int64(min(defaultLanes, workerCap))),
		Doc:     "How many lanes copy one stream at once. A lane is one connection to each server.",
	}}
}

// Inspect says what a run would do with each stream. It changes nothing.
func Inspect(ctx context.Context, cfg Config) ([]StreamPlan, error) {
	var specs []connectors.StreamSpec
	for _, s := range cfg.Streams {
		spec := s.StreamSpec
		if spec.Cursor != nil {
			cursor := *spec.Cursor
			cursor.Look, spec.Cursor = true, &cursor
		}
		specs = append(specs, spec)
	}
	snap, plans, err := inspect(ctx, cfg, specs)
	if err != nil {
		return nil, err
	}
	return plans, snap.Close(ctx)
}

// inspect takes a snapshot and plans the streams. The snapshot is the
// caller's to close, unless there is an error.
func inspect(ctx context.Context, cfg Config, specs []connectors.StreamSpec) (_ connectors.Snapshot, _ []StreamPlan, err error) {
	if specs, err = cfg.after(ctx, specs); err != nil {
		return nil, nil, err
	}
	snap, err := cfg.Source.Snapshot(ctx, specs)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			snap.Close(context.WithoutCancel(ctx))
		}
	}()
	var streams []*connectors.Stream
	var targets []*connectors.Target
	var lanes connectors.Choice
	g, asking := errgroup.WithContext(ctx) // each asks over connections of its own
	g.Go(func() (err error) {
		if streams, err = snap.Describe(asking, specs); err == nil {
			targets, err = cfg.Destination.Targets(asking, streams)
		}
		return err
	})
	g.Go(func() (err error) {
		lanes, err = baselineLanes(asking, cfg)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	plans := make([]StreamPlan, len(streams))
	for i := range streams {
		plans[i] = cfg.plan(streams[i], targets[i], lanes)
	}
	return snap, plans, nil
}

func incremental(s connectors.StreamSpec) bool { return s.Cursor != nil }

// after tells incremental streams where their last run ended.
func (c Config) after(ctx context.Context, specs []connectors.StreamSpec) ([]connectors.StreamSpec, error) {
	if !slices.ContainsFunc(specs, incremental) {
		return specs, nil
	}
	positions, err := c.Destination.Positions(ctx, c.Run.Pipeline)
	if err != nil {
		return nil, err
	}
	specs = slices.Clone(specs)
	for i, s := range specs {
		p, known := positions[s.Name]
		switch {
		case !known || !incremental(s):
		case !c.FromStart:
			cursor := *s.Cursor
			cursor.After = &p
			specs[i].Cursor = &cursor
		case s.WriteMode == connectors.Append:
			return nil, &connectors.StreamError{Stream: s.Name, Attribute: "write_mode",
				Err: errors.New("to read it from its start would append all of its rows again: empty the target, and delete the stream from _rbt.positions in the destination")}
		}
	}
	return specs, nil
}

// baselineLanes resolves P0 within the guardrails of the whole run.
func baselineLanes(ctx context.Context, cfg Config) (connectors.Choice, error) {
	knob := Knobs(cfg.laneCap())[0]
	lanes, why := int(knob.Default.Int), "the default"
	bound := "worker_cap"
	if cfg.laneCap() < cfg.WorkerCap {
		bound = "max_memory"
	}
	if cfg.Parallelism > 0 {
		lanes, why = cfg.Parallelism, "resources.parallelism"
	}
	if lanes > cfg.laneCap() {
		lanes, why = cfg.laneCap(), "the most that worker_cap and max_memory allow"
	}
	for _, server := range []struct {
		name string
		room func(context.Context) (int, error)
	}{{"source", cfg.Source.Room}, {"destination", cfg.Destination.Room}} {
		room, err := server.room(ctx)
		if err != nil {
			return connectors.Choice{}, fmt.Errorf("%s: %w", server.name, err)
		}
		if free := max(room-sparedConnections, 1); room >= 0 && free < int(knob.Max) {
			knob.Max = int64(free)
			bound = "connections free on the " + server.name
			if lanes > free {
				lanes, why = free, fmt.Sprintf("the %s has only %d connections free", server.name, room)
			}
		}
	}
	return connectors.Choice{Knob: knob, Best: policy.IntValue(int64(lanes)), Why: why, Bound: bound}, nil
}

// laneCap is the most lanes that worker cap and memory allow.
func (c Config) laneCap() int {
	return max(1, min(c.WorkerCap, int(c.MaxMemory/laneMemory)))
}

// plan resolves every knob of a stream.
func (c Config) plan(s *connectors.Stream, t *connectors.Target, lanes connectors.Choice) StreamPlan {
	p := StreamPlan{
		Stream: s, Target: t,
		Pins: policy.Setting{}, Baseline: policy.Setting{}, Reasons: map[string]string{}, Bounds: map[string]string{},
	}
	i := slices.IndexFunc(c.Streams, func(one Stream) bool { return one.Name == s.Spec.Name })
	for _, choice := range slices.Concat([]connectors.Choice{lanes}, s.Choices, t.Choices) {
		p.resolve(choice, c.Streams[i].Pins, c.Pins)
	}
	p.Skip = c.skip(p)
	return p
}

// resolve sets one knob: the stream's pin, else the pin for all streams, else
// what facts favour.
func (p *StreamPlan) resolve(c connectors.Choice, own, all policy.Setting) {
	name := c.Knob.Name
	p.Knobs = append(p.Knobs, c.Knob)
	p.Reasons[name], p.Bounds[name] = c.Why, c.Bound
	if c.Knob.Kind == policy.Enum && len(c.Knob.Values) == 0 {
		return // not a choice for this stream
	}
	p.Baseline[name] = c.Best
	v, pinned := own[name]
	if pinned {
		if obstacle := c.Obstacle(v); obstacle != "" {
			p.Problems = append(p.Problems, fmt.Sprintf("%s is pinned to %s, but %s", name, c.Knob.Format(v), obstacle))
			return
		}
	} else if v, pinned = all[name]; pinned {
		if obstacle := c.Obstacle(v); obstacle != "" {
			p.Reasons[name] = fmt.Sprintf("the pin to %s does not apply (%s); %s", c.Knob.Format(v), obstacle, c.Why)
			return
		}
	}
	if pinned {
		p.Pins[name], p.Baseline[name], p.Reasons[name] = v, v, "pinned"
	}
}
