package hcl

import (
	"errors"
	"fmt"
	"strings"
)

// Pattern names tables: "public.orders" names one, "public.*" many. In a part,
// * stands for any text and ? for any one character.
// Patterns that are written differently but mean the same are ==.
type Pattern struct {
	schema, table part
}

// part is a schema or table name. It is literal if it was quoted and holds a *
// or ?, so that equal names have equal parts.
type part struct {
	text    string
	literal bool
}

const wildcards = "*?"

// ParsePattern reads schema.table. A part that holds a dot, a quote or a plain
// * or ? is SQL-quoted: public."odd.name". Case is kept. A name without a
// schema is of the schema public.
func ParsePattern(s string) (Pattern, error) { return parsePattern(s, part{text: "public"}) }

func parsePattern(s string, schema part) (Pattern, error) {
	first, rest, err := cutPart(s)
	if err != nil {
		return Pattern{}, err
	}
	if rest == "" {
		return Pattern{schema, first}, nil
	}
	second, rest, err := cutPart(rest[1:])
	if err != nil {
		return Pattern{}, err
	}
	if rest != "" {
		return Pattern{}, errors.New("a name has two parts, schema.table; a part that holds a dot is quoted")
	}
	return Pattern{first, second}, nil
}

// cutPart reads the first part of s. The rest is empty or begins with a dot.
func cutPart(s string) (p part, rest string, err error) {
	if strings.ContainsRune(s, 0) {
		return part{}, "", errors.New("a name cannot hold a NUL character")
	}
	if strings.HasPrefix(s, `"`) {
		return cutQuoted(s)
	}
	text := s
	if i := strings.IndexByte(s, '.'); i >= 0 {
		text, rest = s[:i], s[i:]
	}
	switch {
	case text == "":
		return part{}, "", errors.New("a part of the name is empty")
	case strings.Contains(text, `"`):
		return part{}, "", errors.New("a quote may only stand around a whole part")
	case strings.TrimSpace(text) != text:
		return part{}, "", errors.New("a part that begins or ends with a space is quoted")
	}
	return part{text: text}, rest, nil
}

// cutQuoted reads a part in SQL quotes, in which "" stands for one quote.
func cutQuoted(s string) (p part, rest string, err error) {
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '"' {
			text.WriteByte(s[i])
			continue
		}
		if strings.HasPrefix(s[i+1:], `"`) {
			text.WriteByte('"')
			i++
			continue
		}
		switch rest = s[i+1:]; {
		case text.Len() == 0:
			return part{}, "", errors.New("a part of the name is empty")
		case rest != "" && rest[0] != '.':
			return part{}, "", fmt.Errorf("a dot is missing after the part %s", s[:i+1])
		}
		name := text.String()
		return part{name, strings.ContainsAny(name, wildcards)}, rest, nil
	}
	return part{}, "", errors.New("a quote is not closed")
}

// Match says whether the pattern names a table.
func (p Pattern) Match(schema, table string) bool {
	return p.schema.match(schema) && p.table.match(table)
}

// HasWildcard says whether the pattern may name more than one table.
func (p Pattern) HasWildcard() bool { return p.schema.wild() || p.table.wild() }

// String writes the pattern so that ParsePattern reads the same one back.
func (p Pattern) String() string { return p.schema.String() + "." + p.table.String() }

// MarshalText implements [encoding.TextMarshaler].
func (p Pattern) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func (p part) wild() bool { return !p.literal && strings.ContainsAny(p.text, wildcards) }

func (p part) String() string {
	plain := !strings.ContainsAny(p.text, `."`) && strings.TrimSpace(p.text) == p.text
	if plain && !p.literal {
		return p.text
	}
	return `"` + strings.ReplaceAll(p.text, `"`, `""`) + `"`
}

func (p part) match(name string) bool {
	if p.literal {
		return p.text == name
	}
	return glob([]rune(p.text), []rune(name))
}

// glob matches in O(len(pattern)·len(name)): after a mismatch only the last
// star needs to take more.
func glob(pattern, name []rune) bool {
	i, star, taken := 0, -1, 0
	for j := 0; j < len(name); {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, taken = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == name[j]):
			i, j = i+1, j+1
		case star >= 0:
			taken++
			i, j = star+1, taken
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}
