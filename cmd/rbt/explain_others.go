package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mattn/go-runewidth"
)

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
		width = max(width, runewidth.StringWidth(oneLine(st.Stream.Stream)))
	}
	for i, st := range shown {
		b.WriteString(strings.TrimRight("  "+runewidth.FillRight(oneLine(st.Stream.Stream), width)+"  "+texts[i], " ") + "\n")
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
