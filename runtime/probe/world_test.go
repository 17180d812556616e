package probe_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/runtime/probe"
)

const mib = 1 << 20

// world is what a scheduler is tried in: how fast each setting is, and what
// happens to windows. It has no clock; time is the sum of what windows take.
type world struct {
	policy policy.Policy
	// rate is bytes per second of a setting; nil is 100 MiB/s for all.
	rate func(policy.Setting) float64
	// noise is the standard deviation of the log of each window's rate.
	noise float64
	// touch changes a window before it is told, the nth from 1.
	touch func(n int, w *policy.Window)
	// clock changes the time since the stream began, before it is told.
	clock func(float64) float64
	// size is the stream's real bytes; 0 is no end.
	size int64
}

// outcome is how a probe phase went.
type outcome struct {
	decision policy.Decision
	fault    policy.Fault
	story    []string // what was done and what came of it, in order
	clamps   []string
	runs     []probe.Run
	last     policy.Window
	actions  int
	elapsed  float64
}

// rowBytes is the width of every row.
const rowBytes = 1000

// failer is a test, a property test too.
type failer interface {
	Helper()
	Fatal(...any)
}

// play carries out what the scheduler says until it locks.
func (w world) play(t failer, spec probe.Spec) outcome {
	t.Helper()
	if w.policy == nil {
		w.policy = builtin.New()
	}
	p := &play{world: w, spec: spec, noise: rand.New(rand.NewPCG(spec.Seed, 1))}
	s := probe.New(spec)
	for p.actions = 1; ; p.actions++ {
		if p.actions > 5000 {
			t.Fatal("the scheduler does not end")
		}
		a := s.Next()
		for _, c := range s.Clamps() {
			p.clamps = append(p.clamps, c.String())
		}
		if a.Lock != nil {
			p.decision = *a.Lock
			p.fault, _ = s.Fault()
			p.say("lock %s: %s", difference(spec, a.Lock.Winner), a.Lock.Reason)
			return p.outcome
		}
		p.act(s, a)
	}
}

// play is a probe phase that goes on.
type play struct {
	world
	outcome
	spec  probe.Spec
	noise *rand.Rand
	moved int64
}

func (p *play) say(format string, args ...any) {
	p.story = append(p.story, fmt.Sprintf(format, args...))
}

// act does what the scheduler wants, and tells it what came of it.
func (p *play) act(s *probe.Scheduler, a probe.Action) {
	fault := func(err error) { s.Failed(policy.Fault{Reason: policy.FaultError, Detail: err.Error()}) }
	switch {
	case a.Propose != nil:
		proposal, err := p.policy.Propose(context.Background(), *a.Propose)
		if err != nil {
			fault(err)
			return
		}
		if proposal.Note != "" {
			p.say("try %s", proposal.Note)
		}
		s.Proposed(proposal)
	case a.Score != nil:
		scores, err := p.policy.Score(context.Background(), *a.Score)
		if err != nil {
			fault(err)
			return
		}
		s.Scored(scores)
	case p.size > 0 && p.moved+a.Run.Bytes > p.size:
		p.say("the stream ends")
		s.Ended()
	default:
		w, elapsed := p.run(*a.Run), p.elapsed
		if p.clock != nil {
			elapsed = p.clock(elapsed)
		}
		s.Measured(w, elapsed)
	}
}

// run runs a window.
func (p *play) run(r probe.Run) policy.Window {
	p.runs = append(p.runs, r)
	w := p.window(r, len(p.runs), p.noise)
	p.moved += w.MovedBytes
	p.elapsed += w.WarmUp + w.Seconds
	w.Start = p.elapsed - w.Seconds
	if p.touch != nil {
		p.touch(w.Seq, &w)
	}
	line := fmt.Sprintf("%s: %.0f", difference(p.spec, r.Setting), w.BytesPerSecond()/mib)
	if w.Masked != "" {
		line += ", " + w.Masked
	}
	if r.Repeats != "" {
		line += ", again"
	}
	p.say("%s", line)
	p.last = w
	return w
}

func (w world) window(r probe.Run, n int, noise *rand.Rand) policy.Window {
	rate := 100.0 * mib
	if w.rate != nil {
		rate = w.rate(r.Setting)
	}
	rate *= 1 + w.noise*noise.NormFloat64()
	measured := int64(float64(r.Bytes) * (1 - r.Discard))
	return policy.Window{
		Seq: n, Candidate: r.Candidate, Lanes: int(max(r.Setting["parallelism"].Int, 1)),
		Seconds: float64(measured) / rate, WarmUp: float64(r.Bytes-measured) / rate,
		Bytes: measured, Rows: measured / rowBytes,
		MovedBytes: r.Bytes, MovedRows: r.Bytes / rowBytes,
		RoundTrip: 0.0003, SourceRoundTrip: 0.0004,
	}
}

// difference is what a setting has otherwise than the baseline.
func difference(spec probe.Spec, s policy.Setting) string {
	turned := policy.Setting{}
	for name, v := range s {
		if v != spec.Baseline[name] {
			turned[name] = v
		}
	}
	if len(turned) == 0 {
		return "baseline"
	}
	return turned.Format(spec.Knobs)
}

// orders is a stream of 12 GB at 100 MiB/s, about two minutes.
func orders() probe.Spec {
	return probe.Spec{
		Facts: policy.Facts{Stream: "orders", Rows: 12_000_000, Bytes: 12_000_000_000},
		Knobs: []policy.Knob{
			{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16},
			{Name: "partition_mode", Owner: policy.Source, Kind: policy.Enum, Values: []string{"ctid", "range", "mod"}},
			{Name: "copy_flush_bytes", Owner: policy.Destination, Kind: policy.Bytes, Min: 1 * mib, Max: 32 * mib},
			{Name: "copy_format", Owner: policy.Destination, Kind: policy.Enum, Values: []string{"binary", "text"}},
		},
		Pins: policy.Setting{},
		Baseline: policy.Setting{
			"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid"),
			"copy_flush_bytes": policy.IntValue(8 * mib), "copy_format": policy.EnumValue("binary"),
		},
		Guards: probe.Guards{Bounds: map[string]string{"parallelism": "worker_cap"}, MaxMemory: 512 * mib},
		Budget: probe.DefaultBudget(),
		Seed:   1,
	}
}

// only pins all knobs but those named.
func only(s probe.Spec, names ...string) probe.Spec {
	s.Pins = maps.Clone(s.Baseline)
	for _, name := range names {
		delete(s.Pins, name)
	}
	return s
}
