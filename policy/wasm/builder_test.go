package wasm

import (
	"encoding/binary"
	"slices"
)

// builder writes a module for tests, section by section. Each method adds one
// thing and returns its index, as the module counts. Nothing is checked: what is
// wrong is written as well. The zero builder writes an empty module.
//
// What no method writes is written with the functions below the type, from which
// the methods are made:
//
//	module(section(typeSection, uleb(1<<30)))
type builder struct {
	content   [tagSection + 1][][]byte // by section; the entries of those that are lists
	functions uint32                   // imported ones too
	customs   [][]byte                 // sections, behind all others
}

// signature adds a type.
func (b *builder) signature(parameters, results []byte) uint32 {
	return b.add(typeSection, []byte{0x60}, vector(each(parameters)...), vector(each(results)...))
}

// importFunction must come before any function of the module's own.
func (b *builder) importFunction(module, name string, signature uint32) uint32 {
	return b.importOther(module, name, kindFunction, uleb(signature))
}

// importOther imports what is not a function, of which the rest is about.
func (b *builder) importOther(module, name string, kind byte, rest ...[]byte) uint32 {
	if kind == kindFunction {
		b.functions++
	}
	b.add(importSection, text(module), text(name), []byte{kind}, join(rest...))
	return b.functions - 1
}

// function adds a function with its body, to which the end is added.
func (b *builder) function(signature uint32, locals [][]byte, body ...[]byte) uint32 {
	b.add(functionSection, uleb(signature))
	b.add(codeSection, sized(vector(locals...), join(body...), []byte{opEnd}))
	b.functions++
	return b.functions - 1
}

func (b *builder) table(bounds []byte) uint32 { return b.add(tableSection, []byte{0x70}, bounds) }

func (b *builder) memory(bounds []byte) uint32 { return b.add(memorySection, bounds) }

// global adds one that can change.
func (b *builder) global(valueType byte, init []byte) uint32 {
	return b.add(globalSection, []byte{valueType, 1}, init, []byte{opEnd})
}

func (b *builder) export(name string, kind byte, index uint32) {
	b.add(exportSection, text(name), []byte{kind}, uleb(index))
}

func (b *builder) start(function uint32) { b.content[startSection] = [][]byte{uleb(function)} }

// elements fills the table from offset on.
func (b *builder) elements(offset int32, functions ...uint32) uint32 {
	var list [][]byte
	for _, f := range functions {
		list = append(list, uleb(f))
	}
	return b.add(elementSection, uleb(0), i32Const(offset), []byte{opEnd}, vector(list...))
}

// data fills the memory from offset on.
func (b *builder) data(offset int32, bytes []byte) uint32 {
	return b.add(dataSection, uleb(0), i32Const(offset), []byte{opEnd}, sized(bytes))
}

// passiveData is data that an instruction copies; it needs countData.
func (b *builder) passiveData(bytes []byte) uint32 { return b.add(dataSection, uleb(1), sized(bytes)) }

// countData announces the data so far, so that instructions may name it.
func (b *builder) countData() {
	b.content[dataCountSection] = [][]byte{uleb(uint32(len(b.content[dataSection])))}
}

func (b *builder) custom(name string, content ...[]byte) {
	b.customs = append(b.customs, section(customSection, text(name), join(content...)))
}

// names gives the functions names, from the first on.
func (b *builder) names(names ...string) {
	var list [][]byte
	for i, name := range names {
		list = append(list, join(uleb(uint32(i)), text(name)))
	}
	b.custom("name", []byte{functionNames}, sized(vector(list...)))
}

// bytes is the module.
func (b *builder) bytes() []byte {
	var sections [][]byte
	for _, id := range []byte(sectionOrder) {
		content := b.content[id]
		switch {
		case len(content) == 0:
		case id == startSection || id == dataCountSection:
			sections = append(sections, section(id, content...))
		default:
			sections = append(sections, section(id, vector(content...)))
		}
	}
	return module(append(sections, b.customs...)...)
}

func (b *builder) add(section byte, entry ...[]byte) uint32 {
	b.content[section] = append(b.content[section], join(entry...))
	return uint32(len(b.content[section]) - 1)
}

func module(sections ...[]byte) []byte { return join([]byte(preamble), join(sections...)) }

func section(id byte, content ...[]byte) []byte { return join([]byte{id}, sized(content...)) }

// sized is content behind its number of bytes.
func sized(content ...[]byte) []byte {
	all := join(content...)
	return join(uleb(uint32(len(all))), all)
}

// vector is a list behind its length.
func vector(entries ...[]byte) []byte { return join(uleb(uint32(len(entries))), join(entries...)) }

func text(s string) []byte { return sized([]byte(s)) }

func join(parts ...[]byte) []byte { return slices.Concat(parts...) }

// each are the bytes, one by one.
func each(bytes []byte) [][]byte {
	var list [][]byte
	for i := range bytes {
		list = append(list, bytes[i:i+1])
	}
	return list
}

func uleb(n uint32) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func sleb(n int64) []byte {
	var out []byte
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

// bounds are those of a table or memory; from is what there is at first, and
// there may be a most.
func bounds(from uint32, most ...uint32) []byte {
	if len(most) == 0 {
		return join([]byte{0}, uleb(from))
	}
	return join([]byte{1}, uleb(from), uleb(most[0]))
}

// locals are n of one type.
func locals(n uint32, valueType byte) []byte { return join(uleb(n), []byte{valueType}) }

// op is an instruction with the numbers that belong to it.
func op(code byte, numbers ...uint32) []byte {
	out := []byte{code}
	for _, n := range numbers {
		out = append(out, uleb(n)...)
	}
	return out
}

func i32Const(n int32) []byte { return join([]byte{opI32Const}, sleb(int64(n))) }

func i64Const(n int64) []byte { return join([]byte{opI64Const}, sleb(n)) }
