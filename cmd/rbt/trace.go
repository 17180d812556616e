package main

import (
	"os"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/live"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// recorder writes what happens in a run into its trace. A trace that cannot be
// written is worth a warning, and no more.
type recorder struct {
	u      *ui
	config *runtime.Config
	path   string // chosen by a person; empty: in the runs' folder
	began  time.Time
	early  []earlyRecord // what happened before the run had an id
	file   *os.File
	out    *trace.Writer // nil before RunStarted, and where the file cannot be made
	// watched is who sees the records besides; nil where nobody does.
	watched *live.Monitor
	begun   bool
}

// earlyRecord is a record that waits for the run's trace.
type earlyRecord struct {
	at     time.Duration
	record trace.Record
}

func newRecorder(u *ui, config *runtime.Config, path string, watched *live.Monitor) *recorder {
	return &recorder{u: u, config: config, path: path, began: time.Now(), watched: watched}
}

// event records an event. The engine calls it, one call at a time.
func (r *recorder) event(e runtime.Event) {
	at := time.Since(r.began)
	if started, ok := e.(runtime.RunStarted); ok {
		r.start(at, started)
		return
	}
	switch record := recordOf(e); {
	case record == nil:
	case r.begun:
		r.write(at, record)
	default:
		r.early = append(r.early, earlyRecord{at, record})
	}
}

// write hands a record to all who want it.
func (r *recorder) write(at time.Duration, record trace.Record) {
	if r.out != nil {
		r.out.Write(at, record)
	}
	if r.watched != nil {
		r.watched.Add(at, record)
	}
}

// start begins the trace of a run that has begun.
func (r *recorder) start(at time.Duration, e runtime.RunStarted) {
	var err error
	if r.path != "" {
		r.file, err = overwriteTrace(r.path)
	} else if r.file, err = createTrace(e.RunID, e.Attempt); err == nil {
		err = forgetRuns()
	}
	if err != nil {
		r.u.warn("the run's trace: %v", err)
	}
	header := trace.Header{
		Run: e.RunID, Attempt: e.Attempt, Pipeline: e.Pipeline, Version: r.config.Run.Version, Started: r.began.UTC(),
	}
	if r.file != nil {
		r.out = trace.NewWriter(r.file, header)
	}
	if r.watched != nil {
		r.watched.Begin(header)
	}
	r.write(at, runRecord(r.config, len(e.Streams)))
	for _, p := range e.Streams {
		r.write(at, streamRecord(p))
	}
	for _, early := range r.early {
		r.write(early.at, early.record)
	}
	r.early, r.begun = nil, true
}

// close comes after the last event.
func (r *recorder) close() {
	if r.out == nil {
		return
	}
	err := r.out.Close()
	if closed := r.file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		r.u.warn("the run's trace: %v", err)
	}
}

// runRecord says what the run starts with.
func runRecord(c *runtime.Config, streams int) trace.Run {
	run := trace.Run{
		Streams: streams, Off: c.Untuned, Parallelism: c.Parallelism, WorkerCap: c.WorkerCap,
		MaxMemory: c.MaxMemory, PartBytes: c.PartBytes,
	}
	if c.Autotune != nil {
		info := c.Autotune.Policy.Info()
		run.Policy, run.Budget, run.Seed = &info, budgetRecord(c.Autotune.Budget), c.Autotune.Seed
	}
	return run
}

func budgetRecord(b probe.Budget) *trace.Budget {
	return &trace.Budget{
		Seconds: b.Seconds, Rows: b.Rows, StrictRows: b.StrictRows, MaxFraction: b.MaxFraction,
		LostTime: b.LostTime, MinWindows: b.MinWindows, Lead: b.Lead,
		MinBytesPerLane: b.MinBytesPerLane, MinRoundTrips: b.MinRoundTrips,
	}
}

// streamRecord says what is known of a stream. Its condition is left out: it
// may hold what a person gave as a variable.
func streamRecord(p runtime.StreamPlan) trace.Stream {
	s := p.Stream
	return trace.Stream{
		Stream: s.Spec.Name, Target: streamName(p.Target.Schema, p.Target.Name),
		Facts: policy.Facts{Stream: s.Spec.Name, Rows: s.Rows, Bytes: s.Bytes},
		Knobs: p.Knobs, Pins: p.Pins, Baseline: p.Baseline, Reasons: p.Reasons, Skip: p.Skip,
	}
}

// recordOf is the record of an event; nil where it has none.
func recordOf(e runtime.Event) trace.Record {
	secs := trace.Seconds
	switch e := e.(type) {
	case runtime.StreamSkipped:
		return trace.Kept{Stream: e.Stream, Reason: redact(e.Reason)}
	case runtime.StreamStarted:
		return trace.Started{Stream: e.Stream, Setting: e.Setting}
	case runtime.PartDone:
		return trace.Part{
			Stream: e.Part.Stream, Mark: e.Part.Mark, Lane: e.Lane, Rows: e.Rows, Bytes: e.Bytes,
			Seconds: secs(e.Duration), SourceWait: secs(e.SourceWait), WriteWait: secs(e.WriteWait),
			FlushWait: secs(e.FlushTime), Commit: secs(e.CommitTime), Flushes: e.Flushes, Rejected: e.Rejected,
		}
	case runtime.Retry:
		return trace.Retry{Stream: e.Stream, Doing: e.Doing, Error: errorText(e.Err),
			Class: connectors.ErrorClass(e.Err), State: stateOf(e.Err), After: secs(e.After), Try: e.Try}
	case runtime.Notice:
		return trace.Note{Stream: e.Stream, Text: redact(e.Text)}
	case runtime.StreamLoaded:
		return trace.Loaded{Stream: e.Stream, Rows: e.Rows, Bytes: e.Bytes, Load: secs(e.Took),
			Looks: e.Looks.Taken, SourceWaited: e.Looks.SourceWaited, SourceIdle: e.Looks.SourceIdle,
			DestWaited: e.Looks.DestWaited, DestIdle: e.Looks.DestIdle}
	case runtime.PublishStep:
		return trace.Step{Stream: e.Stream, Step: e.Step}
	case runtime.StreamDone:
		return trace.Done{Stream: e.Stream, Rows: e.Rows, Bytes: e.Bytes, Load: secs(e.Load), Publish: secs(e.Publish), Rejected: e.Rejected}
	case runtime.RunDone:
		return summaryRecord(e)
	}
	return tuningRecord(e)
}

// tuningRecord is the record of an event about tuning; nil for others.
func tuningRecord(e runtime.Event) trace.Record {
	switch e := e.(type) {
	case runtime.AutotuneSkipped:
		return trace.Skipped{Skip: e.Skip}
	case runtime.PolicyCalled:
		return trace.NewCall(e.Stream, e.Seq, e.Op, e.Input, e.Output, errorText(e.Err), e.Took)
	case runtime.WindowDone:
		return trace.Window{Stream: e.Stream, Setting: e.Setting, Window: e.Window, Skipped: e.Skipped}
	case runtime.Clamped:
		return trace.Clamp{Stream: e.Stream, Clamp: e.Clamp}
	case runtime.AutotuneFault:
		e.Detail = redact(e.Detail)
		return trace.Fault{Fault: e.Fault}
	case runtime.AutotuneDecision:
		e.Detail = redact(e.Detail)
		return trace.Decision{Decision: e.Decision}
	case runtime.Steady:
		return trace.Steady{Stream: e.Stream, Setting: e.Setting}
	}
	return nil
}

// summaryRecord says how the run ended.
func summaryRecord(e runtime.RunDone) trace.Summary {
	s := e.Summary
	record := trace.Summary{
		Status: s.Status, Rows: s.Rows, Bytes: s.Bytes, Seconds: trace.Seconds(s.Took), OneMoment: s.OneMoment,
		Error: errorText(e.Err), Class: connectors.ErrorClass(e.Err), State: stateOf(e.Err),
	}
	for _, one := range s.Streams {
		record.Streams = append(record.Streams, trace.StreamSummary{
			Stream: one.Stream, Status: one.Status, Rows: one.Rows, Bytes: one.Bytes,
			Load: trace.Seconds(one.Load), Publish: trace.Seconds(one.Publish), Setting: one.Setting, Rejected: one.Rejected,
		})
	}
	return record
}
