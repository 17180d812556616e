package wasm

import (
	"cmp"
	"time"
)

// Limits bound what a module may use. A field of 0 has its default.
type Limits struct {
	// Memory is the most bytes of memory of one instance. Default 32 MiB: a
	// guest in Go takes 4 to 6.5 MiB, others 128 KiB.
	Memory int64
	// Load bounds compiling, and then the first instance with its description.
	// Default 5 s: a guest in Go takes 0.2 s for both.
	Load time.Duration
	// Call bounds one call, its instance included. Default 500 ms: a guest in
	// Go takes 16 to 30 ms (BenchmarkCall, 12 candidates); the rest is for slow hosts
	// and long evidence.
	Call time.Duration
	// Calls is the most function calls that a guest makes within one call.
	// Default 2 000 000: a guest in Go makes 11 160. It stops what has no loop,
	// and unlike the clock it stops it at the same place every time.
	Calls int64
}

const (
	maxInput     = 256 << 10 // bytes of a question
	maxOutput    = 64 << 10  // bytes of an answer
	maxState     = 16 << 10  // bytes of what a policy carries along
	maxNote      = 256       // bytes of a note or a message
	maxName      = 64        // bytes of a name or version
	maxDepth     = 16        // of an answer's JSON
	maxLogLines  = 32        // a call
	maxLogInAll  = 1000      // lines, of all calls
	maxLogLine   = 512       // bytes
	maxPrinted   = 4 << 10   // bytes of standard output and error that are kept
	maxInARow    = 3         // failures until a module is quarantined
	maxInAll     = 10        // the same, with successes between them
	pageSize     = 64 << 10
	maxMemory    = 32 << 20
	maxLoadTime  = 5 * time.Second
	maxCallTime  = 500 * time.Millisecond
	maxCallsMade = 2_000_000
)

func (l Limits) orDefaults() Limits {
	return Limits{
		Memory: cmp.Or(l.Memory, maxMemory),
		Load:   cmp.Or(l.Load, maxLoadTime),
		Call:   cmp.Or(l.Call, maxCallTime),
		Calls:  cmp.Or(l.Calls, maxCallsMade),
	}
}

// pages are the memory's bound in WebAssembly's unit.
func (l Limits) pages() uint32 { return uint32(min(max(l.Memory/pageSize, 1), 1<<16)) }
