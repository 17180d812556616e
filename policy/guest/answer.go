package guest

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/rapidbyte/rbt/policy"
)

// Answers are written as encoding/json would write them, to the byte, but that
// there is an empty list or object where it would write null.

func appendProposal(b []byte, p policy.Proposal) []byte {
	b = append(b, `{"candidates":[`...)
	for i, c := range p.Candidates {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSetting(b, c)
	}
	b = append(b, ']')
	if p.Note != "" {
		b = appendString(append(b, `,"note":`...), p.Note)
	}
	if p.State != "" {
		b = appendString(append(b, `,"state":`...), p.State)
	}
	return append(b, '}')
}

func appendSetting(b []byte, s policy.Setting) []byte {
	b = append(b, '{')
	for i, name := range s.Names() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, name), ':')
		if v := s[name]; v.Name != "" {
			b = appendString(b, v.Name)
		} else {
			b = strconv.AppendInt(b, v.Int, 10)
		}
	}
	return append(b, '}')
}

func appendScores(b []byte, all policy.Scores) []byte {
	b = append(b, `{"scores":[`...)
	for i, s := range all.Scores {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"id":`...), int64(s.ID), 10)
		b = appendFloat(append(b, `,"value":`...), s.Value)
		b = appendFloat(append(b, `,"stderr":`...), s.StdErr)
		for j, tie := range s.Ties {
			if j == 0 {
				b = append(b, `,"ties":[`...)
			} else {
				b = append(b, ',')
			}
			b = appendFloat(b, tie)
		}
		if len(s.Ties) > 0 {
			b = append(b, ']')
		}
		b = append(b, '}')
	}
	return append(b, `]}`...)
}

// appendFloat writes a number as JavaScript does: with an exponent only where
// it is very large or very small.
func appendFloat(b []byte, f float64) []byte {
	size := math.Abs(f)
	if size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(b, f, 'f', -1, 64)
	}
	b = strconv.AppendFloat(b, f, 'e', -1, 64)
	if n := len(b); n >= 4 && b[n-4] == 'e' && b[n-3] == '-' && b[n-2] == '0' { // e-09
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	return b
}

// appendString writes a text between quotes.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // a text can always be written
			return append(b, text...)
		}
	}
	b = append(append(b, '"'), s...)
	return append(b, '"')
}

// noNumber is the candidate, if there is one, whose score JSON cannot hold.
func noNumber(all policy.Scores) (id int, found bool) {
	for _, s := range all.Scores {
		for _, f := range append([]float64{s.Value, s.StdErr}, s.Ties...) {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return s.ID, true
			}
		}
	}
	return 0, false
}
