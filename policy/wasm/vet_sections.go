package wasm

// Kinds of what modules import and export.
const (
	kindFunction = iota
	kindTable
	kindMemory
	kindGlobal
	kindTag
)

var kindNames = [...]string{"function", "table", "memory", "global", "tag"}

func (v *vetter) readTypes() {
	v.types = make([]functionType, v.count("types", maxTypes, 3))
	for i := range v.types {
		if form := v.byte(); form != 0x60 {
			v.bad("type %d is of form 0x%02x: there may only be functions, compile without garbage collection", i, form)
		}
		v.types[i].parameters = v.readValueTypes("parameters of a type", maxParameters)
		v.types[i].results = v.readValueTypes("results of a type", maxResults)
	}
}

func (v *vetter) readValueTypes(of string, most int) int {
	n := v.count(of, most, 1)
	for range n {
		v.readValueType()
	}
	return n
}

// readValueType accepts numbers of 32 and 64 bits.
func (v *vetter) readValueType() {
	if t := v.byte(); t < 0x7c || t > 0x7f {
		v.bad("a value of type 0x%02x: there are only i32, i64, f32 and f64, compile without SIMD and reference types", t)
	}
}

// readImports accepts functions. Which ones there are is known where the types
// are.
func (v *vetter) readImports() {
	for range v.count("imports", maxImports, 4) {
		module, name, kind := v.name(), v.name(), v.byte()
		switch {
		case int(kind) >= len(kindNames):
			v.bad("an import of kind %d", kind)
		case kind != kindFunction:
			v.fail(BadImport, "the module imports the %s %s.%s, and it must have its own",
				kindNames[kind], clean(module, maxName), clean(name, maxName))
		}
		v.functions = append(v.functions, v.readTypeIndex())
		v.imported++
	}
}

// readTypeIndex reads which type a function has.
func (v *vetter) readTypeIndex() uint32 {
	i := v.u32()
	if uint64(i) >= uint64(len(v.types)) {
		v.bad("type %d of %d", i, len(v.types))
	}
	return i
}

func (v *vetter) readFunctions() {
	v.outline.functions = v.count("functions", maxFunctions, 1)
	for range v.outline.functions {
		v.functions = append(v.functions, v.readTypeIndex())
	}
}

func (v *vetter) readTables() {
	for range v.count("tables", maxTables, 3) {
		if t := v.byte(); t != 0x70 {
			v.bad("a table of type 0x%02x: there may only be functions in it, compile without reference types", t)
		}
		v.readBounds("a table", "elements", maxElements)
	}
}

func (v *vetter) readMemories() {
	for range v.count("memories", maxMemories, 2) {
		v.outline.pages = v.readBounds("a memory", "pages", maxPages)
	}
}

// readBounds reads how many of something there are at first, which it returns,
// and perhaps at most.
func (v *vetter) readBounds(what, of string, most uint32) (first uint32) {
	flags := v.byte()
	if flags > 1 {
		v.bad("%s with flags 0x%02x: it can neither be shared nor have 64 bits, compile without threads and memory64", what, flags)
	}
	for i := range 1 + flags {
		n := v.u32()
		if n > most {
			v.over("%s of %d %s, more than %d", what, n, of, most)
		}
		if i == 0 {
			first = n
		}
	}
	return first
}

func (v *vetter) readGlobals() {
	for range v.count("globals", maxGlobals, 5) {
		v.readValueType()
		v.byte() // whether it can change
		v.readConstant()
	}
}

// readConstant accepts an expression that is one number. All others are about
// imported globals and references, of which a module has none here.
func (v *vetter) readConstant() {
	switch op := v.byte(); op {
	case opI32Const:
		v.signed(5)
	case opI64Const:
		v.signed(10)
	case opF32Const:
		v.skip(4)
	case opF64Const:
		v.skip(8)
	default:
		v.bad("instruction 0x%02x where a constant is needed", op)
	}
	if op := v.byte(); op != opEnd {
		v.bad("instruction 0x%02x behind a constant", op)
	}
}

func (v *vetter) readExports() {
	for range v.count("exports", maxExports, 3) {
		name, kind := v.name(), v.byte()
		if kind > kindGlobal {
			v.bad("an export of kind %d", kind)
		}
		v.outline.exports[name] = kind
		v.u32() // which one
	}
}

// readElements accepts what fills the table with functions as an instance is
// made. The others are of use only with reference types, and without those the
// engine panics when it makes an instance.
func (v *vetter) readElements() {
	for i := range v.count("element segments", maxSegments, 5) {
		if kind := v.u32(); kind != 0 {
			v.bad("element segment %d is of kind %d: there may only be those of kind 0, compile without reference types", i, kind)
		}
		v.readConstant()
		n := v.count("elements", maxElements, 1)
		if v.elements += n; v.elements > maxElements {
			v.over("%d elements in all segments, more than %d", v.elements, maxElements)
		}
		for range n {
			v.u32() // function
		}
	}
}

func (v *vetter) readData() {
	for i := range v.count("data segments", maxDataSegments, 2) {
		switch kind := v.u32(); kind {
		case 0:
			v.readConstant()
		case 1: // an instruction copies it
		case 2:
			v.u32() // memory
			v.readConstant()
		default:
			v.bad("data segment %d is of kind %d", i, kind)
		}
		v.skip(v.u32())
	}
}
