package guest

import "unsafe"

// ABI is the version of the contract that this kit speaks: 1.0.
func ABI() uint32 { return 1 << 16 }

// memory is what the host reads and writes. A call has one input and one answer.
// As variables of the package they are neither moved nor collected before the
// host is done with them.
var memory struct{ in, out []byte }

// mostInput is more than any host sends.
const mostInput = 1 << 20

// Alloc makes room for a call's input, and returns where it is; 0 if there is
// none for that much.
func Alloc(size uint32) uint32 {
	if size == 0 || size > mostInput {
		return 0
	}
	memory.in = make([]byte, size)
	return addressOf(memory.in)
}

// Describe says who p is, and whether the config is right.
func Describe(p Policy, at, size uint32) uint64 { return give(describe(p, take(at, size))) }

// Propose has p answer a request of the host.
func Propose(p Proposer, at, size uint32) uint64 { return give(propose(p, take(at, size))) }

// Score has p answer a request of the host.
func Score(p Scorer, at, size uint32) uint64 { return give(score(p, take(at, size))) }

// take is the input that the host has written.
func take(at, size uint32) []byte {
	if len(memory.in) == 0 || at != addressOf(memory.in) || int(size) != len(memory.in) {
		panic("the input is not where rbt_alloc said")
	}
	return memory.in
}

// give says where an answer is: its address, and its length.
func give(answer []byte) uint64 {
	memory.out = answer
	return uint64(addressOf(answer))<<32 | uint64(len(answer))
}

// addressOf is where b is; natively the half of it that fits.
func addressOf(b []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
