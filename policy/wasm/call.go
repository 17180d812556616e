package wasm

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"
)

// call is one question to the module. It has an instance of its own, so that
// nothing that a call leaves behind, or breaks, reaches the next one.
type call struct {
	op        string
	seq       int
	checksABI bool
	made      int64 // function calls so far
	most      int64 // that it may make
	printed   printed
	lines     lines
}

// callKey is under which the context of a call carries it: the engine hands
// that context, and nothing else of ours, to what guests import and to meters.
type callKey struct{}

func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

var errFuel = errors.New("too many function calls")

func (p *Policy) newCall(op string, seq int) *call {
	return &call{op: op, seq: seq, most: p.limits.Calls, lines: lines{log: p.log}}
}

// do asks the question. Its error is an [*Error], or ctx's own where that has
// ended: then nobody wants to know any more.
func (p *Policy) do(ctx context.Context, c *call, input []byte) (output []byte, err error) {
	if len(input) > maxInput {
		return nil, c.failure(TooLarge, "the question has %d bytes, more than %d", len(input), maxInput)
	}
	limit := p.limits.Call
	if c.op == opDescribe {
		limit = p.limits.Load
	}
	deadline, cancel := context.WithTimeout(context.WithValue(ctx, callKey{}, c), limit)
	defer cancel()
	defer c.lines.close()
	defer func() { // of the engine: guests cannot raise one
		if v := recover(); v != nil {
			output, err = nil, c.failure(Trap, "the engine gave up: %v", v)
		}
	}()
	output, err = p.ask(deadline, c, input)
	var known *Error
	switch {
	case err == nil || errors.As(err, &known):
		return output, err
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case deadline.Err() != nil:
		return nil, c.failure(Timeout, "no answer within %s", limit)
	}
	return nil, c.stopped(err)
}

// ask makes an instance, lets it run and throws it away.
func (p *Policy) ask(ctx context.Context, c *call, input []byte) ([]byte, error) {
	m, err := p.engine.InstantiateModule(ctx, p.compiled, p.instanceConfig(c))
	if err != nil {
		return nil, err
	}
	defer m.Close(context.WithoutCancel(ctx))
	if c.checksABI {
		if err := c.checkABI(ctx, m); err != nil {
			return nil, err
		}
	}
	ptr, err := c.put(ctx, m, input)
	if err != nil {
		return nil, err
	}
	result, err := m.ExportedFunction("rbt_"+c.op).Call(ctx, uint64(ptr), uint64(len(input)))
	if err != nil {
		return nil, err
	}
	p.grown(m)
	return c.get(m, result[0])
}

// instanceConfig gives an instance nothing of the outside: the engine's own
// clock and randomness are the same in every instance, standard input is empty,
// there are no files, and what it prints is kept for errors.
func (p *Policy) instanceConfig(c *call) wazero.ModuleConfig {
	config := wazero.NewModuleConfig().WithName("").WithStdout(&c.printed).WithStderr(&c.printed).WithStartFunctions()
	if p.starts {
		config = config.WithStartFunctions(exportInitialize)
	}
	return config
}

// checkABI refuses a module that speaks another version.
func (c *call) checkABI(ctx context.Context, m api.Module) error {
	result, err := m.ExportedFunction(exportABI).Call(ctx)
	if err != nil {
		return err
	}
	if version := api.DecodeU32(result[0]); version>>16 != abiMajor {
		return loadError(ABIMismatch, "the module speaks version %d.%d of the interface, and this rbt speaks %d.%d",
			version>>16, version&0xffff, abiMajor, abiMinor)
	}
	return nil
}

// put writes the question where the module wants to have it.
func (c *call) put(ctx context.Context, m api.Module, input []byte) (ptr uint32, err error) {
	result, err := m.ExportedFunction(exportAlloc).Call(ctx, uint64(len(input)))
	if err != nil {
		return 0, err
	}
	ptr = api.DecodeU32(result[0])
	if ptr == 0 {
		return 0, c.failure(BadPointer, "%s(%d) returned 0: there is no room for the question", exportAlloc, len(input))
	}
	if !m.Memory().Write(ptr, input) {
		return 0, c.failure(BadPointer, "%s(%d) returned %d, and the memory ends at %d", exportAlloc, len(input), ptr, m.Memory().Size())
	}
	return ptr, nil
}

// get copies the answer.
func (c *call) get(m api.Module, packed uint64) ([]byte, error) {
	ptr, size := uint32(packed>>32), uint32(packed)
	switch {
	case size == 0:
		return nil, c.failure(Empty, "the answer has no bytes")
	case size > maxOutput && uint64(ptr)+uint64(size) <= uint64(m.Memory().Size()):
		return nil, c.failure(TooLarge, "the answer has %d bytes, more than %d", size, maxOutput)
	}
	answer, ok := view(m, ptr, size)
	if !ok {
		return nil, c.failure(BadPointer, "the answer is %d bytes at %d, and the memory ends at %d", size, ptr, m.Memory().Size())
	}
	return append([]byte(nil), answer...), nil
}

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
	return c.failure(Trap, "%s%s", firstLine(strings.TrimPrefix(err.Error(), "wasm error: ")), said)
}

func (c *call) failure(code, format string, args ...any) *Error {
	return &Error{Op: c.op, Reason: code, Detail: fmt.Sprintf(format, args...), Seq: c.seq}
}
