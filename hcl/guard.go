package hcl

import (
	"bytes"
	"fmt"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

const (
	maxFile      = 1 << 20
	maxDepth     = 100
	maxOperators = 1000
)

// guard refuses what the parser cannot take: it reads files as text and
// recurses into what is nested, and a Go program does not survive the overflow
// of its stack.
func guard(d *Diagnostics) {
	text := d.src.text
	if len(text) > maxFile {
		d.add(nil, "the file is larger than 1MiB", "a pipeline file names tables; patterns such as \"public.*\" keep it short")
		return
	}
	for _, bad := range []struct {
		at      int
		message string
	}{
		{bytes.IndexByte(text, 0), "the file holds a NUL byte"},
		{invalidUTF8(text), "the file is not UTF-8"},
	} {
		if bad.at >= 0 {
			rng := rangeAt(d.src, bad.at)
			d.add(&rng, bad.message, "a pipeline file is UTF-8 text")
			return
		}
	}
	guardDepth(d)
}

func invalidUTF8(text []byte) int {
	for at := 0; at < len(text); {
		r, n := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
	return -1
}

// rangeAt is the range of the byte at an offset.
func rangeAt(s *source, at int) hcl.Range {
	before := s.text[:at]
	line := bytes.LastIndexByte(before, '\n') + 1
	pos := hcl.Pos{Line: 1 + bytes.Count(before, []byte("\n")), Column: 1 + utf8.RuneCount(before[line:]), Byte: at}
	end := pos
	end.Column++
	end.Byte++
	return hcl.Range{Filename: s.file, Start: pos, End: end}
}

// guardDepth bounds how deep the parser recurses: into brackets and templates,
// and into the operands of operators and the branches of template directives,
// which need no bracket. A pipeline file uses none of the latter but the sign
// of a number.
func guardDepth(d *Diagnostics) {
	tokens, _ := hclsyntax.LexConfig(d.src.text, d.src.file, hcl.InitialPos)
	depth, operators := 0, 0
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenOQuote,
			hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			depth++
		case hclsyntax.TokenTemplateControl:
			depth++
			operators++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenCQuote,
			hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			depth = max(0, depth-1)
		case hclsyntax.TokenMinus, hclsyntax.TokenBang, hclsyntax.TokenQuestion, hclsyntax.TokenPlus,
			hclsyntax.TokenStar, hclsyntax.TokenSlash, hclsyntax.TokenPercent, hclsyntax.TokenAnd, hclsyntax.TokenOr,
			hclsyntax.TokenEqualOp, hclsyntax.TokenNotEqual, hclsyntax.TokenLessThan, hclsyntax.TokenLessThanEq,
			hclsyntax.TokenGreaterThan, hclsyntax.TokenGreaterThanEq:
			operators++
		}
		switch {
		case depth > maxDepth:
			d.add(&t.Range, fmt.Sprintf("nested deeper than %d levels", maxDepth), "a pipeline file needs five")
			return
		case operators > maxOperators:
			d.add(&t.Range, fmt.Sprintf("more than %d operators", maxOperators), "the values of a pipeline file are not computed")
			return
		}
	}
}
