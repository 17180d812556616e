package wasm

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"

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
	// once the module is quarantined. It is needed by all who use more than
	// [Policy.Call].
	Fallback policy.Policy
	// Log gets what the module logs, from goroutines of its own. Nil drops it.
	Log func(level slog.Level, text string)
}

// Sum is the SHA-256 of a module, in hex digits of lower case.
func Sum(module []byte) string {
	sum := sha256.Sum256(module)
	return hex.EncodeToString(sum[:])
}

// Load makes a policy of a module. Its errors are of type [*Error], but ctx's
// own where that is cancelled. The caller closes the policy.
func Load(ctx context.Context, module []byte, o Options) (*Policy, error) {
	p := newPolicy(module, o)
	if err := p.load(ctx, module); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func newPolicy(module []byte, o Options) *Policy {
	p := &Policy{
		limits: o.Limits.orDefaults(), fallback: o.Fallback, log: o.Log, config: o.Config,
		info:   policy.Info{SHA256: Sum(module), Engine: cmp.Or(o.Engine, Interpreter)},
		logged: map[string]bool{},
	}
	if c := bytes.TrimSpace(p.config); len(c) == 0 || string(c) == "null" {
		p.config = json.RawMessage("{}")
	}
	p.life, p.end = context.WithCancel(context.Background())
	return p
}

// load compiles the module, looks at it and asks it who it is.
func (p *Policy) load(ctx context.Context, module []byte) error {
	v, err := vet(module)
	if err != nil {
		return err
	}
	if err := p.checkOutline(v.outline); err != nil {
		return err
	}
	if err := p.compile(ctx, v.kept); err != nil {
		return err
	}
	if err := p.checkImports(); err != nil {
		return err
	}
	if err := p.checkExports(); err != nil {
		return err
	}
	return p.describe(ctx)
}

// compile prepares the module for its instances, and what it may import.
func (p *Policy) compile(ctx context.Context, module []byte) (err error) {
	defer func() { // of the engine: the compiler panics on a machine that it has no code for
		if v := recover(); v != nil {
			err = loadError(BadModule, "the %s gave up: %s", p.info.Engine, clean(firstLine(fmt.Sprint(v)), maxNote))
		}
	}()
	config, err := p.engineConfig()
	if err != nil {
		return err
	}
	p.engine = wazero.NewRuntimeWithConfig(ctx, config.
		WithCoreFeatures(api.CoreFeaturesV2&^(api.CoreFeatureReferenceTypes|api.CoreFeatureSIMD)).
		WithMemoryLimitPages(p.limits.pages()).
		WithCloseOnContextDone(true).
		WithDebugInfoEnabled(false))
	ctx, cancel := context.WithTimeout(ctx, p.limits.Load)
	defer cancel()
	ctx = experimental.WithFunctionListenerFactory(ctx, meters{})
	ctx = experimental.WithCompilationWorkers(ctx, 2) // a guest in Go: 0.8 s instead of 1.5
	if err = provide(ctx, p.engine); err == nil {
		p.compiled, err = p.engine.CompileModule(ctx, module)
	}
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case ctx.Err() != nil:
		return loadError(Timeout, "not compiled within %s", p.limits.Load)
	case err == nil:
		return nil
	}
	return loadError(BadModule, "%s", firstLine(err.Error()))
}

func (p *Policy) engineConfig() (wazero.RuntimeConfig, error) {
	switch p.info.Engine {
	case Interpreter:
		return wazero.NewRuntimeConfigInterpreter(), nil
	case Compiler:
		return wazero.NewRuntimeConfigCompiler(), nil
	}
	return nil, loadError(BadSettings, "there is no engine %q, but %q and %q", p.info.Engine, Interpreter, Compiler)
}

// describe asks the module who it is, and whether it accepts the config.
func (p *Policy) describe(ctx context.Context) error {
	input, err := p.describeRequest()
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
		return c.failure(BadSettings, "%s", strings.TrimPrefix(d.message, BadSettings+": "))
	}
	p.info.Name, p.info.Version = d.name, d.version
	return nil
}

func (p *Policy) describeRequest() ([]byte, error) {
	return json.Marshal(struct {
		Config json.RawMessage `json:"config"`
	}{p.config})
}

func loadError(code, format string, args ...any) *Error {
	return &Error{Op: opLoad, Reason: code, Detail: fmt.Sprintf(format, args...)}
}
