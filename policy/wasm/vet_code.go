package wasm

// Instructions, of which the ones without a name here are numbers' and have
// nothing behind them.
const (
	opUnreachable  = 0x00
	opNop          = 0x01
	opBlock        = 0x02
	opLoop         = 0x03
	opIf           = 0x04
	opElse         = 0x05
	opEnd          = 0x0b
	opBr           = 0x0c
	opBrIf         = 0x0d
	opBrTable      = 0x0e
	opReturn       = 0x0f
	opCall         = 0x10
	opCallIndirect = 0x11
	opDrop         = 0x1a
	opSelect       = 0x1b
	opLocalGet     = 0x20
	opLocalSet     = 0x21
	opLocalTee     = 0x22
	opGlobalGet    = 0x23
	opGlobalSet    = 0x24
	opI32Load      = 0x28 // the first that reads or writes memory
	opI32Store     = 0x36 // the first that writes
	opI64Store32   = 0x3e // the last
	opMemorySize   = 0x3f
	opMemoryGrow   = 0x40
	opI32Const     = 0x41
	opI64Const     = 0x42
	opF32Const     = 0x43
	opF64Const     = 0x44
	opI32Eqz       = 0x45 // the first of the numbers'
	opI64Extend32  = 0xc4 // the last
	opMore         = 0xfc // a second byte says which

	moreTruncate   = 0x07 // the last of those with nothing behind them
	moreMemoryInit = 0x08
	moreDataDrop   = 0x09
	moreMemoryCopy = 0x0a
	moreMemoryFill = 0x0b
)

func (v *vetter) readCode() {
	n := v.count("function bodies", maxFunctions, 3)
	if own := len(v.functions) - v.imported; n != own {
		v.bad("%d function bodies for %d functions", n, own)
		return
	}
	for i := v.imported; i < len(v.functions); i++ {
		v.function = i
		size := v.u32()
		if v.has(size) && size > maxBody {
			v.over("a body of %d bytes, more than %d", size, maxBody)
		}
		v.part(size, func() { v.readBody(v.types[v.functions[i]]) })
		if v.err != nil {
			return
		}
	}
	v.function = -1
}

func (v *vetter) readBody(t functionType) {
	before := v.operations
	locals := v.readLocals()
	v.branches, v.moves = 0, 0
	v.stack.begin(t.results)
	for len(v.stack.blocks) > 0 && v.err == nil {
		v.readInstruction()
	}
	if v.stack.highest > maxStack {
		v.over("%d values on the stack of one function, more than %d", v.stack.highest, maxStack)
	}
	if locals += t.parameters; locals*v.branches > maxLive {
		v.over("%d locals times %d branches are %d, more than %d", locals, v.branches, locals*v.branches, maxLive)
	}
	if v.moves > maxMoves {
		v.over("%d instructions in one function fill or copy memory, more than %d", v.moves, maxMoves)
	}
	if n := v.operations - before; n > maxOperationsOfOne {
		v.over("%d operations in one function, more than %d", n, maxOperationsOfOne)
	}
	if v.operations > maxOperations {
		v.over("with this function the module has %d operations, more than %d", v.operations, maxOperations)
	}
}

func (v *vetter) readLocals() int {
	n := uint64(0)
	for range v.count("groups of locals", maxLocals, 2) {
		n += uint64(v.u32())
		v.readValueType()
	}
	if n > maxLocals {
		v.over("%d locals, more than %d", n, maxLocals)
		return 0
	}
	v.operations += int(n) // one sets each to 0
	if v.locals += int(n); v.locals > maxLocalsInAll {
		v.over("with this function the module has %d locals, more than %d", v.locals, maxLocalsInAll)
	}
	return int(n)
}

// readInstruction reads one, and counts the operations that the interpreter
// makes of it.
func (v *vetter) readInstruction() {
	op := v.byte()
	v.operations++
	switch {
	case op >= opI32Eqz && op <= opI64Extend32:
		v.stack.move(numeric(op), 1)
	case op == opDrop:
		v.stack.move(1, 0)
	case op == opSelect:
		v.stack.move(3, 1)
	case op >= opLocalGet && op <= opGlobalSet:
		v.readVariable(op)
	case op == opCall:
		v.readCall()
	case op == opCallIndirect:
		v.stack.move(1, 0)
		v.called(v.readTypeIndex())
		v.u32() // table
	case op >= opI32Load && op <= opMemoryGrow:
		v.readMemoryAccess(op)
	case op >= opI32Const && op <= opF64Const:
		v.readNumber(op)
	case op == opMore:
		v.readMore()
	default:
		v.readControl(op)
	}
}

func (v *vetter) readVariable(op byte) {
	v.u32()
	switch op {
	case opLocalGet, opGlobalGet:
		v.stack.move(0, 1)
	case opLocalSet, opGlobalSet:
		v.stack.move(1, 0)
	case opLocalTee:
		v.operations++
	}
}

func (v *vetter) readCall() {
	i := v.u32()
	if uint64(i) >= uint64(len(v.functions)) {
		v.bad("a call of function %d of %d", i, len(v.functions))
		return
	}
	v.called(v.functions[i])
}

// called moves what a function of that type takes and gives.
func (v *vetter) called(signature uint32) {
	if v.err == nil {
		v.stack.move(v.types[signature].parameters, v.types[signature].results)
	}
}

func (v *vetter) readMemoryAccess(op byte) {
	switch {
	case op == opMemorySize:
		v.stack.move(0, 1)
		v.byte()
		return
	case op == opMemoryGrow:
		v.byte()
		return
	case op >= opI32Store:
		v.stack.move(2, 0)
	}
	v.u32()
	v.u32()
}

func (v *vetter) readNumber(op byte) {
	v.stack.move(0, 1)
	switch op {
	case opI32Const:
		v.signed(5)
	case opI64Const:
		v.signed(10)
	case opF32Const:
		v.skip(4)
	case opF64Const:
		v.skip(8)
	}
}

func (v *vetter) readMore() {
	op := v.byte()
	if op > moreTruncate && op != moreDataDrop {
		v.moves++
		v.stack.move(3, 0)
	}
	switch {
	case op <= moreTruncate:
	case op == moreMemoryInit:
		v.u32()
		v.byte()
	case op == moreDataDrop:
		v.u32()
	case op == moreMemoryCopy:
		v.byte()
		v.byte()
	case op == moreMemoryFill:
		v.byte()
	default:
		v.bad("instruction 0xfc 0x%02x, which rbt does not support: compile without reference types", op)
	}
}

// readControl reads what blocks are made of. The interpreter adds jumps and
// labels to it, so that most of it is several operations.
func (v *vetter) readControl(op byte) {
	switch op {
	case opUnreachable:
		v.stack.leave()
	case opNop:
	case opBlock:
		v.readBlock(op)
	case opIf:
		v.operations++
		v.stack.move(1, 0)
		v.readBlock(op)
	case opLoop:
		v.operations += 2
		v.readBlock(op)
	case opElse:
		if v.stack.innermost().opens != opIf {
			v.bad("an else without an if")
		}
		v.stack.otherwise()
		v.operations += 2
		v.branches++
	case opEnd:
		v.readEnd()
	case opBr:
		v.operations++
		v.u32()
		v.stack.leave()
	case opBrIf:
		v.operations++
		v.branches++
		v.u32()
		v.stack.move(1, 0)
	case opBrTable:
		n := v.count("targets of a branch", maxBody, 1)
		v.operations += n / 3 // each has 16 bytes
		v.branches++
		for range n + 1 {
			v.u32()
		}
		v.stack.leave()
	case opReturn:
		v.operations++
		v.stack.leave()
	default:
		v.bad("instruction 0x%02x, which rbt does not support: compile without %s", op, extension(op))
	}
}

func (v *vetter) readBlock(op byte) {
	number := v.signed(5)
	var t functionType
	switch {
	case number >= 0 && number < int64(len(v.types)):
		t = v.types[number]
		if n := max(t.parameters, t.results); n > maxBlockValues {
			v.over("a block that takes or gives %d values, more than %d", n, maxBlockValues)
		}
	case number >= -4 && number <= -1: // i32 to f64
		t.results = 1
	case number != -64: // nothing
		v.bad("a block of type %d", number)
	}
	if v.stack.open(op, t); len(v.stack.blocks) > maxNesting {
		v.over("blocks are nested more than %d deep", maxNesting)
	}
	v.branches++
}

func (v *vetter) readEnd() {
	switch v.stack.close().opens {
	case opIf: // without else
		v.operations += 4
	case opBlock, opElse:
		v.operations += 2
	}
}

// extension is of which extension of WebAssembly an instruction is.
func extension(op byte) string {
	switch {
	case op >= 0x06 && op <= 0x0a, op == 0x18, op == 0x19, op == 0x1f:
		return "exceptions"
	case op == 0x12, op == 0x13, op == 0x15:
		return "tail calls"
	case op == 0xfd:
		return "SIMD"
	case op == 0xfe:
		return "threads"
	case op == 0xfb:
		return "garbage collection"
	}
	return "reference types and other extensions"
}
