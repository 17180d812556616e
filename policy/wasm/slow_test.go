//go:build !race

package wasm

// slowdown is by how much tests take longer than usual.
const slowdown = 1
