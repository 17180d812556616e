package main

// The policy that a pipeline file brings as a module.

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// tuner is who tunes.
type tuner struct {
	policy policy.Policy
	module *wasm.Policy  // that policy is; nil where it is the built-in one
	fault  *policy.Fault // why it is not the module; nil where the file names none
}

// openTuner loads the module that the pipeline file names, if it does and
// anything is tuned. A file that cannot be read, another one than the file's
// sha256 says, and a config that the module does not accept are mistakes of the
// pipeline file. With any other module that cannot be used the built-in policy
// tunes, and says why.
func (j *job) openTuner(ctx context.Context, u *ui) error {
	p := j.pipeline.Autotune.Policy
	if j.untuned != "" || p.Kind != "wasm" {
		return nil
	}
	bytes, err := os.ReadFile(p.Module)
	if err != nil {
		return j.policyMistake("module", "the policy's module cannot be read: "+plainPathError(err), "the path is taken from the pipeline file's folder")
	}
	if sum := wasm.Sum(bytes); p.SHA256 != "" && sum != p.SHA256 {
		return j.policyMistake("sha256", "the policy's module is another one: its SHA-256 is "+sum, "check the module, then write this sum")
	}
	module, err := wasm.Load(ctx, bytes, moduleOptions(p, u))
	var failed *wasm.Error
	switch {
	case err == nil:
		j.tuner = tuner{policy: module, module: module}
	case errors.As(err, &failed) && failed.Reason == wasm.BadSettings:
		return j.policyMistake("config", "the policy does not accept its config: "+failed.Detail, "see what the policy's author says of it")
	case errors.As(err, &failed):
		j.tuner.fault = &policy.Fault{Reason: failed.Reason, Detail: filepath.Base(p.Module) + ": " + failed.Detail}
	default:
		return stopped(ctx, err)
	}
	return nil
}

// moduleOptions are what the pipeline file says of a module.
func moduleOptions(p hcl.Policy, u *ui) wasm.Options {
	return wasm.Options{
		Config:   p.Config,
		Engine:   p.Engine,
		Limits:   wasm.Limits{Memory: p.MaxMemory, Call: p.Timeout, Calls: p.MaxCalls},
		Fallback: builtin.New(),
		Log: func(level slog.Level, text string) {
			u.policySays(level, filepath.Base(p.Module), text)
		},
	}
}

// policySays passes on what a policy logs. What it says for debugging is for
// those who debug.
func (u *ui) policySays(level slog.Level, name, text string) {
	switch {
	case u.quiet && level < slog.LevelWarn, level < slog.LevelInfo && !debugging():
	case u.json:
		u.log.Log(context.Background(), level, text, "policy", name)
	default:
		u.say(level, "", fmt.Sprintf("policy %s: %s", oneLine(name), oneLine(text)))
	}
}

func (j *job) policyMistake(attribute, what, hint string) error {
	return &fileError{[]error{j.pipeline.ErrorAt(j.pipeline.Autotune.Policy.PosOf(attribute), what, hint)}}
}

// plainPathError says why a file cannot be read, and which.
func plainPathError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Path + ": " + path.Err.Error()
	}
	return err.Error()
}

func policyRequired(f policy.Fault) error {
	return withHints(fmt.Errorf("the policy cannot be used: %s (%s)", f.Detail, f.Reason),
		"rbt policy check, which looks at the module", "without --policy-required the built-in policy tunes")
}

// unusableText tells of a module that cannot be used.
func unusableText(f policy.Fault) string {
	return fmt.Sprintf("the policy cannot be used: %s (%s); another one tunes", oneLine(f.Detail), f.Reason)
}

// halvesText says what a module does itself.
func halvesText(propose, score bool) string {
	switch {
	case propose && score:
		return "proposes and scores"
	case propose:
		return "proposes; the built-in policy scores"
	}
	return "scores; the built-in policy proposes"
}

// proposes says whether what is tried is the module's choice.
func (t tuner) proposes() bool {
	if t.module == nil {
		return false
	}
	proposes, _ := t.module.Halves()
	return proposes
}

// notes say at the end of a run what became of the module.
func (t tuner) notes() []string {
	if t.module == nil || t.module.Quarantined() == "" {
		return nil
	}
	info := t.module.Module()
	return []string{fmt.Sprintf("policy %s was not asked any more: %s", policyText(info), t.module.Quarantined())}
}

func (t tuner) close() {
	if t.module != nil {
		t.module.Close()
	}
}
