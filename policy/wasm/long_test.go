package wasm

import "testing"

// SkipLong skips a test that compiles or runs much code of modules. The engines take
// fifteen times as long with the race detector, which sees nothing in what one
// goroutine does: make test runs the package with it and without.
func SkipLong(t testing.TB) {
	t.Helper()
	if testing.Short() || raced {
		t.Skip("runs modules for long")
	}
}
