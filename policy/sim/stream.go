package sim

import "math"

// Stream is one copy of the environment's table: a clock, and how far the copy
// and the servers are.
type Stream struct {
	env     *Environment
	weather *weather
	size    float64 // MB
	moved   float64 // MB
	now     float64 // s since the stream began
	opened  float64 // lanes that have connections

	log         float64 // MB since the last checkpoint ended
	checkpoint  float64 // when the present one ends; infinite if there is none
	checkpoints int64   // that began or ended
}

func newStream(e *Environment, w *weather, size float64) *Stream {
	return &Stream{env: e, weather: w, size: size, checkpoint: math.Inf(1)}
}

func (s *Stream) done() bool { return s.moved >= s.size }

// finish copies the rest under one cell, and returns the seconds that the
// stream took; infinite if it would take longer than patience.
func (s *Stream) finish(c cell, patience float64) float64 {
	s.change(c)
	s.move(c, c.flush, 1, math.Inf(1), patience-s.now)
	if !s.done() {
		return math.Inf(1)
	}
	return s.now
}

// move copies up to mb under a cell, or less if the stream ends or the seconds
// are up, and returns how long it took. perFlush is as for steady, share the
// share of the lanes that are at work.
func (s *Stream) move(c cell, perFlush, share, mb, seconds float64) float64 {
	began := s.now
	until, target := s.now+seconds, min(s.moved+mb, s.size)
	for s.moved < target && s.now < until {
		rate := share * s.env.later(s.phase()).steady(c, perFlush)
		if s.checkpointing() {
			rate *= s.env.CheckpointRate
		}
		s.advance(rate, min(until, s.nextTime()), min(target, s.nextPlace()))
	}
	return s.now - began
}

// idle lets time pass.
func (s *Stream) idle(seconds float64) {
	for until := s.now + seconds; s.now < until; {
		s.advance(0, min(until, s.nextTime()), math.Inf(1))
	}
}

// advance goes on at a rate until a time or a place in the stream, whichever
// comes first, and does what is due there.
func (s *Stream) advance(rate, until, target float64) {
	start, from := s.weather.sum(s.now), s.moved
	s.now = s.weather.when(start+(target-from)/rate, until)
	if s.now < until {
		s.moved = target
	} else {
		s.moved += rate * (s.weather.sum(until) - start)
	}
	s.writeLog(s.moved - from)
}

// nextTime is when the servers change next by the clock.
func (s *Stream) nextTime() float64 {
	if drift := s.env.DriftAt; drift > s.now {
		return min(drift, s.checkpoint)
	}
	return s.checkpoint
}

// nextPlace is where in the stream, in MB, they change next.
func (s *Stream) nextPlace() float64 {
	next := math.Inf(1)
	if s.env.Credit > s.moved {
		next = s.env.Credit
	}
	if s.env.CheckpointEvery > 0 && !s.checkpointing() {
		next = min(next, s.moved+s.env.CheckpointEvery-s.log)
	}
	return next
}

func (s *Stream) checkpointing() bool { return !math.IsInf(s.checkpoint, 1) }

// writeLog begins a checkpoint where enough was written, and ends it where its
// time is over.
func (s *Stream) writeLog(mb float64) {
	const dust = 1e-6 // MB, what rounding may leave
	switch {
	case s.env.CheckpointEvery == 0:
	case !s.checkpointing():
		if s.log += mb; s.log >= s.env.CheckpointEvery-dust {
			s.checkpoint = s.now + s.env.CheckpointTime
			s.checkpoints++
		}
	case s.now >= s.checkpoint:
		s.checkpoint, s.log = math.Inf(1), 0
		s.checkpoints++
	}
}

// Turning points of an environment.
const (
	throttled = 1 << iota // the burst credit is used up
	drifted               // others use the destination as well
)

// phase says which turning points have passed.
func (s *Stream) phase() int {
	p := 0
	if s.env.Credit > 0 && s.moved >= s.env.Credit {
		p |= throttled
	}
	if s.env.DriftAt > 0 && s.now >= s.env.DriftAt {
		p |= drifted
	}
	return p
}

// later is the environment behind turning points.
func (e *Environment) later(phase int) *Environment {
	now := *e
	if phase&throttled != 0 {
		now.Log *= e.AfterCredit
	}
	if phase&drifted != 0 {
		now.DestCPUs *= e.DriftTo
	}
	return &now
}
