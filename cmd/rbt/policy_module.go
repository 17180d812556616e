package main

// The policy that a policy command is about.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// builtinName is the built-in policy where a command takes a module's file.
const builtinName = "builtin"

// What a module may take where it is not its time that counts.
const (
	patientLoad = time.Minute
	patientCall = 5 * time.Second
)

// chosenPolicy is what the flags of a command say of a policy.
type chosenPolicy struct {
	configText string
	engine     string
	config     json.RawMessage // of configText; nil where there is none
}

func (c *chosenPolicy) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.configText, "config", "", "the policy's config: `JSON`, or @FILE")
	cmd.Flags().StringVar(&c.engine, "engine", "", "run a module by the interpreter or the compiler (default interpreter)")
}

// check reads the flags, for the policy that file names.
func (c *chosenPolicy) check(file string) error {
	if file == builtinName {
		switch {
		case c.configText != "":
			return usage(errors.New("the built-in policy has no config"), "leave --config out")
		case c.engine != "":
			return usage(errors.New("the built-in policy is no module, and needs no engine"), "leave --engine out")
		}
		return nil
	}
	if c.engine != "" && c.engine != wasm.Interpreter && c.engine != wasm.Compiler {
		return usage(fmt.Errorf("there is no engine %q", c.engine), "--engine "+wasm.Interpreter, "--engine "+wasm.Compiler)
	}
	var err error
	c.config, err = readConfig(c.configText)
	return err
}

// readConfig reads JSON, or @ and the name of a file with JSON, and writes it as
// a pipeline file's config is written.
func readConfig(text string) (json.RawMessage, error) {
	if text == "" {
		return nil, nil
	}
	where := "--config"
	if name, isFile := strings.CutPrefix(text, "@"); isFile {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, usage(fmt.Errorf("--config: %s", plainPathError(err)))
		}
		text, where = string(content), name
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var config map[string]any
	if err := d.Decode(&config); err != nil || config == nil || d.More() {
		return nil, usage(fmt.Errorf("%s is not a JSON object", where), `--config '{"target": "2h"}'`, "--config @config.json")
	}
	return json.Marshal(config)
}

// load loads the module that file names. config is that of the flag, else the
// given one.
func (c *chosenPolicy) load(ctx context.Context, u *ui, file string, config json.RawMessage, limits wasm.Limits) (*wasm.Policy, error) {
	content, err := readModule(file)
	if err != nil {
		return nil, err
	}
	return c.loadBytes(ctx, u, file, content, config, limits)
}

// loadBytes does the same with what was read of the file.
func (c *chosenPolicy) loadBytes(ctx context.Context, u *ui, file string, content []byte, config json.RawMessage, limits wasm.Limits) (*wasm.Policy, error) {
	if c.config != nil {
		config = c.config
	}
	module, err := wasm.Load(ctx, content, wasm.Options{
		Config: config, Engine: c.engine, Limits: limits, Fallback: builtin.New(),
		Log: func(level slog.Level, text string) { u.policySays(level, filepath.Base(file), text) },
	})
	return module, stopped(ctx, err)
}

func readModule(file string) ([]byte, error) {
	content, err := wasm.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, usage(fmt.Errorf("there is no file %s", file),
			"a module, such as policy.wasm, or "+builtinName+" for the built-in policy")
	}
	var failed *wasm.Error
	if err != nil && !errors.As(err, &failed) {
		return nil, usage(errors.New(plainPathError(err)))
	}
	return content, err
}

// open opens the policy that file names, for questions that need no haste. A
// module that cannot be used is a bad file.
func (c *chosenPolicy) open(ctx context.Context, u *ui, file string, config json.RawMessage) (_ policy.Policy, release func(), err error) {
	if file == builtinName {
		return builtin.New(), func() {}, nil
	}
	module, err := c.load(ctx, u, file, config, wasm.Limits{Load: patientLoad, Call: patientCall})
	var failed *wasm.Error
	if errors.As(err, &failed) {
		return nil, nil, usage(fmt.Errorf("%s cannot be used: %w", file, failed), whatToDo(failed), "rbt policy check "+file)
	}
	if err != nil {
		return nil, nil, err
	}
	return module, func() { module.Close() }, nil
}

// onePolicy accepts one argument, a module or the built-in policy.
func onePolicy(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 1:
		return nil
	case len(args) == 0:
		return usage(errors.New("the policy is missing: a module's file, or "+builtinName), cmd.CommandPath()+" policy.wasm")
	}
	return usage(fmt.Errorf("one policy at a time, not %d", len(args)), cmd.CommandPath()+" "+args[0])
}

// unquarantined asks a module whatever it failed at before, as if each call was
// the first one, and gives it its config.
type unquarantined struct {
	*wasm.Policy
	config json.RawMessage
}

func (p unquarantined) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	r.Config = p.config
	return replayed[policy.Proposal](ctx, p.Policy, "propose", r)
}

func (p unquarantined) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	r.Config = p.config
	return replayed[policy.Scores](ctx, p.Policy, "score", r)
}

func replayed[T any](ctx context.Context, p *wasm.Policy, op string, request any) (answer T, err error) {
	input, err := json.Marshal(request)
	if err != nil {
		return answer, err
	}
	output, err := p.Replay(ctx, op, input)
	if err != nil {
		return answer, err
	}
	return output.(T), nil
}

// whatToDo says what the author of a module can do about a failure.
func whatToDo(e *wasm.Error) string {
	switch e.Reason {
	case wasm.BadModule:
		return "build the module again, for wasm32 and without newer features"
	case wasm.Limit:
		return "make the module smaller: what it may have is in policy/wasm/ABI.md"
	case wasm.MissingExport, wasm.BadSignature:
		return "export the functions as policy/wasm/ABI.md has them"
	case wasm.BadImport:
		return "import nothing but what policy/wasm/ABI.md lists"
	case wasm.ABIMismatch:
		return "build the module with the kit of this version of rbt"
	case wasm.BadSettings:
		return "give the policy a config that it accepts: --config JSON"
	case wasm.Trap, wasm.Exit:
		return "find what stops it: what a module prints is told, and what it logs for debugging with RBT_DEBUG=1"
	case wasm.BadPointer, wasm.Empty:
		return "return (place << 32) | length of an answer within the memory, and from rbt_alloc a place with room"
	case wasm.TooLarge:
		return "answer in fewer bytes"
	case wasm.BadOutput:
		return "answer with the JSON that policy/wasm/ABI.md describes"
	case wasm.BadScores:
		return "give every candidate of the evidence one score above 0, and no other one"
	case wasm.PolicyError:
		return "the policy says itself that it cannot answer: see why"
	case wasm.Timeout, wasm.Fuel:
		return slowText(e.Op)
	}
	return "see policy/wasm/ABI.md"
}

// slowText is for what takes too long. Only calls have a limit that can be
// raised.
func slowText(op string) string {
	if op == "load" || op == "describe" {
		return "make the module smaller, and do less when it begins; the interpreter needs less to begin than the compiler"
	}
	return `do less in a call, or allow more in the pipeline file: policy "wasm" { timeout = "1s", max_calls = 5000000 }`
}
