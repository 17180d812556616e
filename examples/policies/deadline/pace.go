package main

import (
	"context"
	"math"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// pace is how fast a setting is.
type pace struct {
	speed float64 // as a multiple of what it takes to finish in time
	err   float64 // standard error of its logarithm, against the leader's
	whole float64 // the same for the speed itself
}

// likely says whether the setting rather finishes in time than not.
func (p pace) likely() bool { return p.speed >= 1 }

// chance is how likely it is that a setting of that speed finishes in time.
func (p pace) chance(speed float64) float64 {
	return math.Erfc(-math.Log(speed)/p.whole/math.Sqrt2) / 2
}

// least is the smallest standard error: less is not to be had.
const least = 0.01

// score is the setting's value, and its standard error: half of how far the
// value of a speed one error higher is from that of one as much lower.
func (p pace) score(thrift float64) (value, stderr float64) {
	at := func(speed float64) float64 {
		in := p.chance(speed)
		return in*thrift + (1-in)*min(speed, 1)
	}
	value = max(at(p.speed), math.SmallestNonzeroFloat32)
	return value, max((at(p.speed*math.Exp(p.err))-at(p.speed*math.Exp(-p.err)))/2, least*value)
}

// windowNoise is the standard deviation that is believed of one window's rate.
const windowNoise = 0.08

// paces are how fast the candidates are, as the built-in policy compares their
// windows. They are not known where nobody knows how much there is to copy, or
// where the leader was never measured.
func (p *Policy) paces(f policy.Facts, evidence []policy.Evidence, leader int) (paces []pace, known bool) {
	need := p.need(f, evidence)
	rate := need.rateOf(evidence[leader])
	if !(rate > 0 && need.rate > 0) {
		return nil, false
	}
	scores, err := builtin.New().Score(context.Background(), policy.ScoreRequest{Leader: evidence[leader].ID, Evidence: evidence})
	if err != nil {
		return nil, false
	}
	base := scores.Scores[leader].Value
	for _, s := range scores.Scores {
		paces = append(paces, pace{
			speed: s.Value / base * rate / need.rate,
			err:   s.StdErr / s.Value,
			whole: math.Hypot(s.StdErr/s.Value, windowNoise/math.Sqrt(float64(len(evidence[leader].Windows)))),
		})
	}
	return paces, true
}

// need is what it takes to finish in time.
type need struct {
	byRows bool
	rate   float64 // rows, or else bytes, per second; 0 where it is not known
}

// need takes what is left of the estimated rows, or bytes where there is no
// estimate of rows, and of the time. Windows that do not count, and rows that
// moved between windows, are not told: there may be less to do, and not more.
// Beyond the estimate, as much is taken to be left as was moved.
func (p *Policy) need(f policy.Facts, evidence []policy.Evidence) need {
	now, rows, bytes := 0.0, int64(0), int64(0)
	for _, e := range evidence {
		for _, w := range e.Windows {
			now = max(now, w.Start+w.Seconds)
			rows += w.MovedRows
			bytes += w.MovedBytes
		}
	}
	n, left := need{byRows: f.Rows > 0 && rows > 0}, 0.0
	switch {
	case n.byRows:
		left = float64(max(f.Rows-rows, rows))
	case f.Bytes > 0 && bytes > 0:
		left = float64(max(f.Bytes-bytes, bytes))
	default:
		return n
	}
	const late = 1e-3 // s that are always left, so that there is a rate
	n.rate = (1 + p.Margin) * left / max(p.FinishWithin.Seconds()-now, late)
	return n
}

// rateOf is the mean rate of a candidate, in the unit of the need.
func (n need) rateOf(e policy.Evidence) float64 {
	work, seconds := 0.0, 0.0
	for _, w := range e.Windows {
		if n.byRows {
			work += float64(w.Rows)
		} else {
			work += float64(w.Bytes)
		}
		seconds += w.Seconds
	}
	if !(seconds > 0) {
		return 0
	}
	return work / seconds
}
