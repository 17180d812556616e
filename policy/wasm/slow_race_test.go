//go:build race

package wasm

// slowdown is by how much tests take longer than without the race detector.
const slowdown = 15
