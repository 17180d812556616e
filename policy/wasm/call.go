package wasm

import (
	"context"
	"errors"
	"fmt"
	"time"

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
	return &call{op: op, seq: seq, most: p.limits.Calls, lines: lines{log: p.say}}
}

// do asks the question. Its error is an [*Error], or the caller's own where that
// has cancelled, or has closed the policy: then nobody wants to know any more.
//
// A guest that fills memory again and again passes no place where the engine
// looks at the deadline, for seconds where it has much of it. Its caller does not
// wait for it, and the failure counts at once; Close does.
func (p *Policy) do(ctx context.Context, c *call, input []byte) ([]byte, error) {
	if len(input) > maxInput {
		return nil, c.unaskable(TooLarge, "the question has %d bytes, more than %d", len(input), maxInput)
	}
	began := time.Now()
	deadline, cancel := context.WithTimeout(context.WithValue(ctx, callKey{}, c), p.patience(c.op))
	defer cancel()
	type result struct {
		output []byte
		err    error
	}
	answered := make(chan result, 1)
	go func() {
		output, err := p.attempt(deadline, c, input)
		answered <- result{output, err}
	}()
	var got result
	select {
	case got = <-answered:
	case <-deadline.Done():
		got.err = deadline.Err()
	case <-p.life.Done():
		got.err = errClosed
	}
	var known *Error
	switch {
	case got.err == nil || errors.As(got.err, &known):
		return got.output, got.err
	case p.life.Err() != nil:
		return nil, errClosed
	case errors.Is(ctx.Err(), context.Canceled):
		return nil, ctx.Err()
	case deadline.Err() != nil:
		until, _ := deadline.Deadline() // the caller's may be earlier than the module's
		return nil, c.failure(Timeout, "no answer within %s", until.Sub(began).Round(time.Millisecond))
	}
	return nil, c.stopped(got.err)
}

// attempt asks while the policy is open.
func (p *Policy) attempt(ctx context.Context, c *call, input []byte) (output []byte, err error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.life.Err() != nil {
		return nil, errClosed
	}
	defer c.lines.close()
	defer func() { // of the engine: guests cannot raise one
		if v := recover(); v != nil {
			output, err = nil, c.failure(Trap, "the engine gave up: %v", v)
		}
	}()
	return p.ask(ctx, c, input)
}

var errClosed = errors.New("the policy is closed")

// patience is how long a call may take.
func (p *Policy) patience(op string) time.Duration {
	if op == opDescribe {
		return p.limits.Load
	}
	return p.limits.Call
}

// ask makes an instance, lets it run and throws it away.
func (p *Policy) ask(ctx context.Context, c *call, input []byte) ([]byte, error) {
	m, err := p.engine.InstantiateModule(ctx, p.compiled, p.instanceConfig(c))
	if err != nil {
		return nil, err
	}
	defer m.Close(context.WithoutCancel(ctx))
	if m.IsClosed() && ctx.Err() == nil { // the engine takes that for a success
		return nil, c.stopped(sys.NewExitError(0))
	}
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

// unaskable is for a question that the module does not get.
func (c *call) unaskable(code, format string, args ...any) *Error {
	e := c.failure(code, format, args...)
	e.ours = true
	return e
}

func (c *call) failure(code, format string, args ...any) *Error {
	return &Error{Op: c.op, Reason: code, Detail: fmt.Sprintf(format, args...), Seq: c.seq}
}
