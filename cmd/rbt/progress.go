package main

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// progress shows what happens in a run. The engine calls event, one call at a
// time; close comes after the last.
type progress interface {
	event(runtime.Event)
	close()
}

// newProgress picks the way that suits standard error.
func newProgress(u *ui) progress {
	switch {
	case u.json && u.quiet:
		return silence{}
	case u.json:
		return slogProgress{u.log, map[string]time.Time{}}
	case u.quiet:
		return silence{}
	case u.terminal:
		return newBars(u)
	default:
		return newLines(u)
	}
}

type silence struct{}

func (silence) event(runtime.Event) {}
func (silence) close()              {}

// slogProgress writes every event as one record, for machines. Of the many
// that only tell how far a stream is, it writes one now and then.
type slogProgress struct {
	log  *slog.Logger
	last map[string]time.Time // by stream, of the latest Progress
}

func (p slogProgress) event(e runtime.Event) {
	level := slog.LevelInfo
	switch e := e.(type) {
	case runtime.Progress:
		if time.Since(p.last[e.Stream]) < reportEvery {
			return
		}
		p.last[e.Stream] = time.Now()
	case runtime.Retry, runtime.AutotuneFault:
		level = slog.LevelWarn
	case runtime.RunDone:
		if e.Err != nil {
			level = slog.LevelError
		}
	}
	p.log.LogAttrs(context.Background(), level, e.Name(), e.LogValue().Group()...)
}

func (slogProgress) close() {}

// streamState is where a stream is, as its events tell.
type streamState struct {
	phase       string // what it does: "copy", or a step of publishing
	since       time.Time
	knobs       []policy.Knob
	baseline    policy.Setting
	setting     policy.Setting
	tuning      string // empty, or the phase: probe or steady
	rows, bytes int64
	fraction    float64
	lanes       int
	rate        rate
}

const (
	phaseCopy = "copy"

	tuningProbe  = "probe"
	tuningSteady = "steady"
)

// note takes in an event of the stream.
func (s *streamState) note(e runtime.Event, now time.Time) {
	switch e := e.(type) {
	case runtime.StreamStarted:
		*s = streamState{phase: phaseCopy, since: now, knobs: e.Knobs, baseline: e.Setting, setting: e.Setting}
		s.rate.add(sample{at: now})
	case runtime.Progress:
		s.rows, s.bytes, s.fraction, s.lanes = e.Rows, e.Bytes, min(max(e.Fraction, 0), 1), e.Lanes
		s.rate.add(sample{now, s.bytes, s.fraction})
	case runtime.WindowDone:
		s.tuning, s.setting = tuningProbe, e.Setting
	case runtime.AutotuneDecision:
		s.tuning, s.setting = tuningSteady, e.Winner
		s.rate = rate{} // what probing took says nothing of what is left
		s.rate.add(sample{now, s.bytes, s.fraction})
	case runtime.Steady:
		s.setting = e.Setting
	case runtime.StreamLoaded:
		s.rows, s.bytes, s.fraction, s.phase = e.Rows, e.Bytes, 1, "loaded"
	case runtime.PublishStep:
		s.phase = oneLine(e.Step)
	}
}

// settingText says under what setting the rows of the stream move: "4 ctid",
// "steady 8 ctid".
func (s *streamState) settingText() string {
	text := shortSetting(s.setting, s.knobs)
	if s.tuning == tuningSteady {
		return s.tuning + " " + text
	}
	return text
}

// changedText is the same for a narrow place: how many lanes there are, and what
// else is not as in the baseline.
func (s *streamState) changedText() string {
	changed := slices.DeleteFunc(slices.Clone(s.knobs), func(k policy.Knob) bool {
		return k.Name == runtime.Parallelism || s.setting[k.Name] == s.baseline[k.Name]
	})
	return strings.TrimSpace(plural(s.lanes, "lane") + " " + shortSetting(s.setting, changed))
}

// streamOf says which stream an event is about; empty where it is the run.
func streamOf(e runtime.Event) string {
	switch e := e.(type) {
	case runtime.StreamSkipped:
		return e.Stream
	case runtime.StreamStarted:
		return e.Stream
	case runtime.Progress:
		return e.Stream
	case runtime.WindowDone:
		return e.Stream
	case runtime.AutotuneDecision:
		return e.Stream
	case runtime.Steady:
		return e.Stream
	case runtime.StreamLoaded:
		return e.Stream
	case runtime.PublishStep:
		return e.Stream
	case runtime.StreamDone:
		return e.Stream
	}
	return ""
}

// shortSetting writes the values only, in the order of the knobs: "4 ctid 8MiB".
func shortSetting(s policy.Setting, knobs []policy.Knob) string {
	var values []string
	for _, k := range knobs {
		if v, ok := s[k.Name]; ok {
			values = append(values, k.Format(v))
		}
	}
	return strings.Join(values, " ")
}
