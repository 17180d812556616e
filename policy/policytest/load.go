package policytest

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// Trace is what a trace has of tuning: what the policy was asked and what it
// said, what the windows measured and what was decided.
type Trace struct {
	Path    string
	Run     trace.Run
	Streams []*Stream // in the order of the pipeline
	Lost    int       // records that are not in the trace
	Cut     string    // why it is not whole; empty where it is
	// Quarantine is the line of the call with which the module failed once too
	// often; 0 where there is none.
	Quarantine int
}

// Stream is what a trace has of one stream.
type Stream struct {
	trace.Stream
	Calls    []Call
	Decision *policy.Decision // nil where there is none
	windows  []window
	kept     string // why it was not copied
	loaded   int64  // bytes in all; 0 where the trace does not say
}

// Name is the stream's.
func (s *Stream) Name() string { return s.Stream.Stream }

// Call is a call of the policy, and the line of the trace that has it.
type Call struct {
	trace.Call
	Line int
}

// Load reads a trace.
func Load(path string) (*Trace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	in, err := trace.NewReader(file, path)
	if err != nil {
		return nil, err
	}
	r := reading{Trace: &Trace{Path: path}, byName: map[string]*Stream{}}
	for {
		e, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		r.note(e)
	}
	r.Cut = in.Cut()
	for _, s := range r.Streams {
		s.reckon()
	}
	return r.Trace, nil
}

// Calls is how many calls of the policy the trace has.
func (t *Trace) Calls() int {
	n := 0
	for _, s := range t.Streams {
		n += len(s.Calls)
	}
	return n
}

// Config is the config that the policy had in the run; nil where it had none.
func (t *Trace) Config() json.RawMessage {
	for _, s := range t.Streams {
		for _, c := range s.Calls {
			var input struct{ Config json.RawMessage }
			if json.Unmarshal(c.Input, &input) == nil && input.Config != nil {
				return input.Config
			}
		}
	}
	return nil
}

// Untested says why there is nothing to replay; empty where there is something.
func (t *Trace) Untested() string {
	switch {
	case t.Calls() > 0:
		return ""
	case t.Run.Off != "":
		return "the policy was not asked: tuning was off " + t.Run.Off
	case t.Cut != "":
		return "the policy was not asked, and " + t.Cut
	}
	for _, s := range t.Streams {
		if s.Skip != nil {
			return fmt.Sprintf("the policy was not asked: %s was skipped (%s)", s.Name(), s.Skip.Reason)
		}
	}
	return "the policy was not asked"
}

// reading is a trace that is being read.
type reading struct {
	*Trace
	byName map[string]*Stream
}

func (r *reading) stream(name string) *Stream {
	s := r.byName[name]
	if s == nil {
		s = &Stream{Stream: trace.Stream{Stream: name}}
		r.byName[name] = s
		r.Streams = append(r.Streams, s)
	}
	return s
}

// note takes in a record.
func (r *reading) note(e trace.Entry) {
	switch record := e.Record.(type) {
	case trace.Run:
		r.Run = record
	case trace.Stream:
		r.stream(record.Stream).Stream = record
	case trace.Kept:
		r.stream(record.Stream).kept = record.Reason
	case trace.Skipped:
		r.stream(record.Stream).Skip = &record.Skip
	case trace.Call:
		s := r.stream(record.Stream)
		s.Calls = append(s.Calls, Call{record, e.Line})
		if r.Quarantine == 0 && quarantines(record) {
			r.Quarantine = e.Line
		}
	case trace.Window:
		s := r.stream(record.Stream)
		s.windows = append(s.windows, window{Window: record, at: e.At, warm: len(s.Calls) == 0})
	case trace.Decision:
		r.stream(record.Stream).Decision = &record.Decision
	case trace.Loaded:
		r.stream(record.Stream).loaded = record.Bytes
	case trace.Lost:
		r.Lost += record.Records
	}
}
