package wasm

// What a module may have at most. "Go" is a guest in Go that reads and writes
// JSON; one with XML, templates and regular expressions as well has twice as
// much of what is behind "Go" with a plus. Guests in C and AssemblyScript have a
// hundredth of either.
//
// The engine makes room for as many things as a module says will follow, before
// it looks for them, and a program that has no memory left for them cannot go
// on. So each such number is bounded twice: by a limit, and by the bytes that
// are left. Together the limits hold what it takes to compile for the
// interpreter to 300 MiB, given back or not, and to 2 s; a guest in Go takes
// 80 MiB and 0.15 s.
const (
	maxModule       = 8 << 20   // bytes. Go: 3.3 MB +
	maxTypes        = 1_000     // Go: 14
	maxParameters   = 64        // of a type; the engine needs the square of it. Go: 4
	maxResults      = 8         // of a type: a call, two bytes, puts them all onto the stack. Go: 1
	maxBlockValues  = 8         // that a block takes or gives: a branch to it checks them all. Go: 1
	maxImports      = 64        // Go: 16 +
	maxFunctions    = 20_000    // Go: 2 132 +
	maxTables       = 1         // more would need reference types
	maxElements     = 65_536    // of the table, and of all its segments. Go: 6 215
	maxSegments     = 1_000     // of the table. Go: 1
	maxMemories     = 1         // more would need another extension
	maxPages        = 65_536    // of memory, 4 GiB; Limits.Memory is far less
	maxGlobals      = 10_000    // each instance has its own. Go: 8
	maxExports      = 1_000     // the engine compares each with each function. Go: 5
	maxDataSegments = 100_000   // Go: 36 733 +
	maxBody         = 256 << 10 // bytes of a function. Go: 29 KB +
	maxLocals       = 1_000     // of a function. Go: 20
	maxLocalsInAll  = 500_000   // Go: 8 655 +

	// maxFunctionName is the bytes of a function's name; a module with a longer one
	// has no names. One of 8 MB made the text of a trap 1 GiB. Go: 446.
	maxFunctionName = 1 << 10
	// maxStack is how many values a function may have on the stack at once. The
	// interpreter's stack grows as it is filled: with these and maxLocals, in each
	// of the 2 000 calls that may be in each other, it takes 33 MiB, and as much
	// again while it grows. Without a limit it took 6.6 GiB in 5 s. Go: 7; C: 15.
	maxStack = 1_000
	// maxMoves is how many instructions of a function may fill or copy memory. One
	// takes 2 to 5 ms for 32 MiB, and without a loop or a call between them nobody
	// looks at the deadline: 2 000 in a row took 10 s. Go: 31.
	maxMoves = 100
	// maxOperations is how many the interpreter makes of all functions. One has
	// 56 bytes, so these are 185 MB. Go: 1.3 million +.
	maxOperations = 3_300_000
	// maxOperationsOfOne is of one function: the room for them grows by copying,
	// up to the largest. As a rule maxBody bytes make 170 000. Go: 17 000 +.
	maxOperationsOfOne = 200_000
	// maxNesting is how many blocks may be in each other. The interpreter does
	// not mind; the compiler needs the square of it, 0.7 s for a function with so
	// many, within which it cannot be stopped. Go: 550.
	maxNesting = 4_000
	// maxLive is how many locals times how many branches a function may have.
	// The interpreter does not mind; the compiler carries each local through each
	// branch, which takes 2 s for so many. Go: 8 000 +.
	maxLive = 500_000
)
