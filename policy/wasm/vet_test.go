package wasm

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// everything is a module with some of all that a module may have. It is valid.
func everything() *builder {
	b := &builder{}
	nothing := b.signature(nil, nil)
	number := b.signature(types(i32), types(i32))
	numbers := b.signature(types(i32, i64), types(i64, i32))
	log := b.importFunction(importLog, "log", b.signature(types(i32, i32, i32), nil))
	b.memory(bounds(1, 2))
	b.table(bounds(2, 3))
	b.global(i32, i32Const(-70_000))
	b.global(i64, i64Const(1<<40))
	b.global(0x7d, join([]byte{opF32Const}, make([]byte, 4)))
	b.global(0x7c, join([]byte{opF64Const}, make([]byte, 8)))
	b.data(8, []byte("hello"))
	second := b.passiveData([]byte("world"))
	b.countData()

	started := b.function(nothing, nil, i32Const(8), i32Const(0), i32Const(5), op(opMore, moreMemoryInit, second, 0), op(opMore, moreDataDrop, second))
	b.start(started)
	get, zero := op(opLocalGet, 0), i32Const(0)
	control := b.function(number, [][]byte{locals(2, i32), locals(1, i64)},
		op(opBlock), sleb(-64), op(opLoop), sleb(-64), get, op(opIf), sleb(-64), get, op(opBrIf, 2), op(opElse), op(opNop), op(opEnd),
		get, op(opBrTable, 2, 0, 1, 1), op(opEnd), op(opEnd),
		op(opBlock), sleb(-1), get, op(opLocalTee, 1), op(opBr, 0), op(opEnd), op(opReturn))
	b.function(numbers, nil,
		get, op(opLocalGet, 1), op(opLoop), sleb(int64(numbers)), op(opDrop), op(opI32Eqz), op(opLocalSet, 0),
		op(opLocalGet, 1), get, get, op(opBrIf, 1), op(opEnd))
	b.function(number, nil,
		zero, zero, zero, op(opCall, log),
		op(opMemorySize, 0), op(opMemoryGrow, 0), op(opI32Load, 2, 1<<20), zero, op(opGlobalGet, 0), op(opSelect), op(opGlobalSet, 0),
		i64Const(-1), op(opI64Extend32), op(opDrop),
		join([]byte{opF32Const}, make([]byte, 4)), op(opMore, moreTruncate-7), op(opDrop),
		zero, zero, zero, op(opMore, moreMemoryCopy, 0, 0), zero, zero, zero, op(opMore, moreMemoryFill, 0),
		get, zero, op(opCallIndirect, number, 0))
	b.elements(1, control)
	b.export(exportMemory, kindMemory, 0)
	b.export("table", kindTable, 0)
	b.export("global", kindGlobal, 0)
	b.export("control", kindFunction, control)
	return b
}

// TestVet holds that a module stays as it is, but for custom sections.
func TestVet(t *testing.T) {
	plain := everything().bytes()
	names := vector(join(uleb(0), text("log")), join(uleb(2), text("control")))
	full := everything()
	full.custom("producers", []byte("a compiler"))
	full.custom("name", []byte{0}, sized(text("module")), []byte{functionNames}, sized(names), []byte{2}, sized(vector()))
	full.custom(".debug_info", make([]byte, 1000))
	named := join(plain, section(customSection, text("name"), []byte{functionNames}, sized(names)))
	long := []byte{typeSection, 0x85, 0x80, 0x80, 0x80, 0x00, 0x80, 0x80, 0x80, 0x80, 0x00}
	nameless := everything()
	nameless.custom("name", []byte{0}, sized(text("module")))

	for _, tc := range []struct {
		name         string
		module, want []byte
	}{
		{"plain", plain, plain},
		{"with custom sections", full.bytes(), named},
		{"once more", named, named},
		{"no names of functions", nameless.bytes(), plain},
		{"custom section in front", module(section(customSection, text("first")), plain[len(preamble):]), plain},
		{"nothing in it", module(), module()},
		{"long numbers", module(long), module(long)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Vet(tc.module)
			if err != nil || !bytes.Equal(got, tc.want) {
				t.Fatalf("error %v\ngot  %q\nwant %q", err, got, tc.want)
			}
			if err := tryModule(t, got); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestVetLeavesTheModule holds that what is returned is not what was given.
func TestVetLeavesTheModule(t *testing.T) {
	given := everything().bytes()
	before := slices.Clone(given)
	got, err := Vet(given)
	if err != nil {
		t.Fatal(err)
	}
	clear(got)
	if !bytes.Equal(given, before) {
		t.Error("a change of the result changes the module")
	}
}

// bomb is a module which says that 4 000 000 000 of something follow.
type bomb struct {
	module    []byte
	where, of string
}

func bombs() []bomb {
	many := uleb(4_000_000_000)
	constant := join(i32Const(0), []byte{opEnd})
	one := uleb(1)
	code := func(content ...[]byte) []byte {
		return module(section(typeSection, vector([]byte{0x60, 0, 0})), section(functionSection, vector(uleb(0))), section(codeSection, one, join(content...)))
	}
	names := func(content ...[]byte) []byte {
		return module(section(customSection, text("name"), []byte{functionNames}, join(content...)))
	}
	return []bomb{
		{module([]byte{typeSection}, many), "type section", "bytes"},
		{module(section(typeSection, many)), "type section", "types"},
		{module(section(typeSection, one, []byte{0x60}, many)), "type section", "parameters of a type"},
		{module(section(typeSection, one, []byte{0x60, 0}, many)), "type section", "results of a type"},
		{module(section(importSection, many)), "import section", "imports"},
		{module(section(importSection, one, many)), "import section", "bytes"},
		{module(section(functionSection, many)), "function section", "functions"},
		{module(section(tableSection, many)), "table section", "tables"},
		{module(section(memorySection, many)), "memory section", "memories"},
		{module(section(globalSection, many)), "global section", "globals"},
		{module(section(exportSection, many)), "export section", "exports"},
		{module(section(exportSection, one, many)), "export section", "bytes"},
		{module(section(elementSection, many)), "element section", "element segments"},
		{module(section(elementSection, one, uleb(0), constant, many)), "element section", "elements"},
		{module(section(codeSection, many)), "code section", "function bodies"},
		{code(many), "function 0", "bytes"},
		{code(sized(many)), "function 0", "groups of locals"},
		{code(sized(uleb(0), []byte{opBrTable}, many)), "function 0", "targets of a branch"},
		{module(section(dataSection, many)), "data section", "data segments"},
		{module(section(dataSection, one, uleb(1), many)), "data section", "bytes"},
		{module(section(customSection, many)), "custom section", "bytes"},
		{names(many), "custom section", "bytes"},
		{names(sized(many)), "custom section", "names of functions"},
		{names(sized(one, uleb(0), many)), "custom section", "bytes"},
	}
}

func TestVetRefusesBombs(t *testing.T) {
	for _, b := range bombs() {
		err := refuse(t, b.module, BadModule)
		if !strings.HasPrefix(err, b.where+", byte ") || !strings.Contains(err, ": 4000000000 "+b.of+" should follow, and there are ") {
			t.Errorf("%q: %s", b.module, err)
		}
	}
}

func TestVetRefuses(t *testing.T) {
	x := func(id byte, content ...[]byte) []byte { return module(section(id, content...)) }
	f := func(body ...[]byte) []byte {
		b := &builder{}
		b.function(b.signature(nil, nil), nil, body...)
		return b.bytes()
	}
	typed := section(typeSection, vector([]byte{0x60, 0, 0}))
	imported := func(kind byte, rest ...byte) []byte {
		return module(typed, section(importSection, vector(join(text("env"), text("its\x1b[2Jname"), []byte{kind}, rest))))
	}
	constant := join(i32Const(0), []byte{opEnd})
	for _, tc := range []struct {
		module       []byte
		reason, want string
	}{
		// what is no module
		{nil, BadModule, "the module is empty"},
		{[]byte("\x00asm\x01"), BadModule, "the module ends after 5 bytes: the download or the copy may have failed"},
		{[]byte("\x00asm\x02\x00\x00\x00"), BadModule, "the module is of version 2 of the binary format; it must be 1"},
		{[]byte("\x00asm\x0d\x00\x01\x00\x00"), BadModule, "this is a component, not a module: compile to a core module"},
		{[]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00"), BadModule, "this is no module, it looks like gzip: unpack it first"},
		{[]byte("PK\x03\x04..............."), BadModule, "this is no module, it looks like a zip archive: unpack it first"},
		{[]byte("\n<!DOCTYPE html><html>"), BadModule, "this is no module, it looks like HTML or XML: the download may have failed"},
		{[]byte("\xef\xbb\xbf(module\n"), BadModule, "this is no module, it looks like WebAssembly text: compile it, for example with wat2wasm"},
		{[]byte("version https://git-lfs.github.com/spec/v1"), BadModule, "this is no module, it looks like a pointer of Git LFS: fetch the file with git lfs pull"},
		{[]byte("\x7fELF\x02\x01\x01\x00"), BadModule, "this is no module, it looks like a program for Linux: compile for WebAssembly"},
		{[]byte("hello, world"), BadModule, `this is no module: it begins with "hello, w", and must with "\x00asm\x01\x00\x00\x00"`},
		{make([]byte, maxModule+1), Limit, "the module has 8388609 bytes, more than 8388608"},

		// sections
		{module([]byte{typeSection}), BadModule, "type section, byte 9: it ends too soon"},
		{module([]byte{14, 0}), BadModule, "module, byte 9: section 14, which does not exist"},
		{module([]byte{tagSection, 0}), BadModule, "module, byte 9: a tag section: exceptions are not supported, compile without them"},
		{module(typed, typed), BadModule, "module, byte 15: the type section must not follow the type section"},
		{module(section(dataSection, vector()), section(codeSection, vector())), BadModule, "module, byte 12: the code section must not follow the data section"},
		{module(section(codeSection, vector()), section(dataCountSection, uleb(0))), BadModule, "module, byte 12: the data count section must not follow the code section"},
		{x(typeSection, vector(), []byte{0}), BadModule, "type section, byte 11: 1 bytes are left over"},
		{x(typeSection), BadModule, "type section, byte 10: it ends too soon"},
		{module([]byte{typeSection, 0x80, 0x80, 0x80, 0x80, 0x10}), BadModule, "type section, byte 14: a number has more than 32 bits"},
		{module([]byte{typeSection, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}), BadModule, "type section, byte 14: a number has more than 32 bits"},

		// types, functions, imports and exports
		{x(typeSection, uleb(1), []byte{0x5f, 0, 0}), BadModule, "type section, byte 12: type 0 is of form 0x5f: there may only be functions, compile without garbage collection"},
		{x(typeSection, uleb(1), []byte{0x60, 1, 0x7b, 0}), BadModule, "type section, byte 14: a value of type 0x7b: there are only i32, i64, f32 and f64, compile without SIMD and reference types"},
		{x(typeSection, vector(slices.Repeat([][]byte{{0x60, 0, 0}}, maxTypes+1)...)), Limit, "type section, byte 13: 1001 types, more than 1000"},
		{x(typeSection, uleb(1), []byte{0x60}, vector(each(make([]byte, 65))...), uleb(0)), Limit, "type section, byte 13: 65 parameters of a type, more than 64"},
		{x(typeSection, uleb(1), []byte{0x60, 0}, vector(each(make([]byte, 9))...)), Limit, "type section, byte 14: 9 results of a type, more than 8"},
		{module(typed, section(functionSection, vector(uleb(1)))), BadModule, "function section, byte 18: type 1 of 1"},
		{module(typed, section(functionSection, vector(slices.Repeat([][]byte{{0}}, maxFunctions+1)...))), Limit, "function section, byte 21: 20001 functions, more than 20000"},
		{imported(kindMemory, 0, 1), BadImport, "import section, byte 34: the module imports the memory env.its [2Jname, and it must have its own"},
		{imported(kindTable, 0x70, 0, 1), BadImport, "import section, byte 34: the module imports the table env."},
		{imported(kindGlobal, i32, 0), BadImport, "import section, byte 34: the module imports the global env."},
		{imported(kindTag, 0, 0), BadImport, "import section, byte 34: the module imports the tag env."},
		{imported(9, 0), BadModule, "import section, byte 34: an import of kind 9"},
		{imported(kindFunction, 1), BadModule, "import section, byte 35: type 1 of 1"},
		{x(importSection, vector(slices.Repeat([][]byte{make([]byte, 4)}, maxImports+1)...)), Limit, "import section, byte 12: 65 imports, more than 64"},
		{x(exportSection, vector(join(text("\xff"), []byte{0, 0}))), BadModule, "export section, byte 12: a name is not valid UTF-8"},
		{x(exportSection, vector([]byte{0, kindTag, 0})), BadModule, "export section, byte 13: an export of kind 4"},
		{x(exportSection, vector(slices.Repeat([][]byte{{0, 0, 0}}, maxExports+1)...)), Limit, "export section, byte 13: 1001 exports, more than 1000"},

		// tables, memories, globals, elements and data
		{x(tableSection, vector(join([]byte{0x70}, bounds(1<<27)))), Limit, "table section, byte 17: a table of 134217728 elements, more than 65536"},
		{x(tableSection, vector(join([]byte{0x70}, bounds(1, 1<<27)))), Limit, "table section, byte 18: a table of 134217728 elements, more than 65536"},
		{x(tableSection, vector(slices.Repeat([][]byte{{0x70, 0, 1}}, 4)...)), Limit, "table section, byte 11: 4 tables, more than 1"},
		{x(tableSection, vector([]byte{0x6f, 0, 1})), BadModule, "table section, byte 12: a table of type 0x6f: there may only be functions in it, compile without reference types"},
		{x(tableSection, vector([]byte{0x70, 3, 1, 1})), BadModule, "table section, byte 13: a table with flags 0x03: it can neither be shared nor have 64 bits, compile without threads and memory64"},
		{x(memorySection, vector(bounds(1), bounds(1))), Limit, "memory section, byte 11: 2 memories, more than 1"},
		{x(memorySection, vector(bounds(65_537))), Limit, "memory section, byte 15: a memory of 65537 pages, more than 65536"},
		{x(memorySection, vector(bounds(1, 65_537))), Limit, "memory section, byte 16: a memory of 65537 pages, more than 65536"},
		{x(memorySection, vector([]byte{4, 1})), BadModule, "memory section, byte 12: a memory with flags 0x04: it can neither be shared nor have 64 bits, compile without threads and memory64"},
		{x(globalSection, vector(join([]byte{0x70, 0, 0xd0, 0x70, opEnd}))), BadModule, "global section, byte 12: a value of type 0x70"},
		{x(globalSection, vector(join([]byte{i32, 0}, op(opGlobalGet, 0), []byte{opEnd}))), BadModule, "global section, byte 14: instruction 0x23 where a constant is needed"},
		{x(globalSection, vector(join([]byte{i32, 0}, i32Const(1), i32Const(1), []byte{0x6a, opEnd}))), BadModule, "global section, byte 16: instruction 0x41 behind a constant"},
		{x(globalSection, vector(join([]byte{i64, 0, opI64Const}, bytes.Repeat([]byte{0x80}, 10), []byte{0, opEnd}))), BadModule, "global section, byte 24: a number has more than 10 bytes"},
		{x(globalSection, vector(slices.Repeat([][]byte{join([]byte{i32, 0}, constant)}, maxGlobals+1)...)), Limit, "global section, byte 14: 10001 globals, more than 10000"},
		{x(elementSection, vector(join([]byte{1, 0, 0, 0, 0}))), BadModule, "element section, byte 12: element segment 0 is of kind 1: there may only be those of kind 0, compile without reference types"},
		{x(elementSection, vector(slices.Repeat([][]byte{join(uleb(0), constant, vector())}, maxSegments+1)...)), Limit, "element section, byte 13: 1001 element segments, more than 1000"},
		{x(elementSection, vector(join(uleb(0), constant, uleb(maxElements+1), make([]byte, maxElements+1)))), Limit, "element section, byte 20: 65537 elements, more than 65536"},
		{x(elementSection, vector(join(uleb(0), constant, uleb(maxElements), make([]byte, maxElements)), join(uleb(0), constant, vector(uleb(0))))), Limit,
			"element section, byte 65561: 65537 elements in all segments, more than 65536"},
		{x(dataSection, vector([]byte{3, 0})), BadModule, "data section, byte 12: data segment 0 is of kind 3"},
		{x(dataSection, vector(slices.Repeat([][]byte{{1, 0}}, maxDataSegments+1)...)), Limit, "data section, byte 15: 100001 data segments, more than 100000"},

		// code
		{module(typed, section(functionSection, vector(uleb(0))), section(codeSection, vector())), BadModule, "code section, byte 21: 0 function bodies for 1 functions"},
		{f(op(opEnd)), BadModule, "function 0, byte 24: 1 bytes are left over"},
		{f(op(opElse)), BadModule, "function 0, byte 24: an else without an if"},
		{f(op(opBlock), sleb(-64)), BadModule, "function 0, byte 26: it ends too soon"},
		{f(op(opBlock), sleb(1)), BadModule, "function 0, byte 25: a block of type 1"},
		{f(op(opBlock), sleb(-5)), BadModule, "function 0, byte 25: a block of type -5"},
		{f(op(0xfd, 12), make([]byte, 16)), BadModule, "function 0, byte 24: instruction 0xfd, which rbt does not support: compile without SIMD"},
		{f(op(0xfe, 0)), BadModule, "function 0, byte 24: instruction 0xfe, which rbt does not support: compile without threads"},
		{f(op(0x12, 0)), BadModule, "function 0, byte 24: instruction 0x12, which rbt does not support: compile without tail calls"},
		{f(op(0x1f)), BadModule, "function 0, byte 24: instruction 0x1f, which rbt does not support: compile without exceptions"},
		{f(op(0xd0, 0x70)), BadModule, "function 0, byte 24: instruction 0xd0, which rbt does not support: compile without reference types"},
		{f(op(opMore, 15, 0)), BadModule, "function 0, byte 25: instruction 0xfc 0x0f, which rbt does not support: compile without reference types"},
		{f(op(opMore, 0x8a), []byte{0, 0, 0}), BadModule, "function 0, byte 25: instruction 0xfc 0x8a"}, // the engine reads it as 0x0a here and as 0x8a there
		{f(make([]byte, maxBody)), Limit, "function 0, byte 26: a body of 262146 bytes, more than 262144"},
		{f(bytes.Repeat([]byte{opBlock, 0x40}, 120_000), bytes.Repeat([]byte{opEnd}, 120_000)), Limit, "function 0, byte 26: a body of 360002 bytes, more than 262144"},
		{f(bytes.Repeat([]byte{opBlock, 0x40}, maxNesting)), Limit, "function 0, byte 8025: blocks are nested more than 4000 deep"},
		{f(bytes.Repeat(op(opLocalTee, 0), maxOperationsOfOne/2)), Limit, "function 0, byte 200028: 200003 operations in one function, more than 200000"},
		{f(bytes.Repeat(op(opMore, moreMemoryFill, 0), maxMoves+1)), Limit, "function 0, byte 329: 101 instructions in one function fill or copy memory, more than 100"},
		{f(bytes.Repeat(op(opMore, moreMemoryCopy, 0, 0), maxMoves+1)), Limit, "function 0, byte 430: 101 instructions in one function fill"},
		{f(bytes.Repeat(op(opMore, moreMemoryInit, 0, 0), maxMoves+1)), Limit, "function 0, byte 430: 101 instructions in one function fill"},
	} {
		if err := refuse(t, tc.module, tc.reason); !strings.HasPrefix(err, tc.want) {
			t.Errorf("got  %s: %s\nwant %s: %s", tc.reason, err, tc.reason, tc.want)
		}
	}
}

// refuse vets a module that must be refused and returns why it was.
func refuse(t *testing.T, module []byte, reason string) string {
	t.Helper()
	got, err := Vet(module)
	var e *Error
	if !errors.As(err, &e) || got != nil {
		t.Errorf("%d bytes and the error %v for %.100q", len(got), err, module)
		return ""
	}
	if e.Op != opLoad || e.Reason != reason || e.Seq != 0 || e.Error() != fmt.Sprintf("load: %s: %s", reason, e.Detail) {
		t.Errorf("got %+v, want %s", e, reason)
	}
	return e.Detail
}

// TestVetLocals shows the limits of locals.
func TestVetLocals(t *testing.T) {
	branches := func(n int) []byte { return bytes.Repeat([]byte{opLoop, 0x40, opEnd}, n) }
	for _, tc := range []struct {
		name   string
		locals [][]byte
		body   []byte
		want   string // of the error, none where it is empty
	}{
		{"most", [][]byte{locals(400, i32), locals(600, i64)}, nil, ""},
		{"4 000 000 000", [][]byte{locals(4_000_000_000, i64)}, nil, "4000000000 locals, more than 1000"},
		{"more than 32 bits", [][]byte{locals(1<<31, i64), locals(1<<31, i64)}, nil, "4294967296 locals, more than 1000"},
		{"of groups", slices.Repeat([][]byte{locals(0, i64)}, 1001), nil, "1001 groups of locals, more than 1000"},
		{"of no type", [][]byte{locals(1, 0)}, nil, "a value of type 0x00"},
		{"2 000 and branches", [][]byte{locals(2000, i32)}, branches(2000), "2000 locals, more than 1000"},
		{"most branches", [][]byte{locals(1000, i32)}, branches(499), ""},
		{"too many branches", [][]byte{locals(1000, i32)}, branches(500), "1001 locals times 500 branches are 500500, more than 500000"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &builder{}
			b.function(b.signature(types(i32), nil), tc.locals, tc.body)
			got, err := Vet(b.bytes())
			if tc.want == "" {
				if err != nil || tryModule(t, got) != nil {
					t.Error(err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

// TestVetTruncated cuts a module everywhere. What is left must be refused, or
// be of no harm.
func TestVetTruncated(t *testing.T) {
	full := everything()
	full.names("log", "started", "control")
	whole := full.bytes()
	for n := range whole {
		got, err := Vet(whole[:n])
		if err == nil {
			_ = tryModule(t, got) // it may be valid, where a section ends
			continue
		}
		if e := new(Error); !errors.As(err, &e) || e.Reason != BadModule {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestVetInstructions holds that those instructions are accepted that the engine
// knows, with the same numbers behind them. It knows some about tables too, which
// are of use with reference types only, and reads a second byte that is a longer
// number in two ways.
func TestVetInstructions(t *testing.T) {
	try := func(instruction ...byte) {
		b := &builder{}
		nothing := b.signature(nil, nil)
		b.memory(bounds(1))
		b.table(bounds(1))
		b.global(i32, i32Const(0))
		b.passiveData(nil)
		b.countData()
		// Behind it are zeros: its numbers, and unreachable as often as is left.
		body := join(op(opUnreachable), instruction, make([]byte, 20))
		if slices.Contains([]byte{opBlock, opLoop, opIf}, instruction[0]) {
			body = append(body, opEnd)
		}
		b.function(nothing, [][]byte{locals(1, i32)}, body)
		b.elements(0, 0)
		_, err := Vet(b.bytes())
		p := newPolicy(nil, Options{})
		defer p.Close()
		if known := p.compile(t.Context(), b.bytes()); (err == nil) != (known == nil) {
			t.Errorf("%#x: vetted with %v, compiled with %v", instruction, err, known)
		}
	}
	for code := range 256 {
		if code != opMore {
			try(byte(code))
		}
		if code <= moreMemoryFill || code > 0x0e && code < 0x80 {
			try(opMore, byte(code))
		}
	}
}

// TestOutline holds what is known of a module before it is compiled.
func TestOutline(t *testing.T) {
	v, err := vet(File(t, "kind_global"))
	if err != nil {
		t.Fatal(err)
	}
	if o := v.outline; o.functions != 4 || o.pages != 6 || len(o.exports) != 6 || o.exports["rbt_score"] != kindGlobal || o.exports["memory"] != kindMemory {
		t.Errorf("got %+v", o)
	}
}
