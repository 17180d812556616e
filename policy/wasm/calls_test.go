package wasm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// CallCases are the modules that load, and then do what they should not, or what
// looks as if they should not. Those that propose do nothing else, those that
// score neither.
func CallCases(t testing.TB) []Case {
	cases := append(runaways(t), traps(t)...)
	cases = append(cases, pointers()...)
	cases = append(cases, answers(t)...)
	cases = append(cases, scores(t)...)
	cases = append(cases, candidates()...)
	return append(cases, worlds(t)...)
}

// runaways do not end by themselves.
func runaways(t testing.TB) []Case {
	stopped := func(row int, name, op, code, detail string, limits Limits) Case {
		return Case{Name: fmt.Sprint(row, " ", name, " ", op), Module: File(t, name), Op: op, Code: code, Detail: detail, Limits: limits}
	}
	brief := briefly(0, 150*time.Millisecond)
	return []Case{
		stopped(10, "start_slow", opPropose, Timeout, "no answer within 20ms", briefly(0, 20*time.Millisecond)),
		stopped(12, "loop", opPropose, Timeout, "no answer within 150ms", brief),
		stopped(12, "loop", opScore, Timeout, "no answer within 150ms", brief),
		stopped(12, "fill", opPropose, Timeout, "no answer within 150ms", brief),
		stopped(12, "log_flood", opPropose, Timeout, "no answer within 150ms", brief),
		stopped(12, "print_flood", opPropose, Timeout, "no answer within 150ms", brief),
		{
			Name: "12 fills memory without a loop", Module: movers(31, 50, maxMoves), Op: opPropose, Limits: brief,
			Code: Timeout, Detail: "no answer within 150ms",
		},
		stopped(13, "fib", opPropose, Timeout, "no answer within 150ms", brief),
		stopped(13, "fib", opScore, Fuel, "more than 100000 function calls", Limits{Calls: 100_000}),
		stopped(13, "doubling", opPropose, Timeout, "no answer within 150ms", brief),
		stopped(13, "doubling", opPropose, Fuel, "more than 50000 function calls", Limits{Calls: 50_000}),
	}
}

// movers has n functions, each of which fills so many MiB of memory so many times
// and calls the next one.
func movers(mib, n, moves int) []byte {
	fill := join(i32Const(0), i32Const(1), i32Const(int32(mib<<20)), op(opMore, moreMemoryFill, 0))
	return NewPuppet(func(p *Puppet) {
		p.Pages, p.Propose = uint32(mib<<20/pageSize), `{"candidates":[]}`
		p.Chain = slices.Repeat([][]byte{bytes.Repeat(fill, moves)}, n)
	})
}

// MuchMemory fills 255 MiB again and again, without a loop: the engine does not look
// at the deadline within a function, which takes some seconds.
func MuchMemory() Case {
	return Case{
		Name: "12 fills much memory without a loop", Module: movers(255, 5, maxMoves), Op: opPropose,
		Code: Timeout, Detail: "no answer within 150ms", Limits: Limits{Memory: 256 << 20, Load: time.Minute, Call: 150 * time.Millisecond, Calls: 1 << 40},
	}
}

// traps end where they must not.
func traps(t testing.TB) []Case {
	trap := func(row int, name, op, code, detail string) Case {
		return Case{Name: fmt.Sprint(row, " ", name, " ", op), Module: File(t, name), Op: op, Code: code, Detail: detail}
	}
	return []Case{
		trap(14, "recursion", opPropose, Trap, "stack overflow"),
		trap(14, "deep", opPropose, "", ""),
		{Name: "14 recursion with many values", Module: stacked(maxStack), Op: opPropose, Code: Trap, CompilerCode: Fuel},
		trap(15, "unreachable", opPropose, Trap, "unreachable"),
		trap(15, "unreachable", opScore, Trap, "unreachable"),
		trap(15, "load_beyond", opPropose, Trap, "out of bounds memory access"),
		trap(15, "divide", opPropose, Trap, "integer divide by zero"),
		trap(15, "indirect", opPropose, Trap, "indirect call type mismatch"),
		trap(16, "once", opPropose, Trap, "unreachable"),
		trap(17, "exit_0", opPropose, Exit, "it ended itself with code 0"),
		trap(17, "exit_0", opScore, Exit, "it ended itself with code 0"),
		trap(17, "exit_timeout", opPropose, Exit, "it ended itself with code 4026531839"),
		trap(17, "abort", opPropose, Trap, "abort: no  [ !, line 7 of index.t"),
		trap(17, "abort_beyond", opPropose, Trap, "abort: ?, line 7 of ?"),
		trap(18, "grow", opPropose, "", ""),
		trap(18, "grow_traps", opPropose, Trap, "out of bounds memory access"),
		trap(33, "log_beyond", opPropose, Trap, "rbt.log: the text is outside of the memory"),
		trap(32, "poll_wraps", opPropose, Trap, "index out of range"),
	}
}

// stacked has a function that has so many values on the stack, and as many locals
// as may be, when it calls itself.
func stacked(values int) []byte {
	return NewPuppet(func(p *Puppet) {
		p.Propose, p.Locals = `{"candidates":[]}`, maxLocals
		p.Chain = [][]byte{join(bytes.Repeat(op(opLocalGet, 0), values), op(opCall, puppetChain), op(opUnreachable))}
	})
}

// pointers are wrong about where something is.
func pointers() []Case {
	const end = puppetPages * pageSize
	alloc := func(name string, at uint32) Case {
		module := NewPuppet(func(p *Puppet) { p.Alloc, p.Propose = at, `{"candidates":[]}` })
		detail := fmt.Sprintf("returned %d, and the memory ends at %d", at, end)
		if at == 0 {
			detail = "returned 0: there is no room for the question"
		}
		return Case{Name: "19 rbt_alloc returns " + name, Module: module, Op: opPropose, Code: BadPointer, Detail: detail}
	}
	result := func(row int, name string, at, size uint32, code, detail string) Case {
		module := NewPuppet(func(p *Puppet) { p.Propose, p.Result = "{}", uint64(at)<<32|uint64(size) })
		return Case{Name: fmt.Sprint(row, " the answer is ", name), Module: module, Op: opPropose, Code: code, Detail: detail}
	}
	return []Case{
		alloc("0", 0),
		alloc("the end of the memory", end),
		alloc("the last byte", end-1),
		alloc("too little room", end-100),
		alloc("-1", 1<<32-1),
		result(20, "behind the memory", end, 10, BadPointer, fmt.Sprintf("10 bytes at %d, and the memory ends at %d", end, end)),
		result(20, "longer than the memory", 16, end, BadPointer, fmt.Sprintf("%d bytes at 16", end)),
		result(20, "beyond 4 GiB", 1<<32-8, 16, BadPointer, "16 bytes at 4294967288"),
		result(20, "as far away as can be", 1<<32-1, 1<<32-1, BadPointer, "4294967295 bytes at 4294967295"),
		result(20, "of 0 bytes", 16, 0, Empty, "no bytes"),
		result(20, "of 0 bytes, somewhere", 1<<32-1, 0, Empty, "no bytes"),
		result(22, "of 64 KiB and 1", 0, maxOutput+1, TooLarge, "65537 bytes, more than 65536"),
		{
			Name: "22 the answer is of 31 MiB", Op: opPropose, Code: TooLarge, Detail: "32505856 bytes, more than 65536",
			Module: NewPuppet(func(p *Puppet) { p.Pages, p.Propose, p.Result = 500, "{}", 16<<32|31<<20 }),
		},
	}
}

// answers are in the right place and say the wrong thing.
func answers(t testing.TB) []Case {
	said := func(row int, name, answer, code, detail string) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: Proposes(answer), Op: opPropose, Code: code, Detail: detail}
	}
	file := func(row int, name, op, code, detail string) Case {
		return Case{Name: fmt.Sprint(row, " ", name, " ", op), Module: File(t, name), Op: op, Code: code, Detail: detail}
	}
	return []Case{
		file(21, "echo", opPropose, BadOutput, `"candidates" is missing`),
		file(21, "echo", opScore, BadOutput, `"scores" is missing`),
		file(21, "overlap", opPropose, "", ""),
		said(22, "64 KiB and 1 of JSON", `{"candidates":[]`+strings.Repeat(" ", maxOutput-16)+"}", TooLarge, "65537 bytes, more than 65536"),
		said(22, "64 KiB of JSON", `{"candidates":[]`+strings.Repeat(" ", maxOutput-17)+"}", "", ""),
		said(23, "invalid UTF-8", "{\"candidates\":[],\"note\":\"\xff\"}", BadOutput, "not valid UTF-8"),
		said(23, "a byte order mark", "\ufeff{\"candidates\":[]}", BadOutput, "invalid character"),
		said(23, "more bytes", `{"candidates":[]}{}`, BadOutput, "something follows the answer"),
		said(23, "a NUL behind it", "{\"candidates\":[]}\x00", BadOutput, "something follows the answer"),
		said(23, "a line break behind it", "{\"candidates\":[]}\n", "", ""),
		said(23, "10 000 deep", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000), BadOutput, "nested more than 16 deep"),
		said(23, "the same name twice", `{"candidates":[],"candidates":[]}`, BadOutput, `"candidates" occurs twice`),
		said(23, "NaN", `{"candidates":[{"parallelism":NaN}]}`, BadOutput, "invalid character 'N'"),
		said(23, "Infinity", `{"candidates":[{"parallelism":Infinity}]}`, BadOutput, "invalid character 'I'"),
		said(23, "1e999", `{"candidates":[{"parallelism":1e999}]}`, BadOutput, "1e999 is too large"),
		said(23, "it breaks off", `{"candidates":[`, BadOutput, "it ends too soon"),
		said(23, "an array", `[]`, BadOutput, "not a JSON object"),
		said(23, "a name in capitals", `{"Candidates":[]}`, BadOutput, `"candidates" is missing`),
		{Name: "23 -0", Module: Proposes(`{"candidates":[{"parallelism":-0}]}`), Op: opPropose, Clamps: true},
		said(24, "an error", `{"error":{"code":"no_idea","message":"too\u001b[31m little \u202edata"}}`, PolicyError, "no_idea: too [31m little  data"),
		said(24, "a long error", `{"error":{"message":"`+strings.Repeat("é", 200)+`"}}`, PolicyError, strings.Repeat("é", 126)+"…"),
		said(24, "an error and candidates", `{"error":{},"candidates":[]}`, BadOutput, `both "error" and "candidates"`),
		{Name: "24 an error and scores", Module: Scores(`{"scores":[],"error":{}}`), Op: opScore, Code: BadOutput, Detail: `both "error" and "scores"`},
		said(24, "an error that is a text", `{"error":"no"}`, BadOutput, `"error" must be an object`),
		said(30, "a state of 16 KiB and 1", `{"candidates":[],"state":"`+strings.Repeat("s", maxState+1)+`"}`, BadOutput, `"state" has 16385 bytes, more than 16384`),
		said(30, "a state of 16 KiB", `{"candidates":[],"state":"`+strings.Repeat("s", maxState)+`"}`, "", ""),
		said(30, "a state that is no text", `{"candidates":[],"state":{}}`, BadOutput, `"state" must be a string`),
	}
}

// scores are those of a question about the candidates 0 and 1, or more.
func scores(t testing.TB) []Case {
	said := func(row int, name, scores, code, detail string) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: Scores(`{"scores":` + scores + `}`), Op: opScore, Code: code, Detail: detail}
	}
	return []Case{
		said(25, "one is missing", `[{"id":0,"value":1}]`, BadScores, "candidate 1 is not scored"),
		said(25, "all are missing", `[]`, BadScores, "candidate 0 is not scored"),
		said(25, "one is unknown", `[{"id":0,"value":1},{"id":77,"value":1}]`, BadScores, "scores[1]: candidate 77 was not asked for"),
		said(25, "one comes twice", `[{"id":0,"value":1},{"id":0,"value":1}]`, BadScores, "scores[1]: candidate 0 was not asked for, or is scored twice"),
		said(25, "one is a text", `[{"id":0,"value":"1"}]`, BadScores, `scores[0]: "value" must be a number`),
		said(25, "one is null", `[{"id":0,"value":null}]`, BadScores, `scores[0]: "value" must be a number`),
		said(25, "one is 0", `[{"id":0,"value":0}]`, BadScores, `scores[0]: "value" must be above 0`),
		said(25, "one is below 0", `[{"id":0,"value":-1}]`, BadScores, `scores[0]: "value" must be above 0`),
		said(25, "one is of a fraction", `[{"id":0.5,"value":1}]`, BadScores, `scores[0]: "id" must be a whole number`),
		said(25, "none, but null", `null`, BadOutput, `"scores" must be a list`),
		{Name: "26 all are equal", Module: File(t, "equal"), Op: opScore},
		{Name: "26 they turn over", Module: File(t, "turning"), Op: opScore},
	}
}

// candidates are proposals of which the guardrail has to say something.
func candidates() []Case {
	said := func(row int, name, candidates string) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: Proposes(`{"candidates":` + candidates + `}`), Op: opPropose}
	}
	refused := func(c Case) Case {
		c.Clamps, c.Fault = true, "bad-candidates"
		return c
	}
	clamped := func(c Case) Case {
		c.Clamps = true
		return c
	}
	var many []string
	for i := range 17 {
		many = append(many, fmt.Sprintf(`{"parallelism":%d}`, 1+i%8))
	}
	return []Case{
		refused(said(27, "an unknown knob", `[{"warp":9}]`)),
		refused(said(27, "a list for a number", `[{"parallelism":[2]}]`)),
		refused(said(27, "NaN as a text", `[{"parallelism":"NaN"}]`)),
		refused(said(27, "nothing as a text", `[{"parallelism":""}]`)),
		clamped(said(27, "an unknown knob beside a known one", `[{"warp":9,"parallelism":2}]`)),
		clamped(said(28, "below the least", `[{"parallelism":-3}]`)),
		clamped(said(28, "above the most", `[{"parallelism":1000000}]`)),
		clamped(said(28, "1e308", `[{"parallelism":1e308}]`)),
		clamped(said(28, "a fraction", `[{"parallelism":2.5}]`)),
		clamped(said(29, "17 candidates", `[`+strings.Join(many, ",")+`]`)),
		said(29, "none", `[]`),
		said(29, "the same one twice", `[{"parallelism":2},{"parallelism":2}]`),
		said(29, "the baseline", `[{}]`),
	}
}

// worlds look for something outside of them.
func worlds(t testing.TB) []Case {
	file := func(row int, name, says string) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: File(t, name), Op: opPropose, Says: says}
	}
	return []Case{
		file(31, "random", "DMPGBEPL"),
		file(32, "clock", "16c5fd597ab4cdc0"), // a million milliseconds after the first of 2022
		file(32, "sleep", ""),
		file(32, "stdin", "read 0"),
		file(33, "log", ""),
		file(33, "log_many", ""),
	}
}
