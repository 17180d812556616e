package wasm

// outline is what a module has and the engine tells too late, or not at all.
type outline struct {
	functions uint32          // of its own
	pages     uint32          // of memory to begin with
	exports   map[string]byte // kinds, by name
}

// readOutline reads it of a module that is vetted.
func readOutline(module []byte) (outline, error) {
	o := outline{exports: map[string]byte{}}
	r := reader{module: module, at: len(preamble), end: len(module), function: -1}
	for r.left() > 0 {
		id, size := r.byte(), r.u32()
		r.part(size, func() {
			switch id {
			case functionSection:
				o.functions = r.u32()
			case memorySection:
				o.readMemory(&r)
			case exportSection:
				o.readExports(&r)
			}
			r.skip(uint32(r.left()))
		})
	}
	return o, r.err
}

func (o *outline) readMemory(r *reader) {
	if r.u32() > 0 {
		r.byte() // whether there is a bound
		o.pages = r.u32()
	}
}

func (o *outline) readExports(r *reader) {
	for range r.count("exports", maxExports, 3) {
		name := r.name()
		o.exports[name] = r.byte()
		r.u32() // index
	}
}
