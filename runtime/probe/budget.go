package probe

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// expect is the cost of a window of n bytes under c. A setting that has hardly
// run is taken to need twice the leader's time, and every window as much beside
// it as they did so far: connecting, cutting, asking the policy.
func (s *Scheduler) expect(c *candidate, n int64) work {
	w := work{bytes: float64(n), rows: float64(n) * s.rowsPerByte()}
	if v := s.speedOf(c); v.known() {
		w.seconds = reserve * w.bytes / v.byteRate()
	}
	if !c.speed.known() || c.tasted {
		w.seconds *= 2
	}
	if s.masks.windows > 0 {
		w.seconds += max(s.elapsed-s.moved.seconds, 0) / float64(s.masks.windows)
	}
	return w
}

// rowsPerByte is from what moved, else from the estimates, else 0.
func (s *Scheduler) rowsPerByte() float64 {
	if s.moved.rows > 0 && s.moved.bytes > 0 {
		return s.moved.rows / s.moved.bytes
	}
	if f := s.spec.Facts; f.Rows > 0 && f.Bytes > 0 {
		return float64(f.Rows) / float64(f.Bytes)
	}
	return 0
}

// spent is the share of the budget that is gone once more has been done: the
// largest of the shares of seconds, rows, fraction and lost time.
func (s *Scheduler) spent(more work) float64 {
	b := s.spec.Budget
	share := (s.elapsed + more.seconds) / max(b.Seconds, 1e-9)
	if b.MaxFraction > 0 {
		share = max(share, s.fraction(more)/b.MaxFraction)
	}
	if b.StrictRows && b.Rows > 0 {
		share = max(share, (s.moved.rows+more.rows)/float64(b.Rows))
	}
	if b.LostTime > 0 {
		share = max(share, s.lost/(b.LostTime*s.duration()))
	}
	return share
}

// fraction is how much of the stream windows will have moved; 0 where the size
// is not known.
func (s *Scheduler) fraction(more work) float64 {
	f := s.spec.Facts
	switch {
	case f.Rows > 0 && (s.moved.rows > 0 || s.moved.bytes == 0):
		return (s.moved.rows + more.rows) / float64(f.Rows)
	case f.Bytes > 0:
		return (s.moved.bytes + more.bytes) / float64(f.Bytes)
	}
	return 0
}

// enoughRows says whether a further window would pass Budget.Rows where that
// bound is soft, and every challenger has the windows that it needs anyway.
func (s *Scheduler) enoughRows(more work) bool {
	rows := float64(s.spec.Budget.Rows)
	return rows > 0 && s.rowsBind && s.round != nil && !s.round.lacking(s.spec.Budget.MinWindows) && s.moved.rows+more.rows > rows
}

// left is the budget as a policy sees it.
func (s *Scheduler) left() policy.Left {
	b, f := s.spec.Budget, s.spec.Facts
	rows := math.Inf(1)
	if f.Rows > 0 && b.MaxFraction > 0 {
		rows = b.MaxFraction * float64(f.Rows)
	}
	if b.Rows > 0 && s.rowsBind {
		rows = min(rows, float64(b.Rows))
	}
	l := policy.Left{Seconds: max(b.Seconds-s.elapsed, 0), Rows: -1}
	if !math.IsInf(rows, 1) {
		l.Rows = int64(max(rows-s.moved.rows, 0))
	}
	return l
}

// rowsMustBind says whether Budget.Rows is to be kept: where it is strict, or
// where it can hold MinWindows windows, and the leader's beside them, for every
// value of every knob that a policy is likely to try.
func (s *Scheduler) rowsMustBind() bool {
	windows := warmWindows
	for _, k := range s.tunable {
		alternatives := 2
		if k.Kind == policy.Enum {
			alternatives = len(k.Values) - 1
		}
		windows += 2 * s.spec.Budget.MinWindows * alternatives
	}
	perWindow := s.windowSeconds() * s.leader.speed.rowRate()
	return s.spec.Budget.StrictRows || float64(windows)*perWindow <= float64(s.spec.Budget.Rows)
}
