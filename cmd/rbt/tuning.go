package main

// How people are told of tuning, in a run and in rbt explain.

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// decisionText tells of a decision on one line:
// "parallelism 4 → 8: +38.2 % [+31, +45], 4 windows, 1 masked (checkpoint), cost 0.41 s".
func decisionText(d policy.Decision, knobs []policy.Knob) string {
	var text string
	if changed := changesText(d.Baseline, d.Winner, knobs); changed != "" {
		text = changed + ": " + leadText(d.Lead, d.Low, d.High)
	} else {
		text = keptText(d)
		if best, ok := bestAlternative(d); ok {
			text += fmt.Sprintf("; best alternative %s %s", settingDiff(d.Baseline, best.Setting, knobs),
				leadText(best.Lead, best.Low, best.High))
		}
	}
	return text + ", " + windowsText(d.Windows, d.Masked) + fmt.Sprintf(", cost %.2f s", d.LostSeconds)
}

// keptText says why the baseline stays.
func keptText(d policy.Decision) string {
	const kept = ": kept the baseline"
	switch {
	case d.Reason == policy.BecauseFault:
		return "fault" + kept
	case d.Reason == policy.BecauseEnded:
		return "ended while probing" + kept
	case !tried(d):
		return "nothing was tried" + kept
	case d.Reason == policy.BecauseBudget:
		return "no clear winner within the budget" + kept
	}
	return "no clear winner" + kept
}

// tried reports whether a decision is the outcome of a comparison.
func tried(d policy.Decision) bool {
	return slices.ContainsFunc(d.Candidates, func(v policy.Verdict) bool { return v.Outcome != policy.Base && v.Windows > 0 })
}

// bestAlternative is the candidate that came nearest to taking the baseline's
// place, or did.
func bestAlternative(d policy.Decision) (best policy.Verdict, ok bool) {
	for _, v := range d.Candidates {
		comparable := v.Outcome != policy.Base && v.Outcome != policy.Invalid && v.Windows > 0 && v.Leader == 0
		if comparable && (!ok || v.Lead > best.Lead) {
			best, ok = v, true
		}
	}
	return best, ok
}

// changesText says which knobs differ: "parallelism 4 → 8".
func changesText(from, to policy.Setting, knobs []policy.Knob) string {
	return differences(from, to, knobs, func(k policy.Knob) string {
		return fmt.Sprintf("%s %s → %s", k.Name, k.Format(from[k.Name]), k.Format(to[k.Name]))
	})
}

// settingDiff says what a setting has that another has not: "parallelism 8".
func settingDiff(from, to policy.Setting, knobs []policy.Knob) string {
	return differences(from, to, knobs, func(k policy.Knob) string { return k.Name + " " + k.Format(to[k.Name]) })
}

func differences(from, to policy.Setting, knobs []policy.Knob, text func(policy.Knob) string) string {
	var changed []string
	for _, k := range knobs {
		if v, ok := to[k.Name]; ok && v != from[k.Name] {
			changed = append(changed, text(k))
		}
	}
	return strings.Join(changed, ", ")
}

// leadText writes a lead with its 90 % bounds: "+38.2 % [+31, +45]". Bounds get
// a digit more where a percent is much of them.
func leadText(lead, low, high float64) string {
	return percent(lead) + " " + boundsText(low, high)
}

func boundsText(low, high float64) string {
	digits := 0
	if min(math.Abs(low), math.Abs(high)) < 0.1 {
		digits = 1
	}
	return fmt.Sprintf("[%+.*f, %+.*f]", digits, 100*low, digits, 100*high)
}

func percent(fraction float64) string { return fmt.Sprintf("%+.1f %%", 100*fraction) }

// windowsText counts windows: "4 windows, 1 masked (checkpoint)".
func windowsText(valid int, masked map[string]int) string {
	text := plural(valid, "window")
	total := 0
	for _, n := range masked {
		total += n
	}
	if total > 0 {
		text += fmt.Sprintf(", %d masked (%s)", total, maskedText(masked))
	}
	return text
}

// maskedText lists reasons, the most frequent first: "checkpoint 2, retry 1";
// one reason alone needs no number.
func maskedText(masked map[string]int) string {
	reasons := slices.SortedFunc(maps.Keys(masked), func(a, b string) int {
		return cmp.Or(cmp.Compare(masked[b], masked[a]), cmp.Compare(a, b))
	})
	if len(reasons) == 1 {
		return reasons[0]
	}
	for i, r := range reasons {
		reasons[i] = fmt.Sprintf("%s %d", r, masked[r])
	}
	return strings.Join(reasons, ", ")
}
