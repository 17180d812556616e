//go:build wasip1

// Goguest is a policy as a guest in Go is: it reads and writes JSON.
package main

import (
	"encoding/json"
	"fmt"
	"unsafe"
)

var (
	question []byte
	answer   []byte // kept, so that it is not collected
)

//go:wasmexport rbt_abi
func abi() uint32 { return 1 << 16 }

//go:wasmexport rbt_alloc
func alloc(size uint32) uint32 {
	question = make([]byte, size)
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(question))))
}

//go:wasmexport rbt_describe
func describe(uint32, uint32) uint64 { return say(map[string]any{"name": "goguest", "version": "1"}) }

//go:wasmexport rbt_propose
func propose(uint32, uint32) uint64 {
	var request map[string]any
	if err := json.Unmarshal(question, &request); err != nil {
		panic(err)
	}
	return say(map[string]any{"candidates": []any{}, "note": fmt.Sprintf("%d fields", len(request))})
}

func say(v any) uint64 {
	answer, _ = json.Marshal(v)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}

func main() {}
