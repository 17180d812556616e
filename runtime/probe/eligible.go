package probe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// Eligible says why the stream is not worth a probe phase, or nothing.
//
// A stream is too small if MaxFraction of it cannot hold the windows that a
// single alternative needs: two to warm up, then MinWindows of the alternative
// with one of the leader after each, each of MinBytesPerLane on every lane of
// the baseline. With the default budget and four lanes that is
// (2 + 2·2) · 4 · 1.25 MiB = 30 MiB of windows, so a stream of 200 MiB. Whether
// it also lasts long enough shows once its speed is known.
//
// A stream of unknown size is eligible: losses stay small by the clock, and if
// it ends in the probe phase nothing is lost.
func Eligible(s Spec) (policy.Skip, bool) {
	skip := func(reason, detail string) (policy.Skip, bool) {
		return policy.Skip{Stream: s.Facts.Stream, Reason: reason, Detail: detail, Pins: s.Pins}, false
	}
	if len(tunable(s)) == 0 {
		if pinned := choices(s); len(pinned) > 0 {
			return skip(policy.SkippedPinned, "pinned: "+strings.Join(pinned, ", "))
		}
		return skip(policy.SkippedUnsupported, "no knob has more than one value for this stream")
	}
	if s.Facts.Bytes < 0 {
		return policy.Skip{}, true
	}
	windows := int64(2 + 2*s.Budget.MinWindows)
	need := windows * s.lanes(s.Baseline) * s.Budget.MinBytesPerLane
	if room := s.Budget.MaxFraction * float64(s.Facts.Bytes); s.Budget.MaxFraction > 0 && room < float64(need) {
		return skip(policy.SkippedSmall, fmt.Sprintf("%.3g %% of about %s cannot hold %d windows of %s",
			100*s.Budget.MaxFraction, megabytes(s.Facts.Bytes), windows, megabytes(need/windows)))
	}
	return policy.Skip{}, true
}

// tunable are the knobs that may be turned.
func tunable(s Spec) []policy.Knob {
	return slices.DeleteFunc(slices.Clone(s.Knobs), func(k policy.Knob) bool {
		_, pinned := s.Pins[k.Name]
		return pinned || !choice(s, k)
	})
}

// choices names the knobs that have more than one value for the stream.
func choices(s Spec) []string {
	var names []string
	for _, k := range s.Knobs {
		if choice(s, k) {
			names = append(names, k.Name)
		}
	}
	return names
}

func choice(s Spec, k policy.Knob) bool {
	_, set := s.Baseline[k.Name]
	if k.Kind == policy.Enum {
		return set && len(k.Values) > 1
	}
	return set && k.Max > k.Min
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
