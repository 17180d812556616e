package wasm

import "github.com/tetratelabs/wazero/api"

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
