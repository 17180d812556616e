package probe

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// lead is by how much one candidate's score is above another's: the log of
// their ratio, and its standard error. The zero lead says nothing.
type lead struct{ log, err float64 }

// over is c's lead over d, from the latest scores.
func (c *candidate) over(d *candidate) lead {
	if c.score.Value <= 0 || d.score.Value <= 0 {
		return lead{}
	}
	return lead{log: math.Log(c.score.Value / d.score.Value), err: math.Hypot(c.err, d.err)}
}

// above says whether the lead is more than share, and would still be so if it
// were the given number of standard errors smaller.
func (l lead) above(share, errors float64) bool { return l.log-errors*l.err > math.Log1p(share) }

// ahead says whether the lead is more than share, and more than 0 by the given
// number of standard errors.
func (l lead) ahead(share, errors float64) bool { return l.above(share, 0) && l.above(0, errors) }

// atOnce says whether the lead is so large that a single window will do.
func (l lead) atOnce() bool {
	return l.log > hugeGap || l.log > largeGap && l.log > largeErrors*l.err
}

func (l lead) reversed() lead { return lead{-l.log, l.err} }

// bounds are the lead as a fraction and its 90 % bounds. Scores may be any
// numbers, so they are kept finite.
func (l lead) bounds() (at, low, high float64) {
	fraction := func(log float64) float64 { return math.Expm1(min(log, 20)) }
	return fraction(l.log), fraction(l.log - boundErrors*l.err), fraction(l.log + boundErrors*l.err)
}

// better picks the best of several candidates that are all ahead of the
// leader: the highest score, but between scores that do not differ the
// policy's tie-breaks, and then the setting that needs least.
func (s *Scheduler) better(c, than *candidate) bool {
	l := c.over(than)
	if l.above(0, 1) || l.reversed().above(0, 1) {
		return l.log > 0
	}
	for i := range min(len(c.score.Ties), len(than.score.Ties)) {
		a, b := c.score.Ties[i], than.score.Ties[i]
		if math.Abs(a-b) > tieDiffers*max(math.Abs(a), math.Abs(b)) {
			return a > b
		}
	}
	return s.needs(c.setting) < s.needs(than.setting)
}

// needs is what a setting takes of memory, up to a factor: lanes times the
// values of its Bytes knobs.
func (s *Scheduler) needs(set policy.Setting) float64 {
	buffers := 1.0
	for _, k := range s.spec.Knobs {
		if k.Kind == policy.Bytes {
			buffers += float64(set[k.Name].Int)
		}
	}
	return float64(s.spec.lanes(set)) * buffers
}
