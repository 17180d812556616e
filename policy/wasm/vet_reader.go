package wasm

import (
	"fmt"
	"unicode/utf8"
)

// reader reads a module, and never beyond the part of it that it is in. The
// first thing that is wrong stays in err; whatever is read after it is 0.
type reader struct {
	module   []byte
	at, end  int    // of what is left of the part
	section  string // that the part is of, for errors
	function int    // whose body it is, below 0 for none
	err      error
}

func (r *reader) bad(format string, args ...any) { r.fail(BadModule, format, args...) }

func (r *reader) over(format string, args ...any) { r.fail(Limit, format, args...) }

// fail notes what is wrong, and where.
func (r *reader) fail(code, format string, args ...any) {
	if r.err == nil {
		where := r.section
		if r.function >= 0 {
			where = fmt.Sprintf("function %d", r.function)
		}
		r.err = loadError(code, "%s, byte %d: %s", where, r.at, fmt.Sprintf(format, args...))
	}
	r.at = len(r.module)
}

// left is how many bytes of the part are left.
func (r *reader) left() int { return max(r.end-r.at, 0) }

// part reads the next size bytes with read, which must use them all.
func (r *reader) part(size uint32, read func()) {
	if !r.has(size) {
		return
	}
	end := r.end
	r.end = r.at + int(size)
	read()
	if r.left() > 0 {
		r.bad("%d bytes are left over", r.left())
	}
	r.end = end
}

// has says whether so many bytes are left, which is an error if not.
func (r *reader) has(size uint32) bool {
	if uint64(size) > uint64(r.left()) {
		r.bad("%d bytes should follow, and there are %d: the file may be cut off", size, r.left())
	}
	return r.err == nil
}

// count reads how many of something follow, of which each has some bytes at
// least.
func (r *reader) count(of string, most, bytes int) int {
	n := r.u32()
	switch {
	case uint64(n)*uint64(bytes) > uint64(r.left()):
		r.bad("%d %s should follow, and there are %d bytes", n, of, r.left())
	case uint64(n) > uint64(most):
		r.over("%d %s, more than %d", n, of, most)
	default:
		return int(n)
	}
	return 0
}

func (r *reader) byte() byte {
	if r.at >= r.end {
		r.bad("it ends too soon")
		return 0
	}
	r.at++
	return r.module[r.at-1]
}

func (r *reader) skip(size uint32) {
	if r.has(size) {
		r.at += int(size)
	}
}

// u32 reads a number of 32 bits.
func (r *reader) u32() uint32 {
	var n uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		if shift == 28 && b > 0x0f {
			break
		}
		n |= uint32(b&0x7f) << shift
		if b < 0x80 {
			return n
		}
	}
	r.bad("a number has more than 32 bits")
	return 0
}

// signed reads a number with a sign, of at most so many bytes.
func (r *reader) signed(most int) int64 {
	var n int64
	for shift := 0; shift < 7*most; shift += 7 {
		b := r.byte()
		n |= int64(b&0x7f) << shift
		if b < 0x80 {
			unused := max(64-7-shift, 0)
			return n << unused >> unused
		}
	}
	r.bad("a number has more than %d bytes", most)
	return 0
}

// name reads a text.
func (r *reader) name() string {
	size := r.u32()
	if !r.has(size) {
		return ""
	}
	text := r.module[r.at : r.at+int(size)]
	if !utf8.Valid(text) {
		r.bad("a name is not valid UTF-8")
		return ""
	}
	r.at += int(size)
	return string(text)
}
