package wasm

import "strings"

// Vet looks at a module's bytes before they are compiled. It accepts no module
// that could exhaust the memory or the time of the process while it is compiled
// and instantiated; whether an accepted one is valid is left to the engine.
//
// The result is the module without its custom sections. Of those only the
// functions' names stay, for what the engine says about traps. An error is an
// [*Error] with the reason [BadModule], [Limit] or [BadImport].
func Vet(module []byte) ([]byte, error) {
	v, err := vet(module)
	if err != nil {
		return nil, err
	}
	return v.kept, nil
}

// vet is Vet, with what it came to know.
func vet(module []byte) (*vetter, error) {
	if len(module) > maxModule {
		return nil, loadError(Limit, "the module has %d bytes, more than %d", len(module), maxModule)
	}
	if err := checkPreamble(module); err != nil {
		return nil, err
	}
	v := newVetter(module)
	v.read()
	if v.err != nil {
		return nil, v.err
	}
	return v, nil
}

func newVetter(module []byte) *vetter {
	return &vetter{
		reader:  reader{module: module, at: len(preamble), end: len(module), function: -1},
		kept:    append(make([]byte, 0, len(module)), preamble...),
		outline: outline{exports: map[string]byte{}},
	}
}

// vetter goes through a module once.
type vetter struct {
	reader
	kept       []byte // the module without what is dropped
	outline    outline
	last       int  // the last section's place in sectionOrder
	named      bool // there was a section with names
	types      []functionType
	functions  []uint32 // their types, those of the imported ones first
	imported   int      // of the functions
	elements   int      // in all segments
	locals     int      // in all functions
	operations int      // in all functions
	stack      stack    // of the function
	branches   int      // in the function
	moves      int      // of memory, in the function
}

// outline is what a module has and the engine tells too late, or not at all.
type outline struct {
	functions int             // of its own
	pages     uint32          // of memory to begin with
	exports   map[string]byte // kinds, by name
}

// functionType is how many values a function takes and returns.
type functionType struct{ parameters, results int }

// Sections by their number.
const (
	customSection = iota
	typeSection
	importSection
	functionSection
	tableSection
	memorySection
	globalSection
	exportSection
	startSection
	elementSection
	codeSection
	dataSection
	dataCountSection
	tagSection
)

var sectionNames = [...]string{"custom section", "type section", "import section", "function section", "table section",
	"memory section", "global section", "export section", "start section", "element section", "code section",
	"data section", "data count section", "tag section"}

// sectionOrder is the order of sections, of which each occurs once. Custom ones
// may be anywhere.
const sectionOrder = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0c\x0a\x0b"

func (v *vetter) read() {
	for v.left() > 0 {
		v.readSection()
	}
}

func (v *vetter) readSection() {
	v.section = "module"
	start := v.at
	id := v.byte()
	place := strings.IndexByte(sectionOrder, id)
	switch {
	case id == tagSection:
		v.bad("a tag section: exceptions are not supported, compile without them")
		return
	case place < 0:
		v.bad("section %d, which does not exist", id)
		return
	case id != customSection && place <= v.last:
		v.bad("the %s must not follow the %s", sectionNames[id], sectionNames[sectionOrder[v.last]])
		return
	}
	v.section = sectionNames[id]
	v.part(v.u32(), func() { v.readContent(id) })
	if v.err == nil && id != customSection {
		v.last = place
		v.kept = append(v.kept, v.module[start:v.at]...)
	}
}

func (v *vetter) readContent(id byte) {
	switch id {
	case customSection:
		v.readCustom()
	case typeSection:
		v.readTypes()
	case importSection:
		v.readImports()
	case functionSection:
		v.readFunctions()
	case tableSection:
		v.readTables()
	case memorySection:
		v.readMemories()
	case globalSection:
		v.readGlobals()
	case exportSection:
		v.readExports()
	case startSection, dataCountSection:
		v.u32()
	case elementSection:
		v.readElements()
	case codeSection:
		v.readCode()
	case dataSection:
		v.readData()
	}
}
