package wasm

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// checkVet holds what must be true of any bytes: they are refused with a reason,
// or what is left of them does no harm.
func checkVet(t reporter, module []byte) {
	given := slices.Clone(module)
	vetted, err := Vet(module)
	if !bytes.Equal(module, given) {
		t.Errorf("vetting changed the module")
	}
	if err != nil {
		e := new(Error)
		known := errors.As(err, &e) && e.Op == opLoad && slices.Contains([]string{BadModule, Limit, BadImport}, e.Reason)
		if !known || len(e.Detail) > 400 || strings.ContainsAny(e.Detail, "\n\x1b") {
			t.Errorf("%q", err)
		}
		return
	}
	if again, err := Vet(vetted); err != nil || !bytes.Equal(again, vetted) {
		t.Errorf("vetted a second time it is not the same: %v", err)
	}
	_ = tryModule(t, vetted) // which may find it invalid
}

// TestVetMutated changes a valid module in random places.
func TestVetMutated(t *testing.T) {
	full := everything()
	full.names("log", "started", "control")
	valid := full.bytes()
	rapid.Check(t, func(t *rapid.T) {
		module := slices.Clone(valid)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := rapid.IntRange(0, len(module)-1).Draw(t, "at")
			to := min(len(module), at+rapid.IntRange(0, 20).Draw(t, "bytes"))
			switch rapid.SampledFrom([]string{"set", "number", "insert", "remove", "repeat", "move"}).Draw(t, "change") {
			case "set":
				module[at] = rapid.Byte().Draw(t, "byte")
			case "number":
				module = slices.Replace(module, at, at+1, uleb(rapid.Uint32().Draw(t, "number"))...)
			case "insert":
				module = slices.Insert(module, at, rapid.SliceOfN(rapid.Byte(), 1, 9).Draw(t, "bytes")...)
			case "remove":
				module = slices.Delete(module, at, to)
			case "repeat":
				module = slices.Insert(module, at, module[at:to]...)
			case "move":
				from := rapid.IntRange(0, len(module)-1).Draw(t, "from")
				copy(module[at:to], module[from:])
			}
			if len(module) == 0 {
				break
			}
		}
		checkVet(t, module)
	})
}

// TestVetGenerated makes modules with functions that are valid for the most
// part, so that the engine has something to compile.
func TestVetGenerated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := everything()
		nothing := b.signature(nil, nil)
		for range rapid.IntRange(1, 4).Draw(t, "functions") {
			b.function(nothing, [][]byte{locals(3, i32)}, statements(t, 0))
		}
		checkVet(t, b.bytes())
	})
}

// statements leave nothing on the stack. There are so many blocks around them.
func statements(t *rapid.T, blocks uint32) []byte {
	var out []byte
	most := 8
	if blocks > 5 {
		most = 2
	}
	for range rapid.IntRange(0, most).Draw(t, "statements") {
		out = append(out, statement(t, blocks)...)
	}
	return out
}

func statement(t *rapid.T, blocks uint32) []byte {
	local := rapid.Uint32Range(0, 2)
	get := op(opLocalGet, local.Draw(t, "get"))
	label := rapid.Uint32Range(0, blocks)
	switch rapid.SampledFrom([]string{"set", "block", "loop", "if", "else", "br", "br_if", "br_table", "return", "call", "store", "any"}).Draw(t, "statement") {
	case "set":
		return join(get, i32Const(rapid.Int32().Draw(t, "constant")), op(rapid.ByteRange(0x6a, 0x78).Draw(t, "sum")), op(opLocalSet, local.Draw(t, "set")))
	case "block":
		return join(op(opBlock), sleb(-64), statements(t, blocks+1), op(opEnd))
	case "loop":
		return join(op(opLoop), sleb(-64), statements(t, blocks+1), op(opEnd))
	case "if":
		return join(get, op(opIf), sleb(-64), statements(t, blocks+1), op(opEnd))
	case "else":
		return join(get, op(opIf), sleb(-64), statements(t, blocks+1), op(opElse), statements(t, blocks+1), op(opEnd))
	case "br":
		return op(opBr, label.Draw(t, "label"))
	case "br_if":
		return join(get, op(opBrIf, label.Draw(t, "label")))
	case "br_table":
		return join(get, op(opBrTable, 2, label.Draw(t, "label"), label.Draw(t, "label"), label.Draw(t, "label")))
	case "return":
		return op(opReturn)
	case "call":
		return join(get, get, get, op(opCall, 0))
	case "store":
		return join(get, get, op(0x36, 2, rapid.Uint32().Draw(t, "offset")))
	}
	if rapid.IntRange(0, 9).Draw(t, "wrong") < 9 {
		return op(opNop)
	}
	return join([]byte{rapid.Byte().Draw(t, "instruction")}, rapid.SliceOfN(rapid.Byte(), 0, 4).Draw(t, "behind"))
}

// FuzzVet holds that what is accepted compiles within 2 s and 300 MiB. The
// corpus has the head of a guest in Go beside what is found.
func FuzzVet(f *testing.F) {
	full := everything()
	full.names("log", "started", "control")
	f.Add(full.bytes())
	f.Add(module())
	for _, b := range bombs() {
		f.Add(b.module)
	}
	f.Fuzz(func(t *testing.T, module []byte) { checkVet(t, module) })
}
