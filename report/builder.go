package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// Say puts a decision into a sentence for people.
type Say func(policy.Decision, []policy.Knob) string

// Builder takes in the records of a trace, in their order. It is not for
// concurrent use.
type Builder struct {
	say    Say
	report *Report
	byName map[string]*known
	ended  bool
	last   float64
}

// known is what is needed of a stream besides what is reported.
type known struct {
	*Stream
	pins  policy.Setting
	parts int64 // rows of the parts so far
	bytes int64
}

// NewBuilder begins a report.
func NewBuilder(h trace.Header, say Say) *Builder {
	b := &Builder{say: say, report: &Report{Status: "running"}, byName: map[string]*known{}}
	b.Begin(h)
	return b
}

// Begin says which run it is, where that was not known before.
func (b *Builder) Begin(h trace.Header) {
	r := b.report
	r.Run, r.Pipeline, r.Version, r.Attempt, r.Started = h.Run, h.Pipeline, h.Version, h.Attempt, h.Started.UTC()
}

// Read reads a trace to its end. name is what errors call it.
func Read(in io.Reader, name string, say Say) (*Report, error) {
	r, err := trace.NewReader(in, name)
	if err != nil {
		return nil, err
	}
	b := NewBuilder(r.Header(), say)
	for {
		e, err := r.Next()
		if err == io.EOF {
			report := b.Report()
			report.Cut = r.Cut()
			if !b.ended {
				report.Status = "cut off"
			}
			return report, nil
		}
		if err != nil {
			return nil, err
		}
		b.Add(e.At, e.Record)
	}
}

// stream returns what is known of a stream, and begins it where nothing is.
func (b *Builder) stream(name string) *known {
	s := b.byName[name]
	if s == nil {
		s = &known{Stream: &Stream{Name: name, Status: "pending"}}
		b.byName[name] = s
		b.report.Streams = append(b.report.Streams, s.Stream)
	}
	return s
}

// Add takes in a record that was written at seconds after the run began.
func (b *Builder) Add(at float64, r trace.Record) {
	b.last = max(b.last, at)
	switch r := r.(type) {
	case trace.Run:
		b.report.Off = r.Off
		if r.Policy != nil {
			b.report.Policy = strings.TrimSpace(r.Policy.Name + " " + r.Policy.Version)
		}
	case trace.Stream:
		s := b.stream(r.Stream)
		s.Target, s.knobs, s.pins = r.Target, r.Knobs, r.Pins
		s.Pinned = r.Pins.Format(r.Knobs)
		s.set(r.Baseline)
		if r.Skip != nil {
			s.Skip = skipText(*r.Skip)
		}
	case trace.Kept:
		s := b.stream(r.Stream)
		s.Status, s.Skip = "skipped", r.Reason
	case trace.Started:
		s := b.stream(r.Stream)
		s.Began, s.Status = at, "copying"
		s.set(r.Setting)
	case trace.Part:
		b.part(at, r)
	case trace.Loaded:
		s := b.stream(r.Stream)
		s.Moving = nil
		s.Status, s.Rows, s.Bytes, s.Load = "loaded", r.Rows, r.Bytes, r.Load
		s.seen = r
	case trace.Step:
		b.step(at, r)
	case trace.Done:
		s := b.stream(r.Stream)
		s.endStep(at)
		s.Status, s.Rows, s.Bytes, s.Load, s.Publish, s.Rejected = "done", r.Rows, r.Bytes, r.Load, r.Publish, r.Rejected
	case trace.Summary:
		b.summary(at, r)
	case trace.Lost:
		b.report.Lost += r.Records
	default:
		b.aside(at, r)
	}
}

// Moving takes in how far a stream is, which no record tells.
func (b *Builder) Moving(at float64, stream string, m Moving) {
	b.last = max(b.last, at)
	if s := b.stream(stream); s.Status == "copying" { // what comes late says nothing any more
		s.Moving = &m
	}
}

// aside takes in what is about tuning, and what went otherwise than it should.
func (b *Builder) aside(at float64, r trace.Record) {
	switch r := r.(type) {
	case trace.Skipped:
		b.stream(r.Stream).Skip = skipText(r.Skip)
	case trace.Window:
		s := b.stream(r.Stream)
		s.Windows = append(s.Windows, Window{Window: r.Window, Skipped: r.Skipped, At: max(at-r.Seconds, s.Began), Setting: r.Setting.Format(s.turned()), setting: r.Setting})
	case trace.Decision:
		s := b.stream(r.Stream)
		s.Decision = s.decision(r.Decision, b.say)
		s.set(r.Winner)
	case trace.Steady:
		b.stream(r.Stream).set(r.Setting)
	case trace.Retry:
		b.event(at, r.Stream, "retry", r.Doing+": "+r.Error, fmt.Sprintf("try %d, again in %.1f s", r.Try, r.After))
	case trace.Note:
		b.event(at, r.Stream, "note", r.Text, "")
	case trace.Fault:
		b.event(at, r.Stream, "fault", r.Detail, r.Reason)
	case trace.Clamp:
		b.event(at, r.Stream, "clamp", r.Clamp.String(), "")
	}
}

func (b *Builder) event(at float64, stream, kind, text, detail string) {
	b.report.Events = append(b.report.Events, Event{At: at, Stream: stream, Kind: kind, Text: text, Detail: detail})
}

// part takes in a committed part.
func (b *Builder) part(at float64, r trace.Part) {
	s := b.stream(r.Stream)
	p := Part{Lane: r.Lane, From: max(at-r.Seconds, 0), To: at, Rows: r.Rows, Bytes: r.Bytes, Rejected: r.Rejected, Time: SpentOn(r)}
	s.Parts = append(s.Parts, p)
	if len(s.Parts) > mostParts {
		s.Parts = joinPairs(s.Parts)
	}
	s.Time.add(p.Time)
	if s.Status == "publishing" { // the destination lost parts, which are copied again
		s.endStep(p.From)
		s.Status = "copying"
	}
	s.parts, s.bytes = s.parts+r.Rows, s.bytes+r.Bytes
	if s.Status == "copying" {
		s.Rows, s.Bytes, s.Load = s.parts, s.bytes, at-s.Began
	}
	if r.Rejected > 0 {
		b.event(at, r.Stream, "rejected", fmt.Sprintf("%d rows of a part were refused and put aside", r.Rejected), "")
	}
}

// mostParts is how many parts of a stream are kept apart: more than a chart of lanes
// has pixels for.
const mostParts = 2000

// joinPairs makes one of each two parts that followed each other in a lane.
func joinPairs(parts []Part) []Part {
	var joined []Part
	open := map[int]int{} // by lane, where in joined a part is that waits for another
	for _, p := range parts {
		at, waits := open[p.Lane]
		if !waits {
			open[p.Lane] = len(joined)
			joined = append(joined, p)
			continue
		}
		delete(open, p.Lane)
		first := &joined[at]
		first.To = p.To
		first.Rows, first.Bytes, first.Rejected = first.Rows+p.Rows, first.Bytes+p.Bytes, first.Rejected+p.Rejected
		first.Time.add(p.Time)
	}
	return joined
}

// step takes in the beginning of something that may take long.
func (b *Builder) step(at float64, r trace.Step) {
	s := b.stream(r.Stream)
	s.endStep(at)
	s.Status = "publishing"
	s.Steps = append(s.Steps, Step{What: r.Step, From: at, To: at})
}

// endStep ends the step that is under way, where one is.
func (s *known) endStep(at float64) {
	if s.Status == "publishing" {
		last := &s.Steps[len(s.Steps)-1]
		last.To = max(last.From, at)
	}
}

func (b *Builder) summary(at float64, r trace.Summary) {
	b.ended = true
	b.report.Status, b.report.Error = r.Status, r.Error
	b.report.Seconds, b.report.OneMoment = r.Seconds, r.OneMoment
	for _, one := range r.Streams {
		s := b.stream(one.Stream)
		s.Moving = nil
		s.endStep(at)
		s.Status, s.Rows, s.Bytes, s.Load, s.Publish, s.Rejected = one.Status, one.Rows, one.Bytes, one.Load, one.Publish, one.Rejected
		if one.Setting != nil {
			s.set(one.Setting)
		}
	}
}

// Report is what is known so far. It is the builder's own: whoever adds records has to
// be done with it.
func (b *Builder) Report() *Report {
	r := b.report
	r.Rows, r.Bytes, r.Rejected = 0, 0, 0
	for _, s := range r.Streams {
		r.Rows += s.Rows
		r.Bytes += s.Bytes
		r.Rejected += s.Rejected
	}
	if !b.ended {
		r.Seconds = b.last
	}
	for _, s := range b.byName { // what is under way, or was cut off, took as long as this
		s.endStep(b.last)
	}
	return r
}

func (s *known) set(setting policy.Setting) { s.Setting = setting.Format(s.knobs) }

// turned are the knobs that a search may turn: the others say nothing about what
// differs between two windows.
func (s *known) turned() []policy.Knob {
	return slices.DeleteFunc(slices.Clone(s.knobs), func(k policy.Knob) bool {
		_, pinned := s.pins[k.Name]
		return pinned || k.Kind == policy.Enum && len(k.Values) < 2
	})
}

func skipText(s policy.Skip) string {
	if s.Detail == "" {
		return s.Reason
	}
	return s.Reason + ": " + s.Detail
}

// decision sorts what was tried by knob.
func (s *known) decision(d policy.Decision, say Say) *Decision {
	out := &Decision{Decision: d, Text: say(d, s.knobs)}
	byID := map[int]policy.Verdict{}
	for _, v := range d.Candidates {
		byID[v.ID] = v
	}
	for _, k := range s.knobs {
		knob := Knob{Name: k.Name, Doc: k.Doc, Baseline: valueOf(k, d.Baseline), Winner: valueOf(k, d.Winner), Pinned: valueOf(k, s.pins)}
		for _, v := range d.Candidates {
			against := byID[v.Leader].Setting
			if v.Outcome == policy.Base || v.Setting[k.Name] == against[k.Name] {
				continue
			}
			knob.Tried = append(knob.Tried, Tried{
				Value: valueOf(k, v.Setting), Round: v.Round, Against: valueOf(k, against), Lead: v.Lead, Low: v.Low, High: v.High,
				Windows: v.Windows, Masked: v.Masked, Speed: v.Rate, Outcome: v.Outcome, Detail: v.Detail,
				Won: v.Setting[k.Name] == d.Winner[k.Name] && v.Outcome == policy.Adopted,
			})
		}
		slices.SortStableFunc(knob.Tried, func(a, b Tried) int { return cmp.Compare(a.Round, b.Round) })
		if len(knob.Tried) > 0 || knob.Pinned != "" {
			out.Knobs = append(out.Knobs, knob)
		}
	}
	return out
}

func valueOf(k policy.Knob, s policy.Setting) string {
	v, set := s[k.Name]
	if !set {
		return ""
	}
	return k.Format(v)
}
