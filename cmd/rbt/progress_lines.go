package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// reportEvery is how often lines tell of streams that still run.
const reportEvery = 10 * time.Second

// lines is progress for a pipe or a file: a line when the run starts, one for
// each stream that is done, and now and then one for each that still runs.
type lines struct {
	u       *ui
	stop    chan struct{}
	stopped sync.WaitGroup

	mu      sync.Mutex
	running map[string]*streamState
	total   int
	done    int
}

func newLines(u *ui) *lines {
	l := &lines{u: u, stop: make(chan struct{}), running: map[string]*streamState{}}
	l.stopped.Go(l.tick)
	return l
}

func (l *lines) close() {
	close(l.stop)
	l.stopped.Wait()
}

// tick reports what runs, also while the engine has nothing to tell: building
// an index can take an hour.
func (l *lines) tick() {
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.reportRunning()
		case <-l.stop:
			return
		}
	}
}

func (l *lines) event(e runtime.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.track(e)
	switch e := e.(type) {
	case runtime.RunStarted:
		l.total = len(e.Streams)
		l.u.note("%s", startLine(e))
	case runtime.StreamSkipped:
		l.done++
		l.u.note("%s: skipped, %s", oneLine(e.Stream), oneLine(e.Reason))
	case runtime.StreamDone:
		l.done++
		l.u.note("%s: done, %s", oneLine(e.Stream), doneText(e))
	default:
		if line := noticeLine(e); line != "" {
			l.u.note("%s", line)
		}
	}
}

func (l *lines) track(e runtime.Event) {
	name := streamOf(e)
	switch e.(type) {
	case runtime.StreamStarted:
		l.running[name] = &streamState{}
	case runtime.StreamDone:
		delete(l.running, name)
	}
	if s := l.running[name]; s != nil {
		s.note(e, time.Now())
	}
}

func (l *lines) reportRunning() {
	l.mu.Lock()
	defer l.mu.Unlock()
	names := slices.SortedFunc(maps.Keys(l.running), func(a, b string) int {
		return cmp.Or(l.running[a].since.Compare(l.running[b].since), cmp.Compare(a, b))
	})
	const most = 5 // lines at once: streams beyond are counted
	for i, name := range names {
		if i == most {
			l.u.note("… and %d more; %d of %s done", len(names)-most, l.done, plural(l.total, "stream"))
			return
		}
		l.u.note("%s: %s", oneLine(name), l.running[name].line())
	}
}

// String says where the stream is, on one line.
func (s *streamState) String() string {
	return s.describe(formatRows(s.rows) + " rows, " + formatBytes(s.bytes))
}

// brief is String without the number of rows.
func (s *streamState) brief() string { return s.describe(formatBytes(s.bytes)) }

func (s *streamState) describe(moved string) string {
	if s.phase == phaseCopy && s.rows == 0 {
		return "begins"
	}
	if s.phase != phaseCopy {
		return fmt.Sprintf("%s; %s copied", s.phase, moved)
	}
	text := fmt.Sprintf("%.0f %%, %s, %s", 100*s.fraction, moved, formatRate(s.rate.perSecond()))
	if s.tuning == tuningProbe { // how long the rest takes is not known yet
		return tuningProbe + ", " + text
	}
	if left, ok := s.rate.remaining(); ok && left > 0 { // indexes are built after that
		text += fmt.Sprintf(", copied in %s", left)
	}
	return text
}

// line is String with the setting of a stream that is tuned: there is room.
func (s *streamState) line() string {
	text := s.String()
	if s.phase == phaseCopy && s.tuning != "" {
		text += " [" + s.settingText() + "]"
	}
	return text
}

func startLine(e runtime.RunStarted) string {
	var bytes int64
	for _, p := range e.Streams {
		if p.Stream != nil {
			bytes += max(p.Stream.Bytes, 0)
		}
	}
	text := fmt.Sprintf("pipeline %s: %s, about %s, run %s", oneLine(e.Pipeline), plural(len(e.Streams), "stream"),
		formatBytes(bytes), e.RunID)
	if p := e.Policy; p != nil && p.SHA256 != "" {
		text += ", policy " + policyText(*p)
	}
	if e.Attempt > 1 {
		text += fmt.Sprintf(", attempt %d: takes up what the last one left", e.Attempt)
	}
	return text
}

func doneText(e runtime.StreamDone) string {
	text := fmt.Sprintf("%s rows, %s in %s", formatRows(e.Rows), formatBytes(e.Bytes), formatTook(e.Load+e.Publish))
	if speed := formatSpeed(e.Bytes, e.Load); speed != "-" {
		text += fmt.Sprintf(" (copy %s at %s, publish %s)", formatTook(e.Load), speed, formatTook(e.Publish))
	}
	return text
}

// noticeLine writes what people should know besides the progress; nothing for
// other events.
func noticeLine(e runtime.Event) string {
	about := func(stream, text string) string {
		if stream == "" {
			return text
		}
		return oneLine(stream) + ": " + text
	}
	switch e := e.(type) {
	case runtime.Retry:
		return about(e.Stream, fmt.Sprintf("%s: %s; try %d in %s", oneLine(e.Doing), oneLine(e.Err.Error()),
			e.Try+1, e.After.Round(time.Millisecond)))
	case runtime.Notice:
		return about(e.Stream, oneLine(e.Text))
	case runtime.AutotuneFault:
		if e.Stream == "" {
			return unusableText(e.Fault)
		}
		return about(e.Stream, fmt.Sprintf("not tuned: %s (%s); it goes on with the baseline", oneLine(e.Detail), e.Reason))
	case runtime.AutotuneDecision:
		// A fault was told already, and what tried nothing is for rbt explain.
		if e.Reason != policy.BecauseFault && tried(e.Decision) {
			return about(e.Stream, decisionText(e.Decision, e.Knobs))
		}
	}
	return ""
}
