package runtime

import (
	"log/slog"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// Event is something that happened in a run. Its log value is for machines;
// a listener that wants one kind switches on the type.
type Event interface {
	slog.LogValuer
	// Name is the event's stable name: "run-started".
	Name() string
}

// RunStarted comes when every stream is known and may be copied.
type RunStarted struct {
	RunID    string
	Attempt  int
	Pipeline string
	Streams  []StreamPlan
	// Policy says who tunes; nil where nothing is tuned.
	Policy *policy.Info
}

// StreamSkipped comes for a stream that an earlier attempt has published.
type StreamSkipped struct {
	Stream string
	Reason string
}

// StreamStarted comes when the first part of a stream is about to be read.
type StreamStarted struct {
	Stream  string
	Setting policy.Setting
	Knobs   []policy.Knob
	Bytes   int64 // estimate as the source stores it; -1 unknown
	Rows    int64
}

// Progress comes a few times a second for each stream that moves.
type Progress struct {
	Stream   string
	Rows     int64   // committed or on their way
	Bytes    int64   // of row data handed to the destination
	Fraction float64 // of the stream, by the source's estimate; 0 … 1
	Lanes    int     // at work on the stream now
}

// PartDone comes when a part is committed.
type PartDone struct {
	Part     connectors.Part
	Lane     int
	Rows     int64
	Bytes    int64
	Rejected int64 // rows that were put aside; they are not among Rows
	Duration time.Duration
	// SourceWait, WriteWait, FlushTime and CommitTime say where Duration went:
	// waiting for rows, handing them to the destination's socket, waiting for
	// the destination to have taken them, committing.
	SourceWait, WriteWait, FlushTime, CommitTime time.Duration
	Flushes                                      int64
}

// Retry comes when something failed and will be tried again.
type Retry struct {
	Stream string // empty where it concerns the whole run
	Doing  string
	Err    error
	After  time.Duration
	Try    int
}

// Notice is something that a person should know about a stream or, with an
// empty Stream, about the run.
type Notice struct {
	Stream string
	Text   string
}

// AutotuneSkipped comes for a stream that is not tuned.
type AutotuneSkipped struct {
	policy.Skip
	Knobs []policy.Knob
}

// PolicyCalled comes when a policy has answered a call, or failed to.
type PolicyCalled struct {
	Stream string
	Seq    int    // of the stream's calls, from 1
	Op     string // "propose" or "score"
	Input  any    // the policy.ProposeRequest or policy.ScoreRequest
	Output any    // the policy.Proposal or policy.Scores; nil after an error
	Err    error
	Took   time.Duration
}

// WindowDone comes when a window of the probe phase has been measured.
type WindowDone struct {
	Stream  string
	Knobs   []policy.Knob
	Setting policy.Setting
	Window  policy.Window
	Skipped string // why it does not count: a mask, probe.Invalid or probe.WarmUp
}

// Clamped comes when a guardrail changed what a policy proposed.
type Clamped struct {
	Stream string
	Clamp  policy.Clamp
}

// AutotuneFault comes when the policy, or what serves it, failed. The stream
// goes on with its baseline. With an empty Stream the policy that was asked for
// could not be used at all, and another one tunes.
type AutotuneFault struct{ policy.Fault }

// AutotuneDecision comes when a stream's probe phase ends.
type AutotuneDecision struct {
	policy.Decision
	Knobs []policy.Knob
}

// Steady comes when the rest of a tuned stream is about to be cut into parts, or
// when there is none.
type Steady struct {
	Stream  string
	Knobs   []policy.Knob
	Setting policy.Setting
}

// StreamLoaded comes when all rows of a stream are committed to staging.
type StreamLoaded struct {
	Stream string
	Rows   int64
	Bytes  int64
	Took   time.Duration
	Looks  Looks
}

// PublishStep comes when Publish begins something that may take long.
type PublishStep struct {
	Stream string
	Step   string
}

// StreamDone comes when a stream's rows are visible.
type StreamDone struct {
	Stream   string
	Rows     int64
	Bytes    int64
	Rejected int64         // rows that were put aside; they are not among Rows
	Load     time.Duration // while lanes were at work on it
	Publish  time.Duration // indexes, constraints and the swap
}

// RunDone comes last.
type RunDone struct {
	Summary Summary
	Err     error
}

// Summary is what a run did.
type Summary struct {
	RunID     string
	Attempt   int
	Pipeline  string
	Status    string // "done", "failed", "interrupted"
	Streams   []StreamSummary
	Rows      int64
	Bytes     int64
	Took      time.Duration
	OneMoment bool
	Notes     []string
}

// StreamSummary is what a run did with one stream.
type StreamSummary struct {
	Stream string
	Target string
	// Status is "done", "skipped", "failed" where the stream's own error ended
	// the run, "loaded" where its rows all wait in staging, else "pending".
	Status   string
	Rows     int64
	Bytes    int64
	Rejected int64 // rows that were put aside; they are not among Rows
	Load     time.Duration
	Publish  time.Duration
	Setting  policy.Setting // the last one in force
}

func (RunStarted) Name() string       { return "run-started" }
func (StreamSkipped) Name() string    { return "stream-skipped" }
func (StreamStarted) Name() string    { return "stream-started" }
func (Progress) Name() string         { return "progress" }
func (PartDone) Name() string         { return "part-done" }
func (Retry) Name() string            { return "retry" }
func (Notice) Name() string           { return "notice" }
func (AutotuneSkipped) Name() string  { return "autotune-skipped" }
func (PolicyCalled) Name() string     { return "policy-called" }
func (WindowDone) Name() string       { return "window" }
func (Clamped) Name() string          { return "clamp" }
func (AutotuneFault) Name() string    { return "autotune-fault" }
func (AutotuneDecision) Name() string { return "autotune-decision" }
func (Steady) Name() string           { return "steady" }
func (StreamLoaded) Name() string     { return "stream-loaded" }
func (PublishStep) Name() string      { return "publish-step" }
func (StreamDone) Name() string       { return "stream-done" }
func (RunDone) Name() string          { return "run-done" }

func (e RunStarted) LogValue() slog.Value {
	return slog.GroupValue(slog.String("run", e.RunID), slog.Int("attempt", e.Attempt),
		slog.String("pipeline", e.Pipeline), slog.Int("streams", len(e.Streams)))
}

func (e StreamSkipped) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("reason", e.Reason))
}

func (e StreamStarted) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("setting", e.Setting.Format(e.Knobs)),
		slog.Int64("rows_estimate", e.Rows), slog.Int64("bytes_estimate", e.Bytes))
}

func (e Progress) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.Int64("rows", e.Rows),
		slog.Int64("bytes", e.Bytes), slog.Float64("fraction", e.Fraction), slog.Int("lanes", e.Lanes))
}

func (e PartDone) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Part.Stream), slog.Int64("mark", e.Part.Mark),
		slog.Int("lane", e.Lane), slog.Int64("rows", e.Rows), slog.Int64("bytes", e.Bytes), slog.Int64("rejected", e.Rejected),
		slog.Float64("duration_secs", e.Duration.Seconds()), slog.Float64("source_wait_secs", e.SourceWait.Seconds()),
		slog.Float64("write_secs", e.WriteWait.Seconds()), slog.Float64("dest_flush_secs", e.FlushTime.Seconds()),
		slog.Float64("commit_secs", e.CommitTime.Seconds()), slog.Int64("flushes", e.Flushes))
}

func (e Retry) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("doing", e.Doing),
		slog.String("error", e.Err.Error()), slog.Float64("after_secs", e.After.Seconds()), slog.Int("try", e.Try))
}

func (e Notice) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("text", e.Text))
}

func (e AutotuneSkipped) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("reason", e.Reason),
		slog.String("detail", e.Detail), slog.String("pins", e.Pins.Format(e.Knobs)))
}

func (e PolicyCalled) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("stream", e.Stream), slog.Int("seq", e.Seq), slog.String("op", e.Op),
		slog.Float64("took_secs", e.Took.Seconds())}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}

func (e WindowDone) LogValue() slog.Value {
	w := e.Window
	return slog.GroupValue(slog.String("stream", e.Stream), slog.Int("seq", w.Seq), slog.Int("candidate", w.Candidate),
		slog.String("setting", e.Setting.Format(e.Knobs)), slog.Float64("secs", w.Seconds),
		slog.Float64("bytes_per_sec", w.BytesPerSecond()), slog.String("masked", w.Masked), slog.String("skipped", e.Skipped))
}

func (e Clamped) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("clamp", e.Clamp.String()))
}

func (e AutotuneFault) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("reason", e.Reason), slog.String("detail", e.Detail))
}

func (e AutotuneDecision) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("reason", e.Reason),
		slog.String("baseline", e.Baseline.Format(e.Knobs)), slog.String("winner", e.Winner.Format(e.Knobs)),
		slog.Float64("lead", e.Lead), slog.Float64("low", e.Low), slog.Float64("high", e.High),
		slog.Any("candidates", e.Candidates), slog.Any("clamps", e.Clamps), slog.Int("windows", e.Windows),
		slog.Any("masked", e.Masked), slog.Int64("probe_rows", e.ProbeRows),
		slog.Float64("probe_secs", e.ProbeSeconds), slog.Float64("lost_secs", e.LostSeconds))
}

func (e Steady) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("setting", e.Setting.Format(e.Knobs)))
}

func (e StreamLoaded) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.Int64("rows", e.Rows),
		slog.Int64("bytes", e.Bytes), slog.Float64("load_secs", e.Took.Seconds()),
		slog.Int64("looks", e.Looks.Taken), slog.Int64("source_waited", e.Looks.SourceWaited), slog.Int64("source_idle", e.Looks.SourceIdle),
		slog.Int64("dest_waited", e.Looks.DestWaited), slog.Int64("dest_idle", e.Looks.DestIdle))
}

func (e PublishStep) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.String("step", e.Step))
}

func (e StreamDone) LogValue() slog.Value {
	return slog.GroupValue(slog.String("stream", e.Stream), slog.Int64("rows", e.Rows), slog.Int64("bytes", e.Bytes), slog.Int64("rejected", e.Rejected),
		slog.Float64("load_secs", e.Load.Seconds()), slog.Float64("publish_secs", e.Publish.Seconds()))
}

func (e RunDone) LogValue() slog.Value {
	s := e.Summary
	attrs := []slog.Attr{slog.String("run", s.RunID), slog.String("status", s.Status),
		slog.Int64("rows", s.Rows), slog.Int64("bytes", s.Bytes),
		slog.Float64("duration_secs", s.Took.Seconds()), slog.Bool("one_moment", s.OneMoment)}
	if e.Err != nil {
		attrs = append(attrs, slog.String("error", e.Err.Error()))
	}
	return slog.GroupValue(attrs...)
}
