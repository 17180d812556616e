package probe

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// lanes is how many lanes a setting has: the value of the runtime's own count.
func (s *Scheduler) lanes(set policy.Setting) int64 {
	for _, k := range s.spec.Knobs {
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
	seconds := min(max(windowShare*s.duration(), minWindow), maxWindow)
	return max(seconds, s.spec.Budget.MinRoundTrips*s.roundTrip)
}

// size is how many bytes a window of c takes, warm-up included. It lasts as
// long as other windows do if c is as fast as before, or as the leader; a first
// window is shorter, because c may be many times slower. It is never too short
// for each lane to be busy.
func (s *Scheduler) size(c *candidate) int64 {
	v, seconds := c.speed, s.windowSeconds()
	if !v.known() {
		v, seconds = s.leader.speed, seconds*caution
	}
	least := float64(max(s.spec.Budget.MinBytesPerLane, s.bytesPerLane(), 1) * s.lanes(c.setting))
	measured := s.whole(c.setting, max(seconds*v.byteRate(), least))
	for range c.grow {
		measured *= 2
	}
	return int64(min(measured/(1-discard), 1<<40))
}

// whole rounds the bytes of a window to a whole number of times what all lanes
// move for the largest of the setting's Bytes knobs, if they are at least half
// of that: if something happens after so many bytes, it then happens as often
// in a window as it does on average, rather than once too often or too seldom.
func (s *Scheduler) whole(set policy.Setting, bytes float64) float64 {
	unit := 0.0
	for _, k := range s.spec.Knobs {
		if k.Kind == policy.Bytes {
			unit = max(unit, float64(set[k.Name].Int*s.lanes(set)))
		}
	}
	if unit == 0 || bytes < unit/2 {
		return bytes
	}
	return unit * math.Round(bytes/unit)
}

// bytesPerLane is the least that a lane moves in a window for the Bytes knobs
// that the round turns.
func (s *Scheduler) bytesPerLane() int64 {
	if s.round == nil {
		return 0
	}
	largest := int64(0)
	for _, k := range s.spec.Knobs {
		if k.Kind != policy.Bytes {
			continue
		}
		for _, c := range s.round.challengers {
			here, there := c.setting[k.Name].Int, s.leader.setting[k.Name].Int
			if here != there {
				largest = max(largest, here, there)
			}
		}
	}
	return flushesPerWindow * largest
}
