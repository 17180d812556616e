package hcl

import (
	"bytes"
	"cmp"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
)

// maxExcerpt is how many characters of a line an excerpt shows.
const maxExcerpt = 120

// source is the text of a pipeline file and what of it must not be shown.
type source struct {
	file   string
	text   []byte
	hidden []span
}

func newSource(file string, text []byte) *source {
	return &source{file: file, text: text, hidden: secretsIn(string(text))}
}

// hide keeps a range out of every excerpt.
func (s *source) hide(r hcl.Range) {
	s.hidden = append(s.hidden, span{r.Start.Byte, r.End.Byte})
}

// offset returns where in the text a position is. A column counts what a reader
// takes for one character, so after combining marks the offset is a little
// early, but on the right line.
func (s *source) offset(pos Pos) int {
	at := 0
	for range pos.Line - 1 {
		i := bytes.IndexByte(s.text[at:], '\n')
		if i < 0 {
			return len(s.text)
		}
		at += i + 1
	}
	for range pos.Column - 1 {
		if at >= len(s.text) || s.text[at] == '\n' {
			break
		}
		_, n := utf8.DecodeRune(s.text[at:])
		at += n
	}
	return at
}

// excerpt returns the line that holds the byte from, with secrets masked, and
// which of its characters stand for the bytes from … to of the text.
func (s *source) excerpt(from, to int) (line string, first, last int) {
	from = min(from, len(s.text))
	begin := bytes.LastIndexByte(s.text[:from], '\n') + 1
	end := len(s.text)
	if i := bytes.IndexByte(s.text[from:], '\n'); i >= 0 {
		end = from + i
	}

	var out []rune
	secrets := s.secrets(begin, end)
	first, last = -1, -1
	for at := begin; at < end; {
		for len(secrets) > 0 && secrets[0].to <= at {
			secrets = secrets[1:]
		}
		r, n := utf8.DecodeRune(s.text[at:end])
		show := []rune{printable(r)}
		if len(secrets) > 0 && secrets[0].from <= at {
			show, n = []rune(mask), min(secrets[0].to, end)-at
		}
		if first < 0 && from < at+n {
			first = len(out)
		}
		if last < 0 && to <= at {
			last = len(out)
		}
		out = append(out, show...)
		at += n
	}
	if first < 0 {
		first = len(out)
	}
	if last < 0 {
		last = len(out)
	}
	return clip(trimCR(out), first, max(last, first+1))
}

// secrets returns what to mask between two bytes of the text, sorted.
func (s *source) secrets(begin, end int) []span {
	var in []span
	for _, sp := range s.hidden {
		if sp.from < end && sp.to > begin {
			in = append(in, sp)
		}
	}
	slices.SortFunc(in, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	return in
}

func trimCR(line []rune) []rune {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}

// clip cuts a long line down to the part around the marked characters.
func clip(line []rune, first, last int) (string, int, int) {
	if len(line) <= maxExcerpt {
		return string(line), first, last
	}
	begin := min(max(0, first-maxExcerpt/3), len(line)-maxExcerpt)
	end := begin + maxExcerpt
	out := string(line[begin:end])
	first, last = first-begin, min(last-begin, maxExcerpt)
	if begin > 0 {
		out, first, last = "…"+out, first+1, last+1
	}
	if end < len(line) {
		out += "…"
	}
	return out, first, max(last, first+1)
}

// printable keeps control characters away from the terminal, and makes a tab
// as wide as the caret below it.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case r == '\r' || unicode.IsPrint(r):
		return r
	}
	return utf8.RuneError
}
