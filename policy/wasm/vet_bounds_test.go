package wasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"slices"
	"sort"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What compiling a vetted module may take: vet_limits.go says 2 s, of two
// processors. The bytes are all that are allocated, given back or not: neither
// depends on what else the machine does, nor on when the garbage collector runs.
const (
	mostBytes = 300 << 20
	mostWork  = 6 * 2 * time.Second // vet_limits.go says 2 s; there are days on which a machine takes 6.5
)

// reporter is what tests and properties have in common.
type reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// tryModule compiles a vetted module as [Load] does, and makes an instance of
// it. The error is what the engine says about it; that it panics, or takes too
// much, fails the test.
func tryModule(t reporter, vetted []byte) error {
	t.Helper()
	p, err := compileModule(t, Interpreter, vetted)
	if err != nil {
		return err
	}
	defer p.Close()
	c := p.newCall(opDescribe, 0)
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), callKey{}, c), 50*time.Millisecond)
	defer cancel()
	m, err := p.engine.InstantiateModule(ctx, p.compiled, p.instanceConfig(c))
	if err != nil {
		return err
	}
	return m.Close(ctx)
}

// compileModule compiles within bounds. What the process works is the best of
// three, since it may have other things to do.
func compileModule(t reporter, engine string, vetted []byte) (*Policy, error) {
	t.Helper()
	best := time.Duration(1<<63 - 1)
	for range 3 {
		p := newPolicy(vetted, Options{Engine: engine, Limits: Limits{Load: time.Hour}})
		start, before := worked(), allocated()
		err := p.compile(context.Background(), vetted)
		best = min(best, worked()-start)
		if n := allocated() - before; n > mostBytes {
			t.Errorf("compiling allocated %d MiB, more than %d", n>>20, mostBytes>>20)
		}
		if err == nil && best <= mostWork {
			return p, nil
		}
		p.Close()
		if err != nil && best <= mostWork {
			return nil, err
		}
	}
	t.Errorf("compiling took %v of the processors, more than %v", best, mostWork)
	return nil, errors.New("too slow")
}

// worked is how long the process has had processors so far.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// TestVetBounds compiles the worst modules that are accepted.
func TestVetBounds(t *testing.T) {
	SkipLong(t)
	number, numbers, many := types(i32), bytes.Repeat(types(i32), maxResults), bytes.Repeat(types(i32), maxParameters)
	get, pushAll, takeAll := op(opLocalGet, 0), op(opCall, 0), op(opCall, 1)
	half := maxBody / 2
	for _, tc := range []struct {
		name string
		body []byte
	}{
		// Most operations for a byte: eight ifs of what a call gives.
		{"ifs", bytes.Repeat(join(pushAll, bytes.Repeat([]byte{opIf, 0x40, opEnd}, maxResults)), 3300)},
		// Most labels for an operation, which are kept in maps.
		{"branches", bytes.Repeat(join(pushAll, bytes.Repeat(op(opBrIf, 0), maxResults)), 7000)},
		// The highest stack of values.
		{"stack", bytes.Repeat(join(bytes.Repeat(pushAll, maxStack/maxResults), bytes.Repeat(op(opDrop), maxStack)), half/maxStack)},
		// Most values that one byte checks, where none need be put there.
		{"unreachable", join(op(opUnreachable), bytes.Repeat(takeAll, half-100))},
		{"results", join(op(opBlock), sleb(3), pushAll, bytes.Repeat(join(get, op(opBrIf, 0)), 60_000), op(opUnreachable), op(opEnd), op(opUnreachable))},
		// Sums, as in most programs: 6.5 MB.
		{"sums", bytes.Repeat(join(get, i32Const(1<<20), op(0x6a), op(opLocalSet, 0)), 26_000)},
		// Most targets.
		{"table", join(get, op(opBrTable, maxBody-100), make([]byte, maxBody-99))},
		{"tables", bytes.Repeat(join(op(opBlock), sleb(-64), get, op(opBrTable, 0, 0), op(opEnd)), 24_000)},
		{"nesting", join(bytes.Repeat(join(op(opLoop), sleb(-64)), maxNesting-1), bytes.Repeat(op(opEnd), maxNesting-1))},
	} {
		t.Run(tc.name, func(t *testing.T) {
			compileLargest(t, len(tc.body), func(n int) []byte {
				b := &builder{}
				b.importFunction(importLog, "log", b.signature(nil, numbers))
				b.importFunction(importLog, "log", b.signature(many, nil))
				s := b.signature(number, nil)
				b.signature(nil, numbers)
				for range n {
					b.function(s, nil, tc.body)
				}
				return b.bytes()
			})
		})
	}
	t.Run("all at once", func(t *testing.T) { compileLargest(t, len(ifs), fullHouse) })
}

// TestVetBoundsCompiler compiles the functions that the compiler needs longest for,
// relative to what they are. Between functions it looks at its deadline.
func TestVetBoundsCompiler(t *testing.T) {
	SkipLong(t)
	get := op(opLocalGet, 0)
	var uses []byte
	for i := range uint32(maxLocals) {
		uses = join(uses, op(opLocalGet), uleb(i), op(opDrop))
	}
	many := [][]byte{locals(maxLocals-1, i64)} // and a parameter
	for _, tc := range []struct {
		name   string
		locals [][]byte
		body   []byte
	}{
		{"nesting", nil, join(bytes.Repeat(join(op(opLoop), sleb(-64)), maxNesting-1), bytes.Repeat(op(opEnd), maxNesting-1))},
		{"branches", many, join(bytes.Repeat(join(op(opBlock), sleb(-64), get, op(opBrIf, 0), op(opEnd)), maxLive/maxLocals/2), uses)},
		{"loops", many, join(bytes.Repeat(join(op(opLoop), sleb(-64), get, op(opBrIf, 0), op(opEnd)), maxLive/maxLocals/2), uses)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &builder{}
			b.function(b.signature(types(i32), nil), tc.locals, tc.body)
			vetted, err := Vet(b.bytes())
			if err != nil {
				t.Fatal(err)
			}
			start, before := worked(), allocated()
			p, err := compileModule(t, Compiler, vetted)
			t.Logf("%v, %d MiB", worked()-start, (allocated()-before)>>20)
			if err != nil {
				t.Fatal(err)
			}
			p.Close()
		})
	}
}

// compileLargest compiles the largest module that is accepted of those with n
// functions, which have so many bytes each.
func compileLargest(t *testing.T, size int, module func(n int) []byte) {
	n := sort.Search(maxModule/size, func(n int) bool { _, err := Vet(module(n + 1)); return err != nil })
	_, err := Vet(module(n + 1))
	if e, ok := err.(*Error); !ok || e.Reason != Limit {
		t.Fatalf("one more than %d: %v", n, err)
	}
	vetted, err := Vet(module(n))
	if err != nil || n == 0 {
		t.Fatalf("with %d functions: %v", n, err)
	}
	start, before := worked(), allocated()
	p, err := compileModule(t, Interpreter, vetted)
	t.Logf("%d functions, %d bytes: %v, %d MiB", n, len(vetted), worked()-start, (allocated()-before)>>20)
	if err != nil {
		t.Fatal(err)
	}
	p.Close()
}

// ifs is code of which the interpreter makes much.
var ifs = bytes.Repeat(join(op(opLocalGet, 0), op(opIf), sleb(-64), op(opEnd)), 1000)

// fullHouse is a module with the most of everything, and so much code.
func fullHouse(n int) []byte {
	b := &builder{}
	s := b.signature(types(i32), nil)
	for i := range maxTypes - 1 {
		parameters := bytes.Repeat(types(i64), maxParameters)
		for bit := range 10 {
			if i>>bit&1 == 1 {
				parameters[bit] = i32
			}
		}
		b.signature(parameters, bytes.Repeat(types(i64), maxResults))
	}
	for i := range maxImports {
		b.importFunction(importLog, fmt.Sprint(i), s)
	}
	b.memory(bounds(1))
	b.table(bounds(maxElements))
	for range maxGlobals {
		b.global(i64, i64Const(1))
	}
	for i := range maxExports {
		b.export(fmt.Sprint(i), kindFunction, 0)
	}
	for range maxSegments - 1 {
		b.elements(0)
	}
	b.elements(0, make([]uint32, maxElements)...)
	for range maxDataSegments {
		b.data(0, nil)
	}
	for range n {
		b.function(s, nil, ifs)
	}
	for range maxFunctions - n {
		b.function(s, [][]byte{locals(maxLocalsInAll/maxFunctions, i64)})
	}
	b.names(slices.Repeat([]string{strings.Repeat("n", 100)}, maxFunctions+maxImports)...)
	return b.bytes()
}
