package main

import "time"

// rateWindow is the stretch of time that a rate and an ETA look back on: long
// enough for a steady figure, short enough to follow a change.
const rateWindow = 5 * time.Second

// rate measures how fast a stream moves now.
type rate struct {
	samples []sample // oldest first
}

type sample struct {
	at       time.Time
	bytes    int64
	fraction float64
}

func (r *rate) add(s sample) {
	r.samples = append(r.samples, s)
	for len(r.samples) > 2 && s.at.Sub(r.samples[1].at) >= rateWindow {
		r.samples = r.samples[1:]
	}
}

// perSecond returns bytes per second; 0 where that is not known yet.
func (r *rate) perSecond() float64 {
	first, last, ok := r.ends()
	if !ok {
		return 0
	}
	return float64(last.bytes-first.bytes) / last.at.Sub(first.at).Seconds()
}

// remaining estimates the time that is left; ok is false where it cannot.
func (r *rate) remaining() (left time.Duration, ok bool) {
	first, last, ok := r.ends()
	moved := last.fraction - first.fraction
	if !ok || moved <= 0 {
		return 0, false
	}
	secs := (1 - last.fraction) / moved * last.at.Sub(first.at).Seconds()
	if secs > 1e6 {
		return 0, false
	}
	return time.Duration(secs * float64(time.Second)).Round(time.Second), true
}

func (r *rate) ends() (first, last sample, ok bool) {
	if len(r.samples) == 0 {
		return first, last, false
	}
	first, last = r.samples[0], r.samples[len(r.samples)-1]
	return first, last, last.at.Sub(first.at) > 100*time.Millisecond
}
