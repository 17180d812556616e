package wasm

import (
	"fmt"
	"log/slog"
	"strings"
	"unicode"
	"unicode/utf8"
)

// printed keeps the beginning of what a guest prints, and lets it believe that
// all of it was.
type printed struct{ kept []byte }

func (p *printed) Write(b []byte) (int, error) {
	p.kept = append(p.kept, b[:min(len(b), maxPrinted-len(p.kept))]...)
	return len(b), nil
}

// excerpt is a line of what was printed, for an error: the one in which a guest
// in Go says why it ends, else the first.
func (p *printed) excerpt() string {
	text := strings.TrimSpace(string(p.kept))
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			text = line
			break
		}
	}
	if text = firstLine(text); text == "" {
		return ""
	}
	return fmt.Sprintf(", having printed %q", text)
}

// say hands on a line of the module, while they are not too many.
func (p *Policy) say(level slog.Level, text string) {
	if p.log == nil {
		return
	}
	switch n := p.said.Add(1); {
	case n <= maxLogInAll:
		p.log(level, text)
	case n == maxLogInAll+1:
		p.log(slog.LevelWarn, fmt.Sprintf("these are %d lines; what more there is to say is dropped", maxLogInAll))
	}
}

// lines hands on what a guest logs in one call.
type lines struct {
	log     func(slog.Level, string)
	count   int
	dropped int
}

// line is one more. Levels are 0 debug, 1 info, 2 warning, and 3 and above error.
func (c *call) line(level int32, text []byte) {
	l := &c.lines
	if l.count++; l.count > maxLogLines {
		l.dropped++
		return
	}
	text = text[:min(len(text), 2*maxLogLine)] // clean cuts where a letter ends
	l.log(levelOf(level), clean(string(text), maxLogLine))
}

// close tells how much was dropped.
func (l *lines) close() {
	if l.dropped > 0 {
		l.log(slog.LevelWarn, fmt.Sprintf("%d more lines of one call were dropped", l.dropped))
	}
}

func levelOf(level int32) slog.Level {
	switch {
	case level <= 0:
		return slog.LevelDebug
	case level == 1:
		return slog.LevelInfo
	case level == 2:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// clean makes text of a guest fit for a line of a terminal or a log: valid
// UTF-8, without control characters, and no longer than that many bytes.
func clean(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	if len(text) <= most {
		return text
	}
	cut := most - len("…")
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return clean(strings.TrimSpace(line), maxNote)
}
