package policytest

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/sim"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Record has the recorder's policy tune a stream in an environment of the
// simulator, and writes the trace to path. The stream takes that many seconds
// under the best of the usual settings.
func Record(path string, r Recorder, e sim.Environment, seconds float64, seed uint64) (policy.Decision, error) {
	file, err := os.Create(path)
	if err != nil {
		return policy.Decision{}, err
	}
	defer file.Close()
	r.Out = file
	trials, err := sim.Bench{
		Environments: []sim.Environment{e}, Tuners: []sim.Tuner{&r}, Lengths: []float64{seconds}, Runs: 1, Seed: seed, Priors: true,
	}.Trials(context.Background())
	if err != nil {
		return policy.Decision{}, err
	}
	return trials[0].Decision, file.Close()
}

// Recorder is a tuner of the simulator that writes a trace of the phase, as a run
// would: the beginning of a test where no server is at hand. It plays one stream.
type Recorder struct {
	Policy policy.Policy
	Config json.RawMessage // of the pipeline file
	Out    io.Writer
	Also   []trace.Record // of other streams

	phase *probe.Scheduler
	trace *trace.Writer
	at    float64 // s since the run began
	calls int
}

// begins is when the stream's first window begins, after the run did.
const begins = 0.25

// Name is how tables call it.
func (*Recorder) Name() string { return "recorded" }

// Tune does what the scheduler says until it locks.
func (r *Recorder) Tune(s *sim.Stream, spec probe.Spec) policy.Decision {
	spec.Policy, spec.Config = r.Policy.Info(), r.Config
	r.trace = trace.NewWriter(r.Out, trace.Header{Run: "01M847WPY8SVS2950CR0SXJ1PT", Attempt: 1, Pipeline: "sim", Version: "test", Started: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)})
	defer r.trace.Close()
	b := spec.Budget
	info := spec.Policy
	r.write(trace.Run{
		Streams: 1 + len(r.Also), Policy: &info, Seed: probe.SeedOf(spec.Seed, spec.Facts.Stream), WorkerCap: 16,
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
	for _, other := range r.Also {
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
			skipped := r.phase.Measured(w, elapsed)
			r.write(trace.Window{Stream: spec.Facts.Stream, Setting: a.Run.Setting, Window: w, Skipped: skipped})
		case a.Propose != nil:
			p, err := r.Policy.Propose(context.Background(), *a.Propose)
			if r.called(spec, opPropose, a.Propose, p, err) {
				r.phase.Proposed(p)
			}
		default:
			p, err := r.Policy.Score(context.Background(), *a.Score)
			if r.called(spec, opScore, a.Score, p, err) {
				r.phase.Scored(p)
			}
		}
	}
}

func (r *Recorder) called(spec probe.Spec, op string, input, output any, err error) bool {
	r.calls++
	failure := ""
	if err != nil {
		failure = err.Error()
		r.phase.Failed(policy.Fault{Reason: reasonOf(err), Detail: failure})
	}
	r.write(trace.NewCall(spec.Facts.Stream, r.calls, op, input, output, failure, time.Millisecond))
	return err == nil
}

func (r *Recorder) write(record trace.Record) {
	r.trace.Write(time.Duration(r.at*1e9), record)
}
