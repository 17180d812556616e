package wasm

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Case is a module that does one thing, mostly a wrong one, and what becomes of
// it.
type Case struct {
	Name   string // "12 loop": the row of the table of hostile modules, and what it does
	Module []byte
	Op     string // that does it; "load" where it cannot be used at all
	// Code is that of the error; empty where what the module does is allowed.
	Code string
	// CompilerCode is the same where the compiler finds it in another way.
	CompilerCode string
	Detail       string // a part of the error's
	Limits       Limits // of a call that is to run into them
	// Says is a part of the answer's note.
	Says string
	// Config is the policy's in a run.
	Config string
	// Fault is what a run says of an answer that may be given and cannot be used.
	Fault string
	// Clamps says that a run changes what the module proposes.
	Clamps bool
}

// File is a module of testdata/hostile.
func File(t testing.TB, name string) []byte {
	t.Helper()
	module, err := os.ReadFile(filepath.Join("testdata", "hostile", name+".wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// briefly is for a module that shall run into its time, and not into how many
// calls it may make.
func briefly(load, call time.Duration) Limits { return Limits{Load: load, Call: call, Calls: 1 << 40} }

// LoadCases are the modules that cannot be loaded.
func LoadCases(t testing.TB) []Case {
	file := func(row int, name, code, detail string) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: File(t, name), Op: opLoad, Code: code, Detail: detail}
	}
	inFirstCall := func(c Case) Case {
		c.Op, c.Limits = opDescribe, briefly(500*time.Millisecond, 0)
		return c
	}
	given := func(row int, name, op, code, detail string, module []byte) Case {
		return Case{Name: fmt.Sprint(row, " ", name), Module: module, Op: op, Code: code, Detail: detail}
	}
	good := File(t, "good")
	speaks := func(version uint32) []byte {
		return NewPuppet(func(p *Puppet) { p.ABI, p.Propose = version, "{}" })
	}
	describes := func(text string) []byte {
		return NewPuppet(func(p *Puppet) { p.Describe, p.Propose = text, "{}" })
	}
	cases := []Case{
		given(1, "nothing", opLoad, BadModule, "empty", nil),
		given(1, "a web page", opLoad, BadModule, "HTML", []byte("<!DOCTYPE html><title>404</title>")),
		given(1, "gzip", opLoad, BadModule, "gzip", []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03")),
		given(1, "a component", opLoad, BadModule, "component", []byte("\x00asm\x0d\x00\x01\x00")),
		given(1, "too large", opLoad, Limit, "8388609 bytes", append(bytes.Clone(good), make([]byte, maxModule+1-len(good))...)),
		given(2, "4000000000 parameters", opLoad, BadModule, "type section", module(section(typeSection, uleb(1), []byte{0x60}, uleb(4_000_000_000)))),
		given(2, "4000000000 locals", opLoad, Limit, "4000000000 locals", manyLocals(4_000_000_000)),
		file(3, "table_huge", Limit, "134217728 elements"),
		file(3, "tables_four", Limit, "4 tables"),
		file(3, "table_grow", BadModule, ""),
		file(4, "memory_huge", Limit, "4GiB of memory"),
		file(4, "memory_large", Limit, "more than 32MiB"),
		file(4, "memory_hidden", MissingExport, `"memory"`),
		file(4, "memory_none", MissingExport, `"memory"`),
		given(5, "nested blocks", opLoad, Limit, "", nestedBlocks(120_000)),
		given(12, "fills memory 101 times in a row", opLoad, Limit, "101 instructions in one function fill or copy memory", movers(31, 1, maxMoves+1)),
		given(14, "recursion with 130000 values", opLoad, Limit, "130000 values on the stack of one function", stacked(130_000)),
		file(6, "import_module", BadImport, "host.now, which rbt does not have"),
		file(6, "import_name", BadImport, "wasi_snapshot_preview1.path_open, which rbt does not have: a policy reaches no files"),
		file(6, "import_socket", BadImport, "wasi_snapshot_preview1.sock_accept"),
		file(6, "import_type", BadImport, "rbt.log as (i32, i32) -> (); it is (i32, i32, i32) -> ()"),
		file(6, "import_memory", BadImport, "the memory env.memory"),
		file(6, "import_table", BadImport, "the table env.__indirect_function_table"),
		file(6, "import_global", BadImport, "the global rbt.log"),
		file(7, "no_alloc", MissingExport, "does not export rbt_alloc"),
		file(7, "no_half", MissingExport, "exports neither rbt_propose nor rbt_score"),
		file(7, "program", MissingExport, "a program with _start, not a policy"),
		file(8, "params", BadSignature, "rbt_alloc as (i32, i32) -> i32; it must be (i32) -> i32"),
		file(8, "results", BadSignature, "rbt_propose as (i32, i32) -> i32; it must be (i32, i32) -> i64"),
		file(8, "kind_global", BadSignature, "rbt_score as a global; it must be a function"),
		file(8, "kind_memory", BadSignature, "rbt_propose as a memory; it must be a function"),
		file(8, "kind_function", BadSignature, "memory as a function; it must be a memory"),
		given(9, "version 0", opLoad, ABIMismatch, "speaks version 0.0 of the interface, and this rbt speaks 1.0", speaks(0)),
		given(9, "version 0.9", opLoad, ABIMismatch, "0.9", speaks(9)),
		given(9, "version 2.0", opLoad, ABIMismatch, "2.0", speaks(2<<16)),
		given(9, "version -1", opLoad, ABIMismatch, "65535.65535", speaks(1<<32-1)),
		inFirstCall(file(10, "start_loops", Timeout, "within 500ms")),
		inFirstCall(file(10, "start_recurses", Timeout, "within 500ms")),
		given(10, "start_recurses for long", opDescribe, Fuel, "more than 2000000 function calls", File(t, "start_recurses")),
		inFirstCall(file(10, "start_traps", Trap, "start function[0] failed: unreachable")),
		inFirstCall(file(10, "initialize_loops", Timeout, "within 500ms")),
		inFirstCall(file(10, "initialize_traps", Trap, "function[_initialize] failed: unreachable")),
		inFirstCall(file(10, "initialize_exits", Exit, "with code 0")),
		given(10, "a segment outside of the memory", opDescribe, Trap, "out of bounds", File(t, "segment_beyond")),
		given(11, "settings", opDescribe, BadSettings, `max_rtt must be a duration such as "5ms"`, File(t, "settings")),
		given(11, "no reason", opDescribe, BadSettings, "it does not say why", describes(`{"error":{}}`)),
		given(11, "no name", opDescribe, BadOutput, `"name" is missing`, describes(`{"version":"1"}`)),
		given(11, "a long name", opDescribe, BadOutput, `"name" has 65 bytes, more than 64`, describes(`{"name":"`+strings.Repeat("n", 65)+`"}`)),
		given(11, "an evil name", opDescribe, BadOutput, "control characters", describes(`{"name":"\u001b[2J"}`)),
		given(11, "no JSON", opDescribe, BadOutput, "it ends too soon", describes(`{"name":`)),
	}
	for i, bomb := range countBombs() {
		cases = append(cases, given(2, fmt.Sprint("bomb ", i), opLoad, BadModule, "4294967295", bomb))
	}
	return cases
}

// countBombs are modules whose sections, one each, say that 2^32-1 things follow.
func countBombs() [][]byte {
	var all [][]byte
	for _, id := range []byte(sectionOrder) {
		if id != customSection && id != startSection && id != dataCountSection {
			all = append(all, module(section(id, uleb(1<<32-1))))
		}
	}
	return all
}

func manyLocals(n uint32) []byte {
	var b builder
	b.function(b.signature(nil, nil), [][]byte{locals(n, 0x7f)})
	return b.bytes()
}

// nestedBlocks has a function with n blocks in each other.
func nestedBlocks(n int) []byte {
	var b builder
	body := append(bytes.Repeat([]byte{opBlock, 0x40}, n), bytes.Repeat([]byte{opEnd}, n)...)
	b.function(b.signature(nil, nil), nil, body)
	return b.bytes()
}
