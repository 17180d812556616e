//go:build wasip1

package main

import "github.com/rapidbyte/rbt/policy/guest"

// What rbt calls. A half that is not here the built-in policy does.

//go:wasmexport rbt_abi
func abi() uint32 { return guest.ABI() }

//go:wasmexport rbt_alloc
func alloc(size uint32) uint32 { return guest.Alloc(size) }

//go:wasmexport rbt_describe
func describe(at, size uint32) uint64 { return guest.Describe(New(), at, size) }

//go:wasmexport rbt_propose
func propose(at, size uint32) uint64 { return guest.Propose(New(), at, size) }

//go:wasmexport rbt_score
func score(at, size uint32) uint64 { return guest.Score(New(), at, size) }
