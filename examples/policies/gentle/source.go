package main

import (
	"math"
	"slices"
	"strconv"

	"github.com/rapidbyte/rbt/policy"
)

// Where the source's answers are told, and what it took for one before the
// stream began.
const (
	roundTrip = "source_round_trip_secs"
	idleNote  = "source.round_trip_secs"
)

// source is how the source feels.
type source struct {
	noted   bool    // how fast it answers when it is idle was measured then
	quiet   float64 // s that it takes to answer when it is idle, or next to it
	allowed float64 // s that it may take beyond that
	loads   []load  // that the candidates are for it, by index of the evidence
}

// load is what a setting does to the source.
type load struct {
	known bool
	delay float64 // s that answers take longer than those of an idle source
	err   float64 // standard error of that
}

func (s source) slow(i int) bool { return s.loads[i].known && s.loads[i].delay > s.allowed }

// priorNoise and priorWindows are what is believed of the noise before any was
// seen: from window to window answers take a quarter longer or shorter, with the
// weight of that many windows.
const (
	priorNoise   = 0.25
	priorWindows = 2
)

// leastShare of an idle source's round trip is always allowed: far servers have
// that much noise of their own.
const leastShare = 0.1

// listen sums up how long the source took to answer under each candidate.
func (p *Policy) listen(f policy.Facts, evidence []policy.Evidence) source {
	s := source{quiet: math.Inf(1), loads: make([]load, len(evidence))}
	if idle, err := strconv.ParseFloat(f.Notes[idleNote], 64); err == nil && idle > 0 {
		s.noted, s.quiet = true, idle
	}
	for _, e := range evidence {
		if mean, n := meanOf(e.Windows); n > 0 {
			s.quiet = min(s.quiet, mean)
		}
	}
	s.allowed = max(p.Allow.Seconds(), leastShare*s.quiet)
	noise := noiseOf(evidence)
	for i, e := range evidence {
		if mean, n := meanOf(e.Windows); n > 0 {
			s.loads[i] = load{known: true, delay: mean - s.quiet, err: noise * mean / math.Sqrt(float64(n))}
		}
	}
	return s
}

// meanOf is the mean of the windows that heard the source, and their number.
func meanOf(windows []policy.Window) (mean float64, n int) {
	for i := range windows {
		if w := &windows[i]; heard(w) {
			mean += w.SourceRoundTrip
			n++
		}
	}
	return mean / math.Max(float64(n), 1), n
}

func heard(w *policy.Window) bool {
	return w.SourceRoundTrip > 0 && !slices.Contains(w.Missing, roundTrip)
}

// noiseOf is the standard deviation of a window's answers from the mean of its
// candidate's, as a share of that: a loaded source is as much more erratic as it
// is slower.
func noiseOf(evidence []policy.Evidence) float64 {
	sum, free := priorWindows*priorNoise*priorNoise, float64(priorWindows)
	for _, e := range evidence {
		mean, n := meanOf(e.Windows)
		for i := range e.Windows {
			if w := &e.Windows[i]; heard(w) {
				off := w.SourceRoundTrip/mean - 1
				sum += off * off
			}
		}
		free += math.Max(float64(n-1), 0)
	}
	return math.Sqrt(sum / free)
}
