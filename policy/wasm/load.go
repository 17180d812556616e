package wasm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/rapidbyte/rbt/policy"
)

// Engines. The interpreter is slower and its code stays preemptible, so that a
// module can be stopped wherever it is; the compiler is for a module that its
// user trusts.
const (
	Interpreter = "interpreter"
	Compiler    = "compiler"
)

// Options say how a module is run.
type Options struct {
	// Config is the policy's own, an object; nil is {}.
	Config json.RawMessage
	// Engine is Interpreter, also where it is empty, or Compiler.
	Engine string
	Limits Limits
	// Fallback does the half that the module does not export, and all of it
	// once the module is quarantined.
	Fallback policy.Policy
	// Log gets what the module logs, from the goroutine that calls it. Nil
	// drops it.
	Log func(level slog.Level, text string)
}

// Sum is the SHA-256 of a module, in hex digits of lower case.
func Sum(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// Load makes a policy of a module. Its errors are of type [*Error]. The caller
// closes the policy.
func Load(ctx context.Context, module []byte, o Options) (_ *Policy, err error) {
	p := &Policy{
		limits: o.Limits.orDefaults(), fallback: o.Fallback, log: o.Log,
		config: o.Config, logged: map[string]bool{},
	}
	if len(p.config) == 0 {
		p.config = json.RawMessage("{}")
	}
	p.info = policy.Info{SHA256: Sum(module), Engine: Interpreter}
	if o.Engine == Compiler {
		p.info.Engine = Compiler
	}
	vetted, err := Vet(module)
	if err != nil {
		return nil, err
	}
	p.functions = functionsOf(vetted)
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.compile(ctx, vetted); err != nil {
		return nil, err
	}
	if err := p.checkImports(); err != nil {
		return nil, err
	}
	if err := p.checkExports(); err != nil {
		return nil, err
	}
	return p, p.describe(ctx)
}

// compile prepares the module for its instances, and what it may import.
func (p *Policy) compile(ctx context.Context, module []byte) error {
	config := wazero.NewRuntimeConfigInterpreter()
	if p.info.Engine == Compiler {
		config = wazero.NewRuntimeConfigCompiler()
	}
	p.engine = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(api.CoreFeaturesV2&^(api.CoreFeatureReferenceTypes|api.CoreFeatureSIMD)).
		WithMemoryLimitPages(p.limits.pages()).
		WithCloseOnContextDone(true).
		WithDebugInfoEnabled(false))
	if err := provide(ctx, p.engine); err != nil {
		return fmt.Errorf("preparing for modules: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, p.limits.Load)
	defer cancel()
	ctx = experimental.WithFunctionListenerFactory(ctx, meters{})
	ctx = experimental.WithCompilationWorkers(ctx, 2) // a guest in Go: 0.8 s instead of 1.5
	var err error
	p.compiled, err = p.engine.CompileModule(ctx, module)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case err != nil && ctx.Err() != nil:
		return loadError(Timeout, "not compiled within %s", p.limits.Load)
	case err != nil:
		return loadError(BadModule, "%s", firstLine(err.Error()))
	}
	return nil
}

// describe asks the module who it is, and whether it accepts the config.
func (p *Policy) describe(ctx context.Context) error {
	input, err := json.Marshal(struct {
		Config json.RawMessage `json:"config"`
	}{p.config})
	if err != nil {
		return &Error{Op: opDescribe, Reason: BadInput, Detail: err.Error()}
	}
	c := p.newCall(opDescribe, 0)
	c.checksABI = true
	output, err := p.do(ctx, c, input)
	if err != nil {
		return err
	}
	d, err := readDescription(output)
	if err != nil {
		return c.failure(BadOutput, "%s", err.Error())
	}
	if d.failed {
		return c.failure(BadSettings, "%s", d.message)
	}
	p.info.Name, p.info.Version = d.name, d.version
	return nil
}

func loadError(code, format string, args ...any) *Error {
	return &Error{Op: opLoad, Reason: code, Detail: fmt.Sprintf(format, args...)}
}
