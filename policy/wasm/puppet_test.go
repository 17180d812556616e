package wasm

import "slices"

// Puppet is a module that says what it is told to say, for tests.
type Puppet struct {
	ABI      uint32 // what rbt_abi returns
	Alloc    uint32 // what rbt_alloc returns for questions that are longer than puppetSmall
	Pages    uint32 // of memory
	Describe string
	// Propose and Score are the answers; a half without one is not exported.
	Propose, Score string
	Result         uint64 // in place of where Propose and Score are; 0 is no such
	// Chain are bodies of functions of which each calls the next one at its end;
	// rbt_propose begins with the first.
	Chain  [][]byte
	Locals uint32 // of each function of the chain
}

const opI32GreaterU = 0x4b

// puppetChain is the number of the only function of a chain.
const puppetChain = 2

// Where a puppet has what, in its memory.
const (
	puppetDescribes = 16
	puppetProposes  = 1 << 16
	puppetScores    = 3 << 16
	puppetTakes     = 5 << 16 // questions
	puppetSmall     = 64      // bytes; that of rbt_describe is smaller
	puppetPages     = 5 + maxInput/pageSize
)

// NewPuppet makes a puppet that does what a module should, but for the changes.
func NewPuppet(changes ...func(*Puppet)) []byte {
	p := Puppet{ABI: abiMajor<<16 | abiMinor, Alloc: puppetTakes, Pages: puppetPages, Describe: `{"name":"puppet","version":"1"}`}
	for _, change := range changes {
		change(&p)
	}
	return p.bytes()
}

// Proposes is a puppet with that answer to rbt_propose.
func Proposes(answer string) []byte {
	return NewPuppet(func(p *Puppet) { p.Propose = answer })
}

// Scores is a puppet with that answer to rbt_score.
func Scores(answer string) []byte {
	return NewPuppet(func(p *Puppet) { p.Score = answer })
}

func (p Puppet) bytes() []byte {
	var b builder
	i32, i64 := []byte{0x7f}, []byte{0x7e}
	asks := b.signature(join(i32, i32), i64)
	b.memory(bounds(p.Pages))
	b.export(exportMemory, kindMemory, 0)
	b.export(exportABI, kindFunction, b.function(b.signature(nil, i32), nil, i32Const(int32(p.ABI))))
	b.export(exportAlloc, kindFunction, b.function(b.signature(i32, i32), nil,
		op(opLocalGet, 0), i32Const(puppetSmall), []byte{opI32GreaterU, opIf, 0x7f},
		i32Const(int32(p.Alloc)), []byte{opElse}, i32Const(puppetTakes), []byte{opEnd}))
	first := p.chain(&b)
	says := func(name string, at int32, answer string, result uint64) {
		if result == 0 {
			result = uint64(at)<<32 | uint64(len(answer))
		}
		if answer != "" {
			b.data(at, []byte(answer))
			begin := []byte{}
			if name == exportPropose {
				begin = first
			}
			b.export(name, kindFunction, b.function(asks, nil, begin, i64Const(int64(result))))
		}
	}
	says(exportDescribe, puppetDescribes, p.Describe, 0)
	says(exportPropose, puppetProposes, p.Propose, p.Result)
	says(exportScore, puppetScores, p.Score, p.Result)
	return b.bytes()
}

// chain adds the functions of the chain, and returns a call of the first.
func (p Puppet) chain(b *builder) (call []byte) {
	nothing := b.signature(nil, nil)
	for _, body := range slices.Backward(p.Chain) {
		call = op(opCall, b.function(nothing, [][]byte{locals(p.Locals, 0x7f)}, body, call))
	}
	return call
}
