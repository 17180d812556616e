package wasm

import (
	"encoding/binary"

	"github.com/tetratelabs/wazero/api"
)

// Sizes say how large a module is.
type Sizes struct {
	Functions int   // of its own
	Memory    int64 // bytes, the most that an instance had after a call
}

// Sizes are how large the module is, as far as it was called.
func (p *Policy) Sizes() Sizes { return Sizes{p.functions, p.memory.Load()} }

// grown notes how much memory an instance has.
func (p *Policy) grown(m api.Module) {
	size := int64(m.Memory().Size())
	for {
		most := p.memory.Load()
		if size <= most || p.memory.CompareAndSwap(most, size) {
			return
		}
	}
}

// functionsOf counts a module's functions: their section begins with how many
// there are.
func functionsOf(module []byte) int {
	const header, functionSection = 8, 3
	for at := header; at < len(module); {
		size, n := binary.Uvarint(module[at+1:])
		body := at + 1 + n
		if n <= 0 || size > uint64(len(module)-body) {
			return 0
		}
		if module[at] == functionSection {
			count, _ := binary.Uvarint(module[body:])
			return int(count)
		}
		at = body + int(size)
	}
	return 0
}
