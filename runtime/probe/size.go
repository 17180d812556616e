package probe

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// lanes is how many lanes a setting has: the value of the runtime's own count.
func (s Spec) lanes(set policy.Setting) int64 {
	for _, k := range s.Knobs {
		if k.Owner == policy.Runtime && k.Kind == policy.Int {
			return max(set[k.Name].Int, 1)
		}
	}
	return 1
}

// duration is the estimated seconds of the whole stream at the leader's speed.
// Without an estimate, or past it, the stream is taken to last as long again as
// it has so far.
func (s *Scheduler) duration() float64 {
	v, f := s.leader.speed, s.spec.Facts
	seconds := float64(assumedSeconds)
	switch {
	case f.Rows > 0 && v.rows > 0:
		seconds = float64(f.Rows) / v.rowRate()
	case f.Bytes > 0 && v.bytes > 0:
		seconds = float64(f.Bytes) / v.byteRate()
	}
	return max(seconds, 2*s.elapsed)
}

// windowSeconds is how long a window should last.
func (s *Scheduler) windowSeconds() float64 {
	b := s.spec.Budget
	seconds := min(max(windowShare*s.duration(), b.MinWindowSeconds), b.MaxWindowSeconds)
	return max(seconds, b.MinRoundTrips*s.roundTrip)
}

// leastSeconds is what a window must have lasted to count: in one that is
// shorter, little of what it sent has been answered. The warm-up takes them.
func (s *Scheduler) leastSeconds() float64 {
	if !s.warmedUp {
		return 0
	}
	return leastRoundTrips * s.roundTrip
}

// size is how many bytes a window of c takes, warm-up included. It lasts as
// long as other windows do if c is as fast as before, or a lane as fast as one
// of the leader's: with twice the lanes, windows of the same bytes would be over
// before they showed anything. A first window is shorter, because c may be many
// times slower, but not below the round trips that any window lasts; and it is
// but a taste where the value of an enum is new, because such values can be a
// hundred times slower. A window is never too short for each lane to be busy.
func (s *Scheduler) size(c *candidate) int64 {
	v, seconds := s.speedOf(c), s.windowSeconds()
	if !c.speed.known() {
		seconds = max(caution*seconds, s.spec.Budget.MinRoundTrips*s.roundTrip)
	}
	lanes := float64(s.spec.lanes(c.setting))
	perLane := s.leastPerLane(c)
	if !s.unknownName(c) {
		share := lanes
		if !c.speed.known() {
			share = min(lanes, float64(s.spec.lanes(s.leader.setting)))
		}
		perLane = s.whole(c.setting, max(perLane, seconds*v.byteRate()/share))
	}
	measured := lanes * perLane
	for range c.grow {
		measured *= 2
	}
	if !s.warmedUp && s.masks.windows > 0 { // a first, short window may have seen buffers fill
		measured = min(measured, warmGrowth*max(s.moved.bytes, lanes))
	}
	return int64(min(measured/(1-discard), 1<<40))
}

// speedOf is c's speed as far as it is known, else the leader's. A taste is too
// short to show that c is faster.
func (s *Scheduler) speedOf(c *candidate) speed {
	if !c.speed.known() || c.tasted && c.speed.byteRate() > s.leader.speed.byteRate() {
		return s.leader.speed
	}
	return c.speed
}

// unknownName says whether c has not run and has another value of an enum than
// the leader.
func (s *Scheduler) unknownName(c *candidate) bool {
	return len(c.windows) == 0 && slices.ContainsFunc(s.spec.Knobs, func(k policy.Knob) bool {
		return k.Kind == policy.Enum && c.setting[k.Name] != s.leader.setting[k.Name]
	})
}

// whole rounds what a lane moves in a window to a whole number of times the
// setting's largest Bytes knob: if something happens after so many bytes, such
// as a wait, it then happens as often in a window as it does on average, and
// not once too often or too seldom. Where windows are much shorter than that,
// it is to happen in none.
func (s *Scheduler) whole(set policy.Setting, perLane float64) float64 {
	unit := s.spec.largestBytes(set)
	switch {
	case unit == 0:
		return perLane
	case s.wholes == s.spec.largestBytes(s.leader.setting) || s.turnsBytes():
		return unit * max(math.Round(perLane/unit), 1)
	}
	return min(perLane, unit*(1-discard))
}

// noteWholes finds out whether windows should be whole: whether a usual window
// of the leader is about as long as its largest Bytes knob, or longer. They stay
// so while that knob does. With the wait, windows look slower, and would be too
// short for it again.
func (s *Scheduler) noteWholes() {
	set := s.leader.setting
	usual := s.windowSeconds() * s.leader.speed.byteRate() / float64(s.spec.lanes(set))
	if unit := s.spec.largestBytes(set); max(usual, float64(s.spec.Budget.MinBytesPerLane)) >= wholeFrom*unit {
		s.wholes = unit
	}
}

// largestBytes is the largest value of the setting's Bytes knobs.
func (s Spec) largestBytes(set policy.Setting) float64 {
	largest := 0.0
	for _, k := range s.Knobs {
		if k.Kind == policy.Bytes {
			largest = max(largest, float64(set[k.Name].Int))
		}
	}
	return largest
}

// leastPerLane is the least that a lane moves in a window of c:
// Budget.MinBytesPerLane, and enough for a Bytes knob that the round turns to
// have its effect.
func (s *Scheduler) leastPerLane(c *candidate) float64 {
	least := float64(max(s.spec.Budget.MinBytesPerLane, 1))
	if s.turnsBytes() {
		least = max(least, flushesPerWindow*s.spec.largestBytes(c.setting))
	}
	return least
}

// turnsBytes says whether the round turns a Bytes knob.
func (s *Scheduler) turnsBytes() bool {
	return s.round != nil && slices.ContainsFunc(s.spec.Knobs, func(k policy.Knob) bool {
		return k.Kind == policy.Bytes && slices.ContainsFunc(s.round.challengers, func(c *candidate) bool {
			return c.setting[k.Name] != s.leader.setting[k.Name]
		})
	})
}
