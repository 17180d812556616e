package wasm

import (
	"errors"
	"strings"

	"github.com/tetratelabs/wazero/sys"
)

// stopped says what ended a guest. Only what is known here counts: a guest can
// exit with any code, that of a timeout too.
func (c *call) stopped(err error) *Error {
	var exit *sys.ExitError
	said := c.printed.excerpt()
	switch {
	case errors.Is(err, errFuel) || c.made > c.most:
		return c.failure(Fuel, "more than %d function calls", c.most)
	case errors.As(err, &exit):
		return c.failure(Exit, "it ended itself with code %d%s", exit.ExitCode(), said)
	}
	return c.failure(Trap, "%s%s", trapText(err.Error()), said)
}

// trapText is what the engine says of a trap, in one line: without its own name,
// and with that of the guest's function where there is one.
//
//	module[] function[_initialize] failed: wasm error: unreachable
//	wasm stack trace:
//		.policy.fail(i32)
//		.rbt_propose(i32,i32) i64
func trapText(text string) string {
	what, trace, _ := strings.Cut(text, "\nwasm stack trace:\n\t")
	what = strings.TrimPrefix(what, "module[] ")
	what = strings.TrimSuffix(strings.Replace(what, "wasm error: ", "", 1), " (recovered by wazero)")
	what = firstLine(what)
	for frame := range strings.Lines(trace) {
		module, _, _ := strings.Cut(frame, ".")
		if imported()[strings.TrimSpace(module)] != nil {
			continue // ours
		}
		name, _, _ := strings.Cut(strings.TrimSpace(frame), "(")
		if name = strings.TrimPrefix(name, "."); !strings.HasPrefix(name, "$") {
			what += ", in " + clean(name, maxName)
		}
		break
	}
	return what
}
