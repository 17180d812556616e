package trace

import (
	"encoding/json"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// Format is the version of the format that this package writes and reads.
// Records and fields may be added to a version; a reader passes over what it
// does not know.
const Format = 1

// Header is the first line of a trace.
type Header struct {
	Format   int       `json:"rbt_trace"` // 1
	Run      string    `json:"run"`
	Attempt  int       `json:"attempt"` // of the run, from 1
	Pipeline string    `json:"pipeline"`
	Version  string    `json:"version"` // of rbt
	Started  time.Time `json:"started_at"`
}

// Record is what one line after the header tells.
type Record interface {
	// Type is the line's "type": "window".
	Type() string
}

// Entry is a line after the header.
type Entry struct {
	Line int     // in the trace, from 1
	At   float64 // seconds since the header's Started
	Record
}

// Run says what the run starts with.
type Run struct {
	Streams int `json:"streams"`
	// Off says why no stream is tuned; empty where tuning is on.
	Off         string       `json:"autotune_off,omitempty"`
	Policy      *policy.Info `json:"policy,omitempty"`
	Budget      *Budget      `json:"budget,omitempty"`
	Seed        uint64       `json:"seed,string"` // a string: it may exceed what a JSON number holds
	Parallelism int          `json:"parallelism"` // of the pipeline file, 0 is auto
	WorkerCap   int          `json:"worker_cap"`
	MaxMemory   int64        `json:"max_memory_bytes"`
	PartBytes   int64        `json:"part_bytes"` // of the largest part, as the source stores it
}

// Budget bounds the probe phase of each stream.
type Budget struct {
	Seconds         float64 `json:"max_secs"`
	Rows            int64   `json:"max_rows"`
	StrictRows      bool    `json:"strict_rows"`
	MaxFraction     float64 `json:"max_fraction"`
	LostTime        float64 `json:"max_lost_time"` // as a fraction of the stream's duration
	MinWindows      int     `json:"min_windows"`
	Lead            float64 `json:"lead"`
	MinBytesPerLane int64   `json:"min_bytes_per_lane"`
	MinRoundTrips   float64 `json:"min_round_trips"`
}

// Stream says what is known of a stream before its rows move.
type Stream struct {
	Stream   string         `json:"stream"`
	Target   string         `json:"target"`
	Facts    policy.Facts   `json:"facts"`
	Knobs    []policy.Knob  `json:"knobs"` // as they hold for the stream
	Pins     policy.Setting `json:"pins"`
	Baseline policy.Setting `json:"baseline"`
	// Reasons say by knob why the baseline has its value.
	Reasons map[string]string `json:"reasons,omitempty"`
	// Skip says why the stream will not be tuned; nil where it will.
	Skip *policy.Skip `json:"skip,omitempty"`
}

// Kept is a stream that an earlier attempt has published.
type Kept struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"`
}

// Started comes when the first part of a stream is about to be read.
type Started struct {
	Stream  string         `json:"stream"`
	Setting policy.Setting `json:"setting"`
}

// Skipped is a stream that is not tuned.
type Skipped struct{ policy.Skip }

// Call is one call of the policy.
type Call struct {
	Stream string `json:"stream"`
	Seq    int    `json:"seq"` // of the stream's calls, from 1
	Op     string `json:"op"`  // "propose" or "score"
	// Input is what the policy was given, to the byte; Output is what was read of
	// its answer, nil after an error.
	Input  json.RawMessage `json:"input"`
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"`
	Millis float64         `json:"ms"`
}

// Window is a window of the probe phase.
type Window struct {
	Stream  string         `json:"stream"`
	Setting policy.Setting `json:"setting"`
	policy.Window
	// Skipped is why the window does not count; empty where it does. A mask need not
	// be why: what disturbs all windows is how things are.
	Skipped string `json:"skipped,omitempty"`
}

// Clamp is a proposal that a guardrail changed.
type Clamp struct {
	Stream string `json:"stream"`
	policy.Clamp
}

// Fault is a failure of the policy, or of what serves it.
type Fault struct{ policy.Fault }

// Decision ends a stream's probe phase.
type Decision struct{ policy.Decision }

// Steady comes when the rest of a tuned stream is about to be cut into parts.
type Steady struct {
	Stream  string         `json:"stream"`
	Setting policy.Setting `json:"setting"`
}

// Part is a committed part. It began Seconds before it was recorded.
type Part struct {
	Stream  string  `json:"stream"`
	Mark    int64   `json:"mark"`
	Lane    int     `json:"lane"`
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes"`
	Seconds float64 `json:"seconds"`
	// Where Seconds went: waiting for rows, handing them to the destination's
	// socket, waiting until it had taken them, committing.
	SourceWait float64 `json:"source_wait_secs"`
	WriteWait  float64 `json:"write_wait_secs"`
	FlushWait  float64 `json:"dest_flush_secs"`
	Commit     float64 `json:"commit_secs"`
	Flushes    int64   `json:"flushes"`
	Rejected   int64   `json:"rejected,omitempty"`
}

// Retry is something that failed and will be tried again.
type Retry struct {
	Stream string  `json:"stream,omitempty"` // empty where it concerns the whole run
	Doing  string  `json:"doing"`
	Error  string  `json:"error"`
	Class  string  `json:"class,omitempty"` // of the error, as in a window's errors
	State  string  `json:"sqlstate,omitempty"`
	After  float64 `json:"after_secs"`
	Try    int     `json:"try"`
}

// Note is something that a person should know about a stream, or the run.
type Note struct {
	Stream string `json:"stream,omitempty"`
	Text   string `json:"text"`
}

// Loaded comes when all rows of a stream are committed to staging.
type Loaded struct {
	Stream string  `json:"stream"`
	Rows   int64   `json:"rows"`
	Bytes  int64   `json:"bytes"`
	Load   float64 `json:"load_secs"`
	// Looks is how often one of its lanes was looked at while it copied a part. In
	// SourceWaited of them the lane waited for the source, and in SourceIdle the
	// source's session did nothing but wait for the lane; so at the destination.
	Looks        int64 `json:"looks,omitempty"`
	SourceWaited int64 `json:"source_waited,omitempty"`
	SourceIdle   int64 `json:"source_idle,omitempty"`
	DestWaited   int64 `json:"dest_waited,omitempty"`
	DestIdle     int64 `json:"dest_idle,omitempty"`
}

// Step comes when publishing a stream begins something that may take long.
type Step struct {
	Stream string `json:"stream"`
	Step   string `json:"step"`
}

// Done comes when a stream's rows are visible.
type Done struct {
	Stream   string  `json:"stream"`
	Rows     int64   `json:"rows"`
	Bytes    int64   `json:"bytes"`
	Load     float64 `json:"load_secs"`
	Publish  float64 `json:"publish_secs"`
	Rejected int64   `json:"rejected,omitempty"`
}

// Summary is the last line of a run that was not killed.
type Summary struct {
	Status    string          `json:"status"` // "done", "failed" or "interrupted"
	Rows      int64           `json:"rows"`
	Bytes     int64           `json:"bytes"`
	Seconds   float64         `json:"seconds"`
	OneMoment bool            `json:"one_moment"`
	Error     string          `json:"error,omitempty"`
	Class     string          `json:"class,omitempty"`
	State     string          `json:"sqlstate,omitempty"`
	Streams   []StreamSummary `json:"streams"`
}

// StreamSummary is what the run did with one stream.
type StreamSummary struct {
	Stream   string         `json:"stream"`
	Status   string         `json:"status"` // "done", "skipped", "failed", "loaded" or "pending"
	Rows     int64          `json:"rows"`
	Bytes    int64          `json:"bytes"`
	Load     float64        `json:"load_secs"`
	Publish  float64        `json:"publish_secs"`
	Setting  policy.Setting `json:"setting,omitempty"` // the last one in force
	Rejected int64          `json:"rejected,omitempty"`
}

// Lost stands for records that are not in the trace.
type Lost struct {
	Records int    `json:"records"`
	Reason  string `json:"reason"`
}

// Unknown is a record that a newer rbt wrote.
type Unknown struct {
	Name string          // its type
	Raw  json.RawMessage // the line
}

func (Run) Type() string       { return "run" }
func (Stream) Type() string    { return "stream" }
func (Kept) Type() string      { return "kept" }
func (Started) Type() string   { return "started" }
func (Skipped) Type() string   { return "skipped" }
func (Call) Type() string      { return "call" }
func (Window) Type() string    { return "window" }
func (Clamp) Type() string     { return "clamp" }
func (Fault) Type() string     { return "fault" }
func (Decision) Type() string  { return "decision" }
func (Steady) Type() string    { return "steady" }
func (Part) Type() string      { return "part" }
func (Retry) Type() string     { return "retry" }
func (Note) Type() string      { return "note" }
func (Loaded) Type() string    { return "loaded" }
func (Step) Type() string      { return "step" }
func (Done) Type() string      { return "done" }
func (Summary) Type() string   { return "summary" }
func (Lost) Type() string      { return "lost" }
func (u Unknown) Type() string { return u.Name }

// decode reads the line of a record of the type.
func decode(kind string, line []byte) (Record, error) {
	switch kind {
	case Run{}.Type():
		return as[Run](line)
	case Stream{}.Type():
		return as[Stream](line)
	case Kept{}.Type():
		return as[Kept](line)
	case Started{}.Type():
		return as[Started](line)
	case Skipped{}.Type():
		return as[Skipped](line)
	case Call{}.Type():
		return as[Call](line)
	case Window{}.Type():
		return as[Window](line)
	case Clamp{}.Type():
		return as[Clamp](line)
	case Fault{}.Type():
		return as[Fault](line)
	case Decision{}.Type():
		return as[Decision](line)
	case Steady{}.Type():
		return as[Steady](line)
	case Part{}.Type():
		return as[Part](line)
	case Retry{}.Type():
		return as[Retry](line)
	case Note{}.Type():
		return as[Note](line)
	case Loaded{}.Type():
		return as[Loaded](line)
	case Step{}.Type():
		return as[Step](line)
	case Done{}.Type():
		return as[Done](line)
	case Summary{}.Type():
		return as[Summary](line)
	case Lost{}.Type():
		return as[Lost](line)
	}
	return Unknown{kind, line}, nil
}

func as[T Record](line []byte) (Record, error) {
	var r T
	err := json.Unmarshal(line, &r)
	return r, err
}
