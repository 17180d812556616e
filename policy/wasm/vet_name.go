package wasm

import "encoding/binary"

// functionNames is the part of the section "name" that has the functions'.
const functionNames = 1

// readCustom drops a custom section. Of the one with names it keeps those of
// functions, unless one is too long: what the engine says of a trap has the name
// of each function in the trace several times.
func (v *vetter) readCustom() {
	if v.name() != "name" {
		v.skip(uint32(v.left()))
		return
	}
	if v.named {
		v.bad("a second section with names")
	}
	v.named = true
	var names []byte
	for v.left() > 0 {
		kind, size := v.byte(), v.u32()
		longest := 0
		read := func() { v.skip(size) }
		if kind == functionNames {
			read = func() { longest = v.readFunctionNames() }
		}
		start := v.at
		v.part(size, read)
		if v.err == nil && kind == functionNames && longest <= maxFunctionName {
			names = v.module[start:v.at]
		}
	}
	v.keepNames(names)
}

// readFunctionNames returns how many bytes the longest has.
func (v *vetter) readFunctionNames() (longest int) {
	for range v.count("names of functions", maxFunctions+maxImports, 2) {
		v.u32() // function
		longest = max(longest, len(v.name()))
	}
	return longest
}

// keepNames adds a section with nothing but those names.
func (v *vetter) keepNames(names []byte) {
	if len(names) == 0 {
		return
	}
	content := append([]byte("\x04name"), functionNames)
	content = append(binary.AppendUvarint(content, uint64(len(names))), names...)
	v.kept = append(v.kept, customSection)
	v.kept = append(binary.AppendUvarint(v.kept, uint64(len(content))), content...)
}
