package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// triedTable lists the candidates with what each gave, by round and by the
// leader that they were compared with.
func triedTable(d policy.Decision, knobs []policy.Knob) string {
	t := table{heading: []string{"TRIED", "SPEED", "LEAD", "90 % BOUNDS", "WINDOWS", "MASKED", "RESULT"}, text: 6}
	add := func(name, lead, bounds string, v policy.Verdict) {
		t.add(name, speedText(v), lead, bounds, fmt.Sprint(v.Windows), fmt.Sprint(v.Masked), resultText(d, v))
	}
	group := ""
	for _, v := range byRound(d.Candidates) {
		if v.Outcome == policy.Base { // the baseline has no lead over itself
			add("baseline", "", "", v)
			continue
		}
		if g := fmt.Sprintf("round %d, against %s", v.Round, leaderText(d, v.Leader, knobs)); g != group {
			group = g
			t.add(g)
		}
		lead, bounds := "", ""
		if v.Windows > 0 {
			lead, bounds = percent(v.Lead), boundsText(v.Low, v.High)
		}
		add("  "+candidateText(d, v, knobs), lead, bounds, v)
	}
	return t.String()
}

// byRound sorts candidates by round and leader, the baseline first.
func byRound(candidates []policy.Verdict) []policy.Verdict {
	sorted := slices.Clone(candidates)
	slices.SortStableFunc(sorted, func(a, b policy.Verdict) int {
		switch {
		case a.Outcome == policy.Base:
			return -1
		case b.Outcome == policy.Base:
			return 1
		}
		return cmp.Or(cmp.Compare(a.Round, b.Round), cmp.Compare(a.Leader, b.Leader))
	})
	return sorted
}

// resultText says what became of a candidate.
func resultText(d policy.Decision, v policy.Verdict) string {
	text := v.Outcome
	switch won := maps.Equal(v.Setting, d.Winner); {
	case v.Outcome == policy.Base && won:
		text = "kept"
	case v.Outcome == policy.Base:
		text = ""
	case won:
		text = "won"
	}
	if v.Detail != "" && v.Outcome != policy.Base {
		text += ": " + oneLine(v.Detail)
	}
	return text
}

// candidateText names a candidate by what it changes of the leader that it was
// compared with.
func candidateText(d policy.Decision, v policy.Verdict, knobs []policy.Knob) string {
	leader := d.Baseline
	if l, ok := verdictOf(d, v.Leader); ok {
		leader = l.Setting
	}
	if diff := settingDiff(leader, v.Setting, knobs); diff != "" {
		return diff
	}
	return v.Setting.Format(knobs)
}

func leaderText(d policy.Decision, id int, knobs []policy.Knob) string {
	if l, ok := verdictOf(d, id); ok {
		if diff := settingDiff(d.Baseline, l.Setting, knobs); diff != "" {
			return diff
		}
	}
	return "the baseline"
}

func verdictOf(d policy.Decision, id int) (policy.Verdict, bool) {
	for _, v := range d.Candidates {
		if v.ID == id {
			return v, true
		}
	}
	return policy.Verdict{}, false
}

func speedText(v policy.Verdict) string {
	if v.Windows == 0 {
		return "-"
	}
	return formatRate(v.Rate)
}

// measuredTable lists the settings that have windows, with the mean speed.
func measuredTable(st *streamStory) string {
	type sum struct {
		setting          policy.Setting
		bytes            int64
		secs             float64
		windows, skipped int
	}
	var order []int
	sums := map[int]*sum{}
	for _, w := range st.windows {
		one := sums[w.Candidate]
		if one == nil {
			one = &sum{setting: w.Setting}
			sums[w.Candidate] = one
			order = append(order, w.Candidate)
		}
		one.bytes += w.Bytes
		one.secs += w.Seconds
		one.windows++
		if w.Skipped != "" {
			one.skipped++
		}
	}
	t := table{heading: []string{"TRIED", "SPEED", "WINDOWS", "SKIPPED"}}
	for _, id := range order {
		one := sums[id]
		name, speed := settingDiff(st.Baseline, one.setting, st.Knobs), "-"
		if name == "" {
			name = "baseline"
		}
		if one.secs > 0 {
			speed = formatRate(float64(one.bytes) / one.secs)
		}
		t.add(name, speed, fmt.Sprint(one.windows), fmt.Sprint(one.skipped))
	}
	return t.String()
}
