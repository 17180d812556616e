package wasm

import (
	"context"
	"errors"
	"testing"
)

// unfit is a context with which the engine panics, as the compiler does on a
// machine that it has no code for.
type unfit struct{ context.Context }

func (unfit) Value(any) any { panic("unsupported architecture\nand more") }

// TestLoadPanic holds that an engine that panics does not take rbt along.
func TestLoadPanic(t *testing.T) {
	for _, engine := range []string{Interpreter, Compiler} {
		_, err := Load(unfit{t.Context()}, File(t, "good"), Options{Engine: engine})
		var failed *Error
		if !errors.As(err, &failed) || failed.Error() != "load: bad_module: the "+engine+" gave up: unsupported architecture" {
			t.Errorf("%s: %v", engine, err)
		}
	}
}
