package main

import (
	"io"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// story is what a trace tells of a run.
type story struct {
	header  trace.Header
	run     trace.Run
	streams []*streamStory // in the order of the pipeline
	fault   *policy.Fault  // of the policy that was asked for, and could not be used
	summary *trace.Summary // nil where the run did not end
	cut     string         // why the trace is not whole
	lost    int            // records that could not be written
	unknown int            // records that this version does not know

	byName map[string]*streamStory
}

// streamStory is what a trace tells of a stream.
type streamStory struct {
	trace.Stream
	kept     string // why an earlier attempt's rows stay
	started  bool
	windows  []trace.Window
	clamps   []policy.Clamp
	calls    int
	callSecs float64 // of all calls
	fault    *policy.Fault
	decision *policy.Decision
	setting  policy.Setting      // in force
	end      trace.StreamSummary // as far as it came
}

// tellStory reads a trace. name is what errors call it.
func tellStory(in io.Reader, name string) (*story, error) {
	r, err := trace.NewReader(in, name)
	if err != nil {
		return nil, err
	}
	s := &story{header: r.Header(), byName: map[string]*streamStory{}}
	for {
		e, err := r.Next()
		if err == io.EOF {
			s.cut = r.Cut()
			return s, nil
		}
		if err != nil {
			return nil, err
		}
		s.note(e.Record)
	}
}

// stream returns the story of a stream, and begins it where there is none.
func (s *story) stream(name string) *streamStory {
	st := s.byName[name]
	if st == nil {
		st = &streamStory{Stream: trace.Stream{Stream: name}}
		s.byName[name] = st
		s.streams = append(s.streams, st)
	}
	return st
}

// note takes in a record.
func (s *story) note(r trace.Record) {
	switch r := r.(type) {
	case trace.Run:
		s.run = r
	case trace.Stream:
		st := s.stream(r.Stream)
		st.Stream, st.setting = r, r.Baseline
	case trace.Kept:
		s.stream(r.Stream).kept = r.Reason
	case trace.Started:
		st := s.stream(r.Stream)
		st.started, st.setting = true, r.Setting
	case trace.Loaded:
		end := &s.stream(r.Stream).end
		end.Status, end.Rows, end.Bytes, end.Load = "loaded", r.Rows, r.Bytes, r.Load
	case trace.Done:
		s.stream(r.Stream).end = trace.StreamSummary{Stream: r.Stream, Status: "done", Rows: r.Rows, Bytes: r.Bytes, Load: r.Load, Publish: r.Publish}
	case trace.Summary:
		s.summary = &r
		for _, one := range r.Streams {
			s.stream(one.Stream).end = one
		}
	case trace.Lost:
		s.lost += r.Records
	case trace.Unknown:
		s.unknown++
	default:
		s.noteTuning(r)
	}
}

// noteTuning takes in a record about tuning.
func (s *story) noteTuning(r trace.Record) {
	switch r := r.(type) {
	case trace.Skipped:
		s.stream(r.Stream).Skip = &r.Skip
	case trace.Call:
		st := s.stream(r.Stream)
		st.calls++
		st.callSecs += r.Millis / 1000
	case trace.Window:
		st := s.stream(r.Stream)
		st.windows = append(st.windows, r)
	case trace.Clamp:
		st := s.stream(r.Stream)
		st.clamps = append(st.clamps, r.Clamp)
	case trace.Fault:
		if r.Stream == "" {
			s.fault = &r.Fault
			return
		}
		s.stream(r.Stream).fault = &r.Fault
	case trace.Decision:
		st := s.stream(r.Stream)
		st.decision, st.setting = &r.Decision, r.Winner
	case trace.Steady:
		s.stream(r.Stream).setting = r.Setting
	}
}

// state says what became of the stream's tuning.
func (st *streamStory) state() tuningState {
	switch {
	case st.decision != nil || st.fault != nil:
		return tuned
	case len(st.windows) > 0 || st.calls > 0:
		return probing
	case st.kept != "":
		return keptBefore
	case st.Skip != nil:
		return skipped
	case st.started:
		return untouched
	}
	return notBegun
}

type tuningState int

const (
	tuned      tuningState = iota // its probe phase ended
	probing                       // the trace ends in its probe phase
	skipped                       // and the trace says why
	keptBefore                    // an earlier attempt had published it
	untouched                     // it was copied, and nothing was recorded of tuning
	notBegun                      // the run did not come so far
)
