package probe

import (
	"fmt"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// spend takes a window's cost from the budget.
func (s *Scheduler) spend(c *candidate, w policy.Window, elapsed float64) {
	m := moved(w)
	s.moved.add(m)
	if now := sensible(elapsed); now > s.elapsed {
		s.elapsed = now
	} else {
		s.elapsed += m.seconds
	}
	if c != s.leader && w.Masked == "" {
		s.lost += max(m.seconds-s.leader.speed.secondsFor(m), 0)
	}
}

// inspect finds out whether the window makes c invalid. The baseline never is:
// there is nothing to fall back to.
func (s *Scheduler) inspect(c *candidate, w policy.Window) {
	rose := w.PeakMemory > s.peak
	s.peak = max(s.peak, w.PeakMemory)
	c.trouble += trouble(w)
	limit := s.spec.Guards.MaxMemory
	switch {
	case c.id == 0:
	case limit > 0 && w.PeakMemory > limit && rose:
		c.invalid = fmt.Sprintf("memory %s > %s: max_memory", megabytes(w.PeakMemory), megabytes(limit))
	case c.trouble > max(troubles, s.leader.trouble) || c == s.leader && c.trouble > max(troubles, c.rival.trouble):
		c.invalid = fmt.Sprintf("retries and errors %d > %d", c.trouble, troubles)
	}
}

// trouble counts retries and errors. More than a thousand are a thousand.
func trouble(w policy.Window) int {
	n := min(max(w.Retries, 0), 1000)
	for _, errors := range w.Errors {
		n += min(max(errors, 0), 1000)
	}
	return min(n, 1000)
}

// expel takes an invalid candidate out. Where it leads, the leader before it
// leads again, and the round is over.
func (s *Scheduler) expel(c *candidate) {
	c.settle(policy.Invalid, c.invalid)
	s.led = slices.DeleteFunc(s.led, func(l *candidate) bool { return l == c })
	if s.round != nil {
		s.round.drop(c)
	}
	if c != s.leader {
		return
	}
	s.leader = s.led[len(s.led)-1]
	if s.round != nil {
		s.round.stop()
	}
}

// again repeats a masked window of c, unless it cannot be measured at all.
func (s *Scheduler) again(c *candidate, reason string) {
	c.masked++
	if reason == policy.MaskShort || reason == policy.MaskRanDry && s.masks.unusable > 1 {
		c.grow = min(c.grow+1, maxGrow)
	}
	patience := shortRun
	if reason == policy.MaskClock {
		patience = unusableRun
	}
	if s.masks.unusable < patience {
		s.repeat, s.repeats = c, reason
		return
	}
	detail := fmt.Sprintf("%d windows in succession without a usable measurement (%s)", s.masks.unusable, reason)
	switch {
	case c == s.leader && reason == policy.MaskClock:
		s.Failed(policy.Fault{Reason: policy.FaultController, Detail: detail})
		return
	case c == s.leader:
		s.lock(policy.BecauseBudget, detail)
		return
	}
	s.masks.unusable = 0
	c.invalid = detail
	s.expel(c)
}

// warmUp discards a window of the leader, or ends the warm-up with it.
func (s *Scheduler) warmUp(w policy.Window) {
	rate := w.BytesPerSecond()
	s.leader.speed = speed{}
	s.leader.speed.add(w)
	s.noteWholes()
	s.warm = append(s.warm, rate)
	n := len(s.warm)
	agree := n > 1 && math.Abs(math.Log(rate/s.warm[n-2])) <= warmAgree
	over := agree || n >= warmWindows
	if why := s.futile(over); why != "" {
		s.lock(policy.BecauseBudget, why)
		return
	}
	if !over {
		return
	}
	s.warmedUp = true
	s.leader.speed = speed{}
	s.count(s.leader, w)
	s.rowsBind = s.rowsMustBind()
}

// futile says why there is no use in trying anything on this stream, by the
// speed that the last window showed, or is empty. That the budget cannot hold a
// comparison is seen before the warm-up is over, unless speeds still fall, as
// they do while buffers fill: until then, streams of 9 s spent 1.2 s of them in
// windows that came to nothing (measured). over says that it is.
func (s *Scheduler) futile(over bool) string {
	seconds, n := s.duration(), len(s.warm)
	falls := n == 1 && s.masks.windows == 1 || n > 1 && s.warm[n-1] < s.warm[n-2]
	switch {
	case over && seconds < s.spec.Budget.WorthSeconds:
		return fmt.Sprintf("the stream is estimated to last %.1f s: finding a better setting would not pay", seconds)
	case !over && falls:
		return ""
	}
	least := s.leastCost([]*candidate{{setting: s.leader.setting}})
	if !over {
		least.add(s.expect(s.leader, s.size(s.leader)))
	}
	if s.spent(least) > exploring {
		return fmt.Sprintf("the stream is estimated to last %.1f s: the budget cannot hold a comparison", seconds)
	}
	return ""
}

// count takes a window for evidence. Scores are due after a challenger's first
// window, in case it is far off, and after each window of the leader that
// completes a comparison. A taste counts until there is a whole window.
func (s *Scheduler) count(c *candidate, w policy.Window) {
	if c.tasted {
		c.tasted, c.windows, c.speed, c.fresh = false, nil, speed{}, 0
	} else if s.unknownName(c) {
		c.tasted = true
	}
	c.windows = append(c.windows, w)
	c.speed.add(w)
	c.fresh++
	s.last = c
	s.noteWholes()
	if r := s.round; r != nil {
		r.due = c == s.leader && r.unscored || c != s.leader && c.fresh == 1
		r.unscored = true
	}
}
