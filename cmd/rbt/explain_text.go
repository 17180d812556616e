package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

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
	return harmless(b.String())
}

// harmless takes out what would move a terminal's cursor: a trace may come from
// anywhere.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) {
			return -1
		}
		return r
	}, text)
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
	if f := s.fault; f != nil {
		notes = append(notes, oneLine(fmt.Sprintf("the policy of the pipeline file could not be used: %s: %s", f.Reason, f.Detail)))
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

// searchText says what the search took.
func searchText(st *streamStory, d policy.Decision) []string {
	var lines []string
	if d.ProbeSeconds > 0 {
		share := ""
		if rows := st.Facts.Rows; rows > 0 {
			share = fmt.Sprintf(", %.1f %% of the stream", 100*min(1, float64(d.ProbeRows)/float64(rows)))
		}
		lines = append(lines, fmt.Sprintf("%.1f s of copying, %s rows (%s%s); %.2f s longer than at the speed of what was chosen",
			d.ProbeSeconds, formatRows(d.ProbeRows), formatBytes(d.ProbeBytes), share, d.LostSeconds))
		if line := pacesText(st, d); line != "" {
			lines = append(lines, line)
		}
	}
	if st.calls > 0 {
		lines = append(lines, fmt.Sprintf("%s, %s of the policy, %.1f ms in all",
			plural(d.Rounds, "round"), plural(st.calls, "call"), 1000*st.callSecs))
	}
	return lines
}

// pacesText compares all windows with the rest of the stream, where both are
// known. What windows lost is reckoned against other windows: small parts, which
// are slower than the rest.
func pacesText(st *streamStory, d policy.Decision) string {
	took := 0.0
	for _, w := range st.windows {
		took += w.Seconds + w.WarmUp
	}
	windows := formatSpeed(d.ProbeBytes, seconds(took))
	rest := formatSpeed(st.end.Bytes-d.ProbeBytes, seconds(st.end.Load-took))
	if windows == "-" || rest == "-" {
		return ""
	}
	return fmt.Sprintf("%s in all windows together, %s in the rest of the stream", windows, rest)
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
// end of: what was measured, without a verdict.
func probingText(st *streamStory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no decision yet, %s", oneLine(st.Stream.Stream), plural(len(st.windows), "window"))
	skipped, n := map[string]int{}, 0
	for _, w := range st.windows {
		if w.Skipped != "" {
			skipped[w.Skipped]++
			n++
		}
	}
	if n > 0 {
		fmt.Fprintf(&b, ", %d of them skipped (%s)", n, maskedText(skipped))
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

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
