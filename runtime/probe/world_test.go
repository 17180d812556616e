package probe_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

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
	// size is the stream's real bytes; 0 is no end.
	size int64
}

// outcome is how a probe phase went.
type outcome struct {
	decision policy.Decision
	fault    policy.Fault
	faulted  bool
	story    []string // every window and round, in order
	clamps   []string
	runs     []probe.Run
	elapsed  float64
}

// rowBytes is the width of every row.
const rowBytes = 1000

// play carries out what the scheduler says until it locks.
func (w world) play(t testing.TB, spec probe.Spec) outcome {
	t.Helper()
	if w.policy == nil {
		w.policy = builtin.New()
	}
	s, ctx := probe.New(spec), context.Background()
	noise := rand.New(rand.NewPCG(spec.Seed, 1))
	var o outcome
	var moved int64
	say := func(format string, args ...any) { o.story = append(o.story, fmt.Sprintf(format, args...)) }
	for range 10_000 {
		a := s.Next()
		for _, c := range s.Clamps() {
			o.clamps = append(o.clamps, c.String())
		}
		switch {
		case a.Propose != nil:
			p, err := w.policy.Propose(ctx, *a.Propose)
			if err != nil {
				s.Failed(policy.Fault{Reason: policy.FaultError, Detail: err.Error()})
				continue
			}
			say("round %d: %s", a.Propose.Round, p.Note)
			s.Proposed(p)
		case a.Score != nil:
			scores, err := w.policy.Score(ctx, *a.Score)
			if err != nil {
				s.Failed(policy.Fault{Reason: policy.FaultError, Detail: err.Error()})
				continue
			}
			s.Scored(scores)
		case a.Run != nil:
			if w.size > 0 && moved+a.Run.Bytes > w.size {
				s.Ended()
				continue
			}
			o.runs = append(o.runs, *a.Run)
			win := w.window(*a.Run, len(o.runs), noise)
			moved += win.MovedBytes
			o.elapsed += win.WarmUp + win.Seconds
			win.Start = o.elapsed - win.Seconds
			if w.touch != nil {
				w.touch(win.Seq, &win)
			}
			what := difference(spec, a.Run.Setting)
			if a.Run.Repeats != "" {
				what += " again"
			}
			if win.Masked != "" {
				what += " masked: " + win.Masked
			}
			say("%s", what)
			s.Measured(win, o.elapsed)
		default:
			o.decision = *a.Lock
			o.fault, o.faulted = s.Fault()
			say("%s: %s", a.Lock.Reason, difference(spec, a.Lock.Winner))
			return o
		}
	}
	t.Fatal("the scheduler does not end")
	return o
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
		RoundTrip: 0.0003,
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
