package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rapidbyte/rbt/policy"
)

// storyText tells a story to people: the run, each stream that was tuned, and
// the others together.
func storyText(s *story) string {
	var b strings.Builder
	b.WriteString(runText(s))
	for _, st := range s.streams {
		switch st.state() {
		case tuned:
			fmt.Fprintf(&b, "\n%s", tunedText(st))
		case probing:
			fmt.Fprintf(&b, "\n%s", probingText(st))
		}
	}
	b.WriteString(othersText(s))
	return b.String()
}

// runText says which run it was and how it went.
func runText(s *story) string {
	var b strings.Builder
	h := s.header
	fmt.Fprintf(&b, "run %s of pipeline %s", oneLine(h.Run), oneLine(h.Pipeline))
	if h.Attempt > 1 {
		fmt.Fprintf(&b, ", attempt %d", h.Attempt)
	}
	fmt.Fprintf(&b, ", %s, rbt %s\n", h.Started.UTC().Format("2006-01-02 15:04:05 MST"), oneLine(h.Version))
	streams := plural(max(s.run.Streams, len(s.streams)), "stream")
	if sum := s.summary; sum != nil {
		fmt.Fprintf(&b, "%s: %s, %s rows, %s in %s", sum.Status, streams, formatRows(sum.Rows), formatBytes(sum.Bytes),
			formatTook(seconds(sum.Seconds)))
	} else {
		b.WriteString(streams)
	}
	if p := s.run.Policy; p != nil {
		fmt.Fprintf(&b, "; policy %s", policyText(*p))
	}
	b.WriteString("\n")
	for _, note := range storyNotes(s) {
		b.WriteString(note + "\n")
	}
	return b.String()
}

func policyText(p policy.Info) string {
	var more []string
	if p.SHA256 != "" {
		more = append(more, "sha256 "+p.SHA256[:min(len(p.SHA256), 12)])
	}
	if p.Engine != "" {
		more = append(more, p.Engine)
	}
	text := strings.TrimSpace(p.Name + " " + p.Version)
	if len(more) > 0 {
		text += " (" + strings.Join(more, ", ") + ")"
	}
	return oneLine(text)
}

// storyNotes say what holds for the whole story.
func storyNotes(s *story) []string {
	var notes []string
	if s.summary != nil && s.summary.Error != "" {
		notes = append(notes, "error: "+oneLine(s.summary.Error))
	}
	if s.run.Off != "" {
		notes = append(notes, "tuning was off: "+oneLine(s.run.Off))
	}
	if s.cut != "" {
		notes = append(notes, "the trace is not whole: "+s.cut)
	}
	if s.lost > 0 {
		notes = append(notes, plural(s.lost, "record")+" could not be written")
	}
	if s.unknown > 0 {
		notes = append(notes, fmt.Sprintf("%s of a newer version of rbt left out", plural(s.unknown, "record")))
	}
	return notes
}

// tunedText tells of a stream whose probe phase ended.
func tunedText(st *streamStory) string {
	var b strings.Builder
	d := st.decision
	if d == nil { // the trace ends behind the fault
		fmt.Fprintf(&b, "%s: fault: kept the baseline\n", oneLine(st.Stream.Stream))
		d = &policy.Decision{Baseline: st.Baseline, Winner: st.Baseline}
	} else {
		fmt.Fprintf(&b, "%s: %s\n", oneLine(d.Stream), decisionText(*d, st.Knobs))
	}
	item := items(&b)
	if f := st.fault; f != nil {
		item("fault", oneLine(fmt.Sprintf("%s: %s", f.Reason, f.Detail)))
	} else if !tried(*d) {
		item("why", orNothing(oneLine(d.Detail))...)
	}
	if changesText(d.Baseline, d.Winner, st.Knobs) != "" {
		item("before", d.Baseline.Format(st.Knobs))
		item("after", d.Winner.Format(st.Knobs))
	} else {
		item("setting", d.Baseline.Format(st.Knobs))
	}
	item("pinned", orNothing(st.Pins.Format(st.Knobs))...)
	item("clamped", clampTexts(d.Clamps, st.clamps)...)
	item("search", searchText(st, *d)...)
	if st.end.Status == "done" {
		item("copied", copiedText(st))
	} else {
		item("status", orNothing(st.end.Status)...)
	}
	if len(d.Candidates) > 1 {
		b.WriteString(indent(triedTable(*d, st.Knobs)))
	}
	return b.String()
}

// items returns a function that writes values under a name.
func items(b *strings.Builder) func(name string, values ...string) {
	return func(name string, values ...string) {
		for _, v := range values {
			b.WriteString(strings.TrimRight(fmt.Sprintf("  %-9s %s", name, v), " ") + "\n")
			name = ""
		}
	}
}

// indent moves lines in.
func indent(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString("  " + line)
	}
	return b.String()
}

func orNothing(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// clampTexts prefers what the decision says; a trace that was cut off has the
// clamps alone.
func clampTexts(decided, told []policy.Clamp) []string {
	if len(decided) == 0 {
		decided = told
	}
	var texts []string
	for _, c := range decided {
		texts = append(texts, oneLine(c.String()))
	}
	return texts
}

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

// searchText says what the search took.
func searchText(st *streamStory, d policy.Decision) []string {
	var lines []string
	if d.ProbeSeconds > 0 {
		share := ""
		if rows := st.Facts.Rows; rows > 0 {
			share = fmt.Sprintf(", %.1f %% of the stream", 100*min(1, float64(d.ProbeRows)/float64(rows)))
		}
		lines = append(lines, fmt.Sprintf("%.1f s of copying, %s rows (%s%s); %.2f s of it lost to slower settings",
			d.ProbeSeconds, formatRows(d.ProbeRows), formatBytes(d.ProbeBytes), share, d.LostSeconds))
	}
	if st.calls > 0 {
		lines = append(lines, fmt.Sprintf("%s, %s of the policy, %.1f ms in all",
			plural(d.Rounds, "round"), plural(st.calls, "call"), 1000*st.callSecs))
	}
	return lines
}

// copiedText says how a stream went that is done.
func copiedText(st *streamStory) string {
	end, load := st.end, seconds(st.end.Load)
	text := fmt.Sprintf("%s rows, %s in %s", formatRows(end.Rows), formatBytes(end.Bytes), formatTook(load))
	if speed := formatSpeed(end.Bytes, load); speed != "-" {
		text += " at " + speed
	}
	return text + "; publishing took " + formatTook(seconds(end.Publish))
}

// probingText tells of a stream whose probe phase the trace does not see the
// end of: what was measured, without a verdict. Whether a disturbed window
// counts, only the verdict would say.
func probingText(st *streamStory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no decision yet, %s", oneLine(st.Stream.Stream), plural(len(st.windows), "window"))
	disturbed, n := map[string]int{}, 0
	for _, w := range st.windows {
		if w.Masked != "" {
			disturbed[w.Masked]++
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(&b, ", %d of them disturbed (%s)", n, maskedText(disturbed))
	}
	b.WriteString("\n")
	item := items(&b)
	item("setting", st.Baseline.Format(st.Knobs))
	item("pinned", orNothing(st.Pins.Format(st.Knobs))...)
	item("clamped", clampTexts(nil, st.clamps)...)
	if len(st.windows) > 0 {
		b.WriteString(indent(measuredTable(st)))
	}
	return b.String()
}

// measuredTable lists the settings that have windows, with the mean speed.
func measuredTable(st *streamStory) string {
	type sum struct {
		setting            policy.Setting
		bytes              int64
		secs               float64
		windows, disturbed int
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
		if w.Masked != "" {
			one.disturbed++
		}
	}
	t := table{heading: []string{"TRIED", "SPEED", "WINDOWS", "DISTURBED"}}
	for _, id := range order {
		one := sums[id]
		name, speed := settingDiff(st.Baseline, one.setting, st.Knobs), "-"
		if name == "" {
			name = "baseline"
		}
		if one.secs > 0 {
			speed = formatRate(float64(one.bytes) / one.secs)
		}
		t.add(name, speed, fmt.Sprint(one.windows), fmt.Sprint(one.disturbed))
	}
	return t.String()
}

// manyStreams is how many streams of one reason are listed one by one.
const manyStreams = 10

// othersText lists the streams that were not tuned, by reason.
func othersText(s *story) string {
	var b strings.Builder
	for _, group := range []struct {
		state tuningState
		title string
	}{
		{skipped, "not tuned"}, {keptBefore, "kept from an earlier attempt"},
		{untouched, "not tuned, and the trace does not say why"}, {notBegun, "not begun"},
	} {
		byReason := map[string][]*streamStory{}
		var reasons []string
		for _, st := range s.streams {
			if st.state() != group.state {
				continue
			}
			reason := ""
			if group.state == skipped {
				reason = st.Skip.Reason
			}
			if byReason[reason] == nil {
				reasons = append(reasons, reason)
			}
			byReason[reason] = append(byReason[reason], st)
		}
		for _, reason := range reasons {
			b.WriteString(groupText(group.title, reason, byReason[reason]))
		}
	}
	return b.String()
}

// groupText lists streams that share a reason.
func groupText(title, reason string, streams []*streamStory) string {
	var b strings.Builder
	if reason != "" {
		title += ": " + reason
	}
	texts := make([]string, len(streams))
	for i, st := range streams {
		texts[i] = otherText(st)
	}
	if common := slices.Compact(slices.Clone(texts)); len(common) == 1 && len(texts) > 1 {
		title += ", " + texts[0]
		clear(texts)
	}
	fmt.Fprintf(&b, "\n%s (%s)\n", oneLine(title), plural(len(streams), "stream"))
	width := 0
	shown := streams[:min(len(streams), manyStreams)]
	for _, st := range shown {
		width = max(width, utf8.RuneCountInString(oneLine(st.Stream.Stream)))
	}
	for i, st := range shown {
		b.WriteString(strings.TrimRight(fmt.Sprintf("  %-*s  %s", width, oneLine(st.Stream.Stream), texts[i]), " ") + "\n")
	}
	if rest := len(streams) - len(shown); rest > 0 {
		fmt.Fprintf(&b, "  … and %d more; --json lists them all\n", rest)
	}
	return b.String()
}

// otherText says why a stream was not tuned.
func otherText(st *streamStory) string {
	switch {
	case st.kept != "":
		return oneLine(st.kept)
	case st.Skip != nil:
		return oneLine(st.Skip.Detail)
	}
	return ""
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
