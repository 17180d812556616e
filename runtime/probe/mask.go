package probe

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// Why a window does not count, besides the masks of [policy.Window].
const (
	Invalid = "invalid" // it showed that its setting breaks a limit
	WarmUp  = "warm-up" // speeds still changed by themselves
)

// masks says which windows count.
//
// A disturbed window says little about its setting, so it is repeated. But
// where the disturbance is how things are (checkpoints without end on a small
// max_wal_size), repeating would never end and nothing would be learned. Such
// windows count, since the rest of the stream runs under the same disturbance:
// a reason becomes usual, for the rest of the phase, when it has masked maskRun
// windows in succession, or when more than maskShare of at least maskSample
// windows carry it.
//
// Windows without a usable measurement never count.
type masks struct {
	windows  int
	carried  map[string]int // by reason: windows with it, counted or not
	skipped  map[string]int // by reason: windows that do not count
	usual    map[string]bool
	last     string
	run      int // windows in succession with last as their reason
	unusable int // windows in succession without a usable measurement
}

func newMasks() masks {
	return masks{carried: map[string]int{}, skipped: map[string]int{}, usual: map[string]bool{}}
}

// judge returns why the window does not count, or nothing. fastest is the
// highest believable rate in bytes per second, 0 where there is none; least is
// what a window must have lasted, in seconds.
func (m *masks) judge(w policy.Window, fastest, least float64) string {
	m.windows++
	reason := w.Masked
	if why := flaw(w, fastest, least); why != "" {
		m.unusable++
		reason = why
	} else {
		m.unusable = 0
	}
	if reason != m.last {
		m.last, m.run = reason, 0
	}
	m.run++
	if reason == "" || m.unusable == 0 && m.isUsual(reason) {
		return ""
	}
	m.skipped[reason]++
	return reason
}

func (m *masks) isUsual(reason string) bool {
	m.carried[reason]++
	often := m.windows >= maskSample && float64(m.carried[reason]) > maskShare*float64(m.windows)
	if m.run > maskRun || often {
		m.usual[reason] = true
	}
	return m.usual[reason]
}

// flaw says why there is no usable measurement, or nothing.
func flaw(w policy.Window, fastest, least float64) string {
	unmeasured := w.Masked == policy.MaskShort || w.Masked == policy.MaskRanDry && w.Seconds == 0
	switch {
	case unmeasured:
		return w.Masked
	case math.IsNaN(w.Seconds) || w.Seconds <= 0 || w.Seconds > 1e9 || w.Bytes < 0 || w.Rows < 0:
		return policy.MaskClock
	case fastest > 0 && w.BytesPerSecond() > fastest:
		return policy.MaskClock
	case w.Bytes == 0 || w.Masked == "" && w.Seconds < least:
		return policy.MaskShort
	case w.Masked == policy.MaskClock:
		return policy.MaskClock
	}
	return ""
}
