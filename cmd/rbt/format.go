package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize"
	"github.com/mattn/go-runewidth"
)

// formatBytes writes a size for people: 180 MB. What is not known is "?".
func formatBytes(n int64) string {
	if n < 0 {
		return "?"
	}
	return humanize.Bytes(uint64(n))
}

// formatRows writes a count for people: 2,000,000.
func formatRows(n int64) string {
	if n < 0 {
		return "?"
	}
	return humanize.Comma(n)
}

// formatTook writes a duration in seconds, minutes or hours: 4.6 s, 3m10s.
func formatTook(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	text := d.Round(time.Second).String()
	if strings.HasSuffix(text, "m0s") {
		return strings.TrimSuffix(text, "0s")
	}
	return text
}

// formatSpeed writes bytes over a duration: 39.1 MB/s, and "-" where it would
// mean nothing, as for the round trips that a tiny table takes.
func formatSpeed(bytes int64, d time.Duration) string {
	if d < time.Millisecond || bytes < 1e6 {
		return "-"
	}
	return formatRate(float64(bytes) / d.Seconds())
}

func formatRate(bytesPerSecond float64) string {
	return fmt.Sprintf("%.1f MB/s", bytesPerSecond/1e6)
}

// plural writes a count with its noun: 1 stream, 7 streams.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return humanize.Comma(int64(n)) + " " + noun + "s"
}

// elide shortens a text in its middle to a number of cells.
func elide(text string, width int) string {
	wide := runewidth.StringWidth(text)
	if wide <= width {
		return text
	}
	head := runewidth.Truncate(text, (width-1)/3+1, "…")
	return head + runewidth.TruncateLeft(text, wide-(width-runewidth.StringWidth(head)), "")
}

// cut shortens a text at its end to a number of cells.
func cut(text string, width int) string { return runewidth.Truncate(text, width, "…") }

// oneLine keeps line breaks, and all else that a terminal might obey, out of a line.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf) }), " ")
}
