package wasm

import "slices"

// stack is how high the values of a function are stacked. For valid code it is
// never too low: behind what ends a block, where nothing runs, values that are
// taken need not be there, and those that are put there count all the same.
type stack struct {
	height, highest int
	blocks          []block // that are open, the function's own first
}

// block is one that is open.
type block struct {
	opens byte // the instruction, opElse once that was read
	base  int  // the height below its own values
	functionType
}

// begin begins a function.
func (s *stack) begin(results int) {
	s.height, s.highest = 0, 0
	s.blocks = append(s.blocks[:0], block{opens: opBlock, functionType: functionType{results: results}})
}

// move takes values and puts others there.
func (s *stack) move(take, put int) {
	s.set(max(s.height-take, s.innermost().base) + put)
}

func (s *stack) set(height int) {
	s.height = height
	s.highest = max(s.highest, height)
}

func (s *stack) innermost() *block { return &s.blocks[len(s.blocks)-1] }

func (s *stack) open(op byte, t functionType) {
	s.move(t.parameters, 0)
	s.blocks = append(s.blocks, block{op, s.height, t})
	s.move(0, t.parameters)
}

// otherwise goes on with what an if does else.
func (s *stack) otherwise() {
	b := s.innermost()
	b.opens = opElse
	s.set(b.base + b.parameters)
}

func (s *stack) close() block {
	b := *s.innermost()
	s.blocks = s.blocks[:len(s.blocks)-1]
	s.set(b.base + b.results)
	return b
}

// leave is for what nothing runs behind.
func (s *stack) leave() { s.height = s.innermost().base }

// unary are the instructions of numbers that take one and give one, the first
// and last of each range. The others take two.
var unary = [...][2]byte{
	{0x45, 0x45}, {0x50, 0x50}, // eqz
	{0x67, 0x69}, {0x79, 0x7b}, // clz, ctz, popcnt
	{0x8b, 0x91}, {0x99, 0x9f}, // abs to sqrt
	{0xa7, 0xc4}, // conversions
}

// numeric is how many values an instruction of numbers takes.
func numeric(op byte) int {
	if slices.ContainsFunc(unary[:], func(r [2]byte) bool { return op >= r[0] && op <= r[1] }) {
		return 1
	}
	return 2
}
