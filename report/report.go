package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// Report is what a trace tells of a run. Times are seconds since the run began,
// sizes bytes.
type Report struct {
	Run, Pipeline, Version string
	Attempt                int
	Started                time.Time
	Status                 string // "done", "failed", "interrupted"; "running" or "cut off" where there is no end
	Error                  string
	Seconds                float64
	Rows, Bytes, Rejected  int64
	OneMoment              bool
	Policy                 string // who tuned; empty where nothing was tuned
	Off                    string // why nothing was tuned
	Cut                    string // why the trace is not whole
	Lost                   int    // records that could not be written
	Streams                []*Stream
	Events                 []Event
	// Previous is an earlier run of the same pipeline; nil where there is none.
	Previous *Previous
}

// Stream is what a run did with one stream.
type Stream struct {
	Name, Target, Status  string
	Rows, Bytes, Rejected int64
	Began                 float64 // when the first part was about to be read
	Load, Publish         float64 // seconds
	Setting               string  // the last one in force
	Pinned                string  // what the pipeline fixes; empty where that is nothing
	Moving                *Moving // while it is copied, and somebody tells
	Skip                  string  // why it was not tuned; empty where it was
	Decision              *Decision
	Windows               []Window
	Parts                 []Part
	Steps                 []Step
	Time                  Spent

	knobs []policy.Knob
	seen  trace.Loaded // what lanes were seen to do
}

// Speed is in bytes per second of loading; 0 where nothing was measured.
func (s *Stream) Speed() float64 {
	if s.Load <= 0 {
		return 0
	}
	return float64(s.Bytes) / s.Load
}

// Links says what the time that is put down to the links rests on.
func (s *Stream) Links() string {
	seen := s.seen
	if seen.Looks == 0 {
		return "What the link to each side took is part of what that side takes: nobody looked at the lanes, or for long enough to tell."
	}
	percent := func(n int64) int64 { return 100 * n / seen.Looks }
	return fmt.Sprintf("In %d looks at a lane, it waited for the source in %d %% and the source for it in %d %%, it for the destination in %d %% "+
		"and that for it in %d %%: the links, or waits for a processor beside them, took what is put down to them, or more.",
		seen.Looks, percent(seen.SourceWaited), percent(seen.SourceIdle), percent(seen.DestWaited), percent(seen.DestIdle))
}

// Moving is how far a stream is whose rows are on their way.
type Moving struct {
	Rows     int64   // committed or on their way
	Fraction float64 // of the stream, by the source's estimate; 0 … 1
	Lanes    int     // at work on it
	Speed    float64 // bytes per second just now; 0 where that is not known
	Left     float64 // seconds, at this speed; 0 where that cannot be told
}

// String says it in words.
func (m Moving) String() string {
	text := fmt.Sprintf("%.0f %%, %s rows, %d lanes", 100*m.Fraction, rows(m.Rows), m.Lanes)
	if m.Lanes == 1 {
		text = strings.TrimSuffix(text, "s")
	}
	if m.Speed > 0 {
		text += ", " + rate(m.Speed) + " now"
	}
	if m.Left > 0 {
		text += ", about " + (time.Duration(math.Ceil(m.Left)) * time.Second).String() + " left"
	}
	return text
}

// Window is a window of the probe phase.
type Window struct {
	policy.Window
	At      float64 // about when measuring began, since the run did: it is recorded when it has ended
	Setting string
	Skipped string // why it does not count; empty where it does
	setting policy.Setting
}

// Part is a committed part: what its lane did from From to To. Of a stream of very
// many parts it is several that followed each other in one lane.
type Part struct {
	Lane                  int
	From, To              float64
	Rows, Bytes, Rejected int64
	Time                  Spent
}

// Step is something that took long while a stream was published. A trace tells when
// a step begins: To is when the next one did, or when publishing ended. Of indexes
// that are built side by side, an earlier one may take longer.
type Step struct {
	What     string
	From, To float64
}

// Decision is what became of the search.
type Decision struct {
	policy.Decision
	Text  string // for people
	Knobs []Knob // those that were turned or pinned
}

// Knob is what was tried of one knob.
type Knob struct {
	Name, Doc string
	Pinned    string // the value; empty where it was free
	Baseline  string
	Winner    string
	Tried     []Tried
}

// Measured reports whether there is a candidate with a lead.
func (k Knob) Measured() bool {
	return slices.ContainsFunc(k.Tried, func(t Tried) bool { return t.Windows > 0 })
}

// Tried is one candidate of a knob, compared with its round's leader.
type Tried struct {
	Value           string
	Round           int
	Against         string
	Lead, Low, High float64 // fractions
	Windows, Masked int
	Speed           float64
	Outcome, Detail string
	Won             bool
}

// Event is something that a person should know.
type Event struct {
	At           float64
	Stream       string // empty where it is about the run
	Kind         string // "retry", "note", "fault", "clamp", "rejected"
	Text, Detail string
}

// Previous is how an earlier run of the same pipeline went.
type Previous struct {
	Run     string
	Started time.Time
	Seconds float64
	Rows    int64
	Bytes   int64
	Streams map[string]PreviousStream
}

// PreviousStream is how it went for one stream.
type PreviousStream struct {
	Rows, Bytes          int64
	Load, Publish, Speed float64
}

// After notes an earlier run to compare with.
func (r *Report) After(before *Report) {
	p := &Previous{Run: before.Run, Started: before.Started, Seconds: before.Seconds, Rows: before.Rows, Bytes: before.Bytes,
		Streams: map[string]PreviousStream{}}
	for _, s := range before.Streams {
		p.Streams[s.Name] = PreviousStream{Rows: s.Rows, Bytes: s.Bytes, Load: s.Load, Publish: s.Publish, Speed: s.Speed()}
	}
	r.Previous = p
}
