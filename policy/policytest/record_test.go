package policytest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// recording is a tuner of the simulator that writes a trace of the phase as a
// run would.
type recording struct {
	policy policy.Policy
	out    io.Writer
	also   []trace.Record // of other streams
	phase  *probe.Scheduler
	trace  *trace.Writer
	at     float64 // s since the run began
	calls  int
}

// begins is when the stream's first window begins, after the run did.
const begins = 0.25

func (*recording) Name() string { return "recorded" }

// Tune does what the scheduler says until it locks.
func (r *recording) Tune(s *sim.Stream, spec probe.Spec) policy.Decision {
	spec.Policy = r.policy.Info()
	r.trace = trace.NewWriter(r.out, trace.Header{Run: "01M847WPY8SVS2950CR0SXJ1PT", Attempt: 1, Pipeline: "sim", Version: "test", Started: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)})
	defer r.trace.Close()
	b := spec.Budget
	info := spec.Policy
	r.write(trace.Run{
		Streams: 1 + len(r.also), Policy: &info, Seed: probe.SeedOf(spec.Seed, spec.Facts.Stream), WorkerCap: 16,
		MaxMemory: spec.Guards.MaxMemory - probe.OwnMemory,
		Budget: &trace.Budget{
			Seconds: b.Seconds, Rows: b.Rows, StrictRows: b.StrictRows, MaxFraction: b.MaxFraction, LostTime: b.LostTime,
			MinWindows: b.MinWindows, Lead: b.Lead, MinBytesPerLane: b.MinBytesPerLane, MinRoundTrips: b.MinRoundTrips,
		},
	})
	record := trace.Stream{Stream: spec.Facts.Stream, Facts: spec.Facts, Knobs: spec.Knobs, Pins: spec.Pins, Baseline: spec.Baseline}
	if skip, ok := probe.Eligible(spec); !ok {
		record.Skip = &skip
		r.write(record)
		return policy.Decision{Baseline: spec.Baseline, Winner: spec.Baseline}
	}
	r.write(record)
	for _, other := range r.also {
		r.write(other)
	}
	r.phase = probe.New(spec)
	for seq := 1; ; {
		switch a := r.phase.Next(); {
		case a.Lock != nil:
			r.write(trace.Decision{Decision: *a.Lock})
			r.write(trace.Summary{Status: "done"})
			return *a.Lock
		case a.Run != nil:
			w := s.Window(seq, a.Run)
			seq++
			if float64(w.MovedBytes) < 0.9*float64(a.Run.Bytes) {
				r.phase.Ended()
				continue
			}
			elapsed := w.Start + w.Seconds + 0.0123
			r.at = begins + elapsed
			r.write(trace.Window{Stream: spec.Facts.Stream, Setting: a.Run.Setting, Window: w})
			r.phase.Measured(w, elapsed)
		case a.Propose != nil:
			p, err := r.policy.Propose(context.Background(), *a.Propose)
			if r.called(spec, opPropose, a.Propose, p, err) {
				r.phase.Proposed(p)
			}
		default:
			p, err := r.policy.Score(context.Background(), *a.Score)
			if r.called(spec, opScore, a.Score, p, err) {
				r.phase.Scored(p)
			}
		}
	}
}

func (r *recording) called(spec probe.Spec, op string, input, output any, err error) bool {
	r.calls++
	failure := ""
	if err != nil {
		failure = err.Error()
		r.phase.Failed(policy.Fault{Reason: reasonOf(err), Detail: failure})
	}
	r.write(trace.NewCall(spec.Facts.Stream, r.calls, op, input, output, failure, time.Millisecond))
	return err == nil
}

func (r *recording) write(record trace.Record) {
	r.trace.Write(time.Duration(r.at*1e9), record)
}

// record has p tune a simulated stream, and returns the trace's path and the
// decision.
func record(t testing.TB, e sim.Environment, p policy.Policy, seconds float64, seed uint64) (string, policy.Decision) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trace.jsonl")
	return path, recordTo(t, path, &recording{policy: p}, e, seconds, seed)
}

func recordTo(t testing.TB, path string, r *recording, e sim.Environment, seconds float64, seed uint64) policy.Decision {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r.out = file
	trials, err := sim.Bench{
		Environments: []sim.Environment{e}, Tuners: []sim.Tuner{r}, Lengths: []float64{seconds}, Runs: 1, Seed: seed, Priors: true,
	}.Trials(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return trials[0].Decision
}

// load reads a trace.
func load(t testing.TB, path string) *Trace {
	t.Helper()
	tr, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

// wan is a simulated stream that many lanes and large flushes are good for.
func wan() sim.Environment {
	e := sim.Named()[1]
	e.Name = "public.orders"
	return e
}

// orders is a trace of such a stream, and of one that is too small to be tuned.
const orders = "testdata/orders.jsonl"

// TestOrders makes that trace anew where RBT_UPDATE is set: the built-in policy
// has to have changed its mind for a reason.
func TestOrders(t *testing.T) {
	if os.Getenv("RBT_UPDATE") == "" {
		Replay(t, builtin.New(), orders)
		Expect(t, builtin.New(), orders)
		return
	}
	countries := trace.Stream{
		Stream: "public.countries", Facts: policy.Facts{Stream: "public.countries", Rows: 200, Bytes: 16 << 10},
		Knobs:    []policy.Knob{{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16, Default: policy.IntValue(4)}},
		Baseline: policy.Setting{"parallelism": policy.IntValue(4)},
		Skip:     &policy.Skip{Stream: "public.countries", Reason: policy.SkippedSmall, Detail: "15 % of about 0.0 MiB cannot hold 6 windows of 5.0 MiB"},
	}
	recordTo(t, orders, &recording{policy: builtin.New(), also: []trace.Record{countries}}, wan(), 60, 1)
}
