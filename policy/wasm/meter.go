package wasm

import (
	"context"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
	"github.com/tetratelabs/wazero/sys"
)

// meters count the function calls of guests, those of what they import too. The
// engine looks at deadlines where loops begin; a guest that calls without looping
// passes none (45 functions that each call the next one twice ran until they were
// killed). So each call of a function looks as well.
type meters struct{}

// NewFunctionListener has every function metered.
func (meters) NewFunctionListener(api.FunctionDefinition) experimental.FunctionListener {
	return meter{}
}

type meter struct{}

// Before counts, and ends the guest where it has made too many calls or its
// deadline has passed.
func (meter) Before(ctx context.Context, m api.Module, _ api.FunctionDefinition, _ []uint64, _ experimental.StackIterator) {
	c := callOf(ctx)
	c.made++
	if c.made > c.most {
		panic(errFuel)
	}
	if m.IsClosed() {
		panic(sys.NewExitError(sys.ExitCodeDeadlineExceeded))
	}
}

func (meter) After(context.Context, api.Module, api.FunctionDefinition, []uint64) {}

func (meter) Abort(context.Context, api.Module, api.FunctionDefinition, error) {}
