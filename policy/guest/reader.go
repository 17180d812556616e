package guest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// reader reads JSON from its beginning to its end. Within a module reflection
// is slow: encoding/json takes ten times as long, for a request of twelve
// candidates most of what a call may. The host writes valid JSON, so it notices
// only what it cannot read on behind.
type reader struct {
	in   []byte
	at   int
	name []byte // of the field that field has found
	err  error
}

// fail keeps the first error, and has everything else find the end.
func (r *reader) fail(want string) {
	if r.err == nil {
		r.err = errors.New("byte " + strconv.Itoa(r.at) + " should be " + want)
	}
	r.at = len(r.in)
}

// next is the next byte that is no white space; 0 at the end.
func (r *reader) next() byte {
	for ; r.at < len(r.in); r.at++ {
		if c := r.in[r.at]; c > ' ' {
			return c
		}
	}
	return 0
}

// open begins an object or a list, and says whether there is one: null is none.
func (r *reader) open(bracket byte) bool {
	switch r.next() {
	case bracket:
		r.at++
		return true
	case 'n':
		r.word("null")
	default:
		r.fail(string(bracket))
	}
	return false
}

// field goes to the next field of an object, and says whether there is one.
func (r *reader) field() bool {
	if !r.element('}') {
		return false
	}
	r.name = r.quoted()
	if r.next() != ':' {
		r.fail(":")
		return false
	}
	r.at++
	return true
}

// element goes to the next element of a list that ends with that bracket, and
// says whether there is one.
func (r *reader) element(bracket byte) bool {
	c := r.next()
	if c == ',' {
		r.at++
		c = r.next()
	}
	if c == bracket {
		r.at++
		return false
	}
	if c == 0 {
		r.fail(string(bracket))
		return false
	}
	return true
}

// quoted is what is between quotes, with its escapes undone.
func (r *reader) quoted() []byte {
	if r.next() != '"' {
		r.fail(`"`)
		return nil
	}
	from := r.at + 1
	length := bytes.IndexByte(r.in[from:], '"')
	if length < 0 {
		r.fail(`"`)
		return nil
	}
	plain := r.in[from : from+length]
	if bytes.IndexByte(plain, '\\') < 0 {
		r.at = from + length + 1
		return plain
	}
	return r.escaped()
}

// escaped is the same where there are escapes, which are rare.
func (r *reader) escaped() []byte {
	from := r.at
	for r.at++; r.at < len(r.in) && r.in[r.at] != '"'; r.at++ {
		if r.in[r.at] == '\\' {
			r.at++
		}
	}
	r.at = min(r.at+1, len(r.in))
	var s string
	if err := json.Unmarshal(r.in[from:r.at], &s); err != nil {
		r.fail("a text")
	}
	return []byte(s)
}

// text is a text.
func (r *reader) text() string { return string(r.quoted()) }

// word passes over true, false or null.
func (r *reader) word(word string) {
	if !bytes.HasPrefix(r.in[r.at:], []byte(word)) {
		r.fail(word)
		return
	}
	r.at += len(word)
}

// integer is a whole number.
func (r *reader) integer() int64 {
	r.next()
	from, n := r.at, int64(0)
	if r.at < len(r.in) && r.in[r.at] == '-' {
		r.at++
	}
	digits := r.at
	for ; r.at < len(r.in); r.at++ {
		d := r.in[r.at] - '0'
		if d > 9 {
			break
		}
		n = 10*n + int64(d)
	}
	switch {
	case r.at == digits || r.at-digits > 18 || r.more():
		return r.wide(from)
	case digits > from:
		return -n
	}
	return n
}

// more says whether a number goes on behind its whole part.
func (r *reader) more() bool {
	return r.at < len(r.in) && (r.in[r.at] == '.' || r.in[r.at]|0x20 == 'e')
}

// wide is a whole number of as many digits as there can be.
func (r *reader) wide(from int) int64 {
	n, err := strconv.ParseInt(string(r.number(from)), 10, 64)
	if err != nil {
		r.at = from
		r.fail("a whole number")
	}
	return n
}

// number is the text of a number that begins there.
func (r *reader) number(from int) []byte {
	for r.at = from; r.at < len(r.in); r.at++ {
		switch c := r.in[r.at]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c|0x20 == 'e':
		default:
			return r.in[from:r.at]
		}
	}
	return r.in[from:]
}

// tens are powers of ten that a float64 holds exactly, as it does every whole
// number up to exact: a quotient of the two is rounded once, as it has to be.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

const exact = 1 << 53

// float is any number.
func (r *reader) float() float64 {
	r.next()
	from, n, digits, point := r.at, uint64(0), 0, -1
	for ; r.at < len(r.in); r.at++ {
		d := r.in[r.at] - '0'
		if d <= 9 {
			n = 10*n + uint64(d)
			digits++
		} else if r.in[r.at] == '.' && point < 0 {
			point = digits
		} else {
			break
		}
	}
	if digits == 0 || digits > 19 || n > exact || r.more() {
		return r.anyFloat(from)
	}
	if point < 0 {
		return float64(n)
	}
	return float64(n) / tens[digits-point]
}

// anyFloat is a number that takes more care: one with an exponent, a sign or
// many digits.
func (r *reader) anyFloat(from int) float64 {
	f, err := strconv.ParseFloat(string(r.number(from)), 64)
	if err != nil {
		r.at = from
		r.fail("a number")
	}
	return f
}

// skip passes over any value, and raw is its text.
func (r *reader) skip() {
	switch c := r.next(); c {
	case '{':
		for r.open('{'); r.field(); {
			r.skip()
		}
	case '[':
		for r.open('['); r.element(']'); {
			r.skip()
		}
	case '"':
		r.quoted()
	case 't':
		r.word("true")
	case 'f':
		r.word("false")
	case 'n':
		r.word("null")
	default:
		r.float()
	}
}

func (r *reader) raw() json.RawMessage {
	r.next()
	from := r.at
	r.skip()
	return json.RawMessage(r.in[from:r.at])
}
