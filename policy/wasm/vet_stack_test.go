package wasm

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// TestVetStack holds how high the stack of a function is, of code that is valid.
func TestVetStack(t *testing.T) {
	push := func(n int) []byte { return bytes.Repeat(i32Const(1), n) }
	drop := func(n int) []byte { return bytes.Repeat(op(opDrop), n) }
	nothing, number := sleb(-64), sleb(-1)
	for _, tc := range []struct {
		name string
		body []byte
		want int
	}{
		{"nothing", nil, 0},
		{"pushed", join(push(7), drop(7)), 7},
		{"again and again", bytes.Repeat(join(push(2), drop(2)), 100), 2},
		{"called", join(push(2), op(opCall, 1), drop(3)), 3},
		{"imported", join(push(3), op(opCall, 0)), 3},
		{"called by the table", join(push(3), op(opCallIndirect, 1, 0), drop(3)), 3},
		{"in blocks", join(push(2), op(opBlock), nothing, push(2), op(opLoop), nothing, push(3), drop(3), op(opEnd), drop(2), op(opEnd), drop(2)), 7},
		{"of a block", join(bytes.Repeat(join(op(opBlock), number, push(1), op(opEnd)), 9), drop(9)), 9},
		{"into a block", join(push(2), op(opBlock), sleb(1), drop(2), push(3), op(opEnd), drop(3)), 3},
		{"if", join(push(1), op(opIf), number, push(5), drop(4), op(opElse), push(2), drop(1), op(opEnd), drop(1)), 5},
		{"branches", join(op(opBlock), nothing, bytes.Repeat(join(push(3), op(opBr, 0), op(opEnd), op(opBlock), nothing), 50), op(opEnd)), 3},
		{"a branch perhaps", bytes.Repeat(join(push(1), op(opBrIf, 0)), 50), 1},
		{"a branch of many", join(push(1), op(opBrTable, 1, 0, 0), drop(3), push(2), drop(2)), 2},
		{"returns", join(push(2), op(opReturn), bytes.Repeat(op(0x6a), 9), push(1), op(opUnreachable)), 2},
		{"nothing there", join(op(opUnreachable), bytes.Repeat(op(opSelect), 9), drop(9), push(4), drop(4)), 4},
		{"sums", join(push(1), bytes.Repeat(join(push(1), op(0x6a)), 50), drop(1)), 2},
		{"memory", join(bytes.Repeat(join(push(2), op(0x36, 0, 0), push(1), op(opI32Load, 0, 0), drop(1), push(3), op(opMore, moreMemoryFill, 0)), 9)), 3},
		{"pages", bytes.Repeat(join(op(opMemorySize, 0), op(opMemoryGrow, 0), drop(1)), 9), 1},
		{"variables", join(bytes.Repeat(join(op(opLocalGet, 0), op(opLocalTee, 0), op(opLocalSet, 0), op(opGlobalGet, 0), op(opGlobalSet, 0)), 9)), 1},
		{"choices", bytes.Repeat(join(push(3), op(opSelect), drop(1)), 9), 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := &builder{}
			log := b.signature(types(i32, i32, i32), nil)
			three := b.signature(types(i32, i32), types(i32, i32, i32))
			b.importFunction(importLog, "log", log)
			b.memory(bounds(1))
			b.table(bounds(1))
			b.global(i32, i32Const(0))
			b.function(three, nil, op(opUnreachable))
			b.function(b.signature(nil, nil), [][]byte{locals(1, i32)}, tc.body)
			v := newVetter(b.bytes())
			v.read()
			if v.err != nil || v.stack.highest != tc.want {
				t.Errorf("%d values, want %d, error %v", v.stack.highest, tc.want, v.err)
			}
			if err := tryModule(t, b.bytes()); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestVetNumeric holds how many values each instruction of numbers takes to what
// the engine accepts.
func TestVetNumeric(t *testing.T) {
	r := wazero.NewRuntimeWithConfig(t.Context(), wazero.NewRuntimeConfigInterpreter())
	defer r.Close(t.Context())
	all := types(0x7c, 0x7d, i64, i32)
	accepts := func(code byte, takes int) bool {
		for _, from := range all {
			for _, to := range all {
				b := &builder{}
				gets := op(opLocalGet, 0)
				b.function(b.signature(types(from), types(to)), nil, bytes.Repeat(gets, takes), op(code))
				if m, err := r.CompileModule(t.Context(), b.bytes()); err == nil {
					m.Close(t.Context())
					return true
				}
			}
		}
		return false
	}
	for code := opI32Eqz; code <= opI64Extend32; code++ {
		for takes := 1; takes <= 2; takes++ {
			if got := accepts(byte(code), takes); got != (numeric(byte(code)) == takes) {
				t.Errorf("%#x takes %d values, and with %d the engine accepts it: %v", code, numeric(byte(code)), takes, got)
			}
		}
	}
}

// TestVetStackLimit holds that so many values are accepted, and no more.
func TestVetStackLimit(t *testing.T) {
	if _, err := Vet(stacked(maxStack)); err != nil {
		t.Error(err)
	}
	_, err := Vet(stacked(maxStack + 1))
	if want := fmt.Sprintf("%d values on the stack of one function, more than %d", maxStack+1, maxStack); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}
