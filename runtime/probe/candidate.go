package probe

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// candidate is a setting and what is known of it.
type candidate struct {
	id      int
	setting policy.Setting
	round   int        // the latest that proposed it
	rival   *candidate // the leader that it was compared with
	windows []policy.Window
	fresh   int // of windows: those of the current round
	masked  int
	speed   speed
	grow    int // how many times its windows were too short
	trouble int // retries and errors, in any of its windows
	invalid string
	tasted  bool // its one window so far is a small one

	score   policy.Score
	err     float64 // of the score's ratio to the leader's, as a fraction
	lead    lead    // over rival
	outcome string
	detail  string
}

// speed is how fast rows moved, from the windows that count.
type speed struct{ bytes, rows, seconds float64 }

func (v *speed) add(w policy.Window) {
	v.bytes += float64(w.Bytes)
	v.rows += float64(w.Rows)
	v.seconds += w.Seconds
}

func (v speed) known() bool       { return v.seconds > 0 && v.bytes > 0 }
func (v speed) byteRate() float64 { return v.bytes / max(v.seconds, 1e-9) }
func (v speed) rowRate() float64  { return v.rows / max(v.seconds, 1e-9) }

// secondsFor is how long the work takes at this speed. Settings may need a
// different number of bytes for a row: what says that more was done counts.
func (v speed) secondsFor(w work) float64 {
	seconds := 0.0
	if v.bytes > 0 {
		seconds = w.bytes / v.byteRate()
	}
	if v.rows > 0 {
		seconds = max(seconds, w.rows/v.rowRate())
	}
	return seconds
}

// work is what one or more windows moved, and the seconds that it took.
type work struct{ bytes, rows, seconds float64 }

// moved is all that a window took from the stream, its warm-up included. What
// is missing or senseless counts as what was measured, or as nothing.
func moved(w policy.Window) work {
	return work{
		bytes:   float64(max(w.MovedBytes, w.Bytes, 0)),
		rows:    float64(max(w.MovedRows, w.Rows, 0)),
		seconds: sensible(w.Seconds) + sensible(w.WarmUp),
	}
}

func (w *work) add(more work) {
	w.bytes += more.bytes
	w.rows += more.rows
	w.seconds += more.seconds
}

// sensible is x, or 0 where x is not a number of seconds.
func sensible(x float64) float64 {
	if math.IsNaN(x) || x < 0 || x > 1e9 {
		return 0
	}
	return x
}

// evidence is what the policy is told of c. The policy cannot append to what
// it is given and reach the scheduler's own list.
func (c *candidate) evidence() policy.Evidence {
	return policy.Evidence{
		ID: c.id, Setting: c.setting, Windows: slices.Clip(c.windows), Masked: c.masked, Invalid: c.invalid,
	}
}

// verdict is what the decision says of c.
func (c *candidate) verdict() policy.Verdict {
	v := policy.Verdict{
		ID: c.id, Setting: c.setting, Round: c.round,
		Score: c.score.Value, StdErr: min(c.err*c.score.Value, math.MaxFloat64),
		Windows: len(c.windows), Masked: c.masked,
		Outcome: c.outcome, Detail: c.detail,
	}
	if c.speed.known() {
		v.Rate = c.speed.byteRate()
	}
	if c.rival != nil {
		v.Leader = c.rival.id
		v.Lead, v.Low, v.High = c.lead.bounds()
	}
	return v
}
