package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/policytest"
)

func policyTestCommand(u *ui) *cobra.Command {
	t := policyTest{u: u}
	cmd := &cobra.Command{
		Use:   "test MODULE|builtin --trace TRACE …",
		Short: "Ask a policy what traces of runs asked, and compare",
		Long: `Ask a policy every question that a trace of a run has, and show where it answers
differently than the trace has it. --update writes the new answers into the trace.
Numbers that agree to nine digits are the same. A recorded timeout stands as it is.

Where a file of expectations is beside a trace, orders.expect beside orders.jsonl,
decisions are tested instead, over the windows that the trace has:

  stream public.orders: parallelism >= 8, copy_flush_bytes >= 16MiB
  stream public.*: reason = lead, fault = none, lead >= 5%

--config has them made with another config; a recorded question keeps its own.
--calls compares the answers there, too. What the run did not try borrows the
windows of the nearest setting that it did, and is told. Neither test says that a
policy is faster: for that there are rbt policy bench and real runs.

Several traces, and patterns such as 'traces/*.jsonl', can be given. The exit code is
1 where something differs.`,
		Example: `  rbt policy test policy.wasm --trace orders.jsonl
  rbt policy test policy.wasm --trace 'testdata/*.jsonl' --update
  rbt policy test builtin --trace .rbt/runs/01M847WPY8SVS2950CR0SXJ1PT/trace.jsonl`,
		Args: policyAndTraces,
	}
	cmd.Flags().StringArrayVar(&t.traces, "trace", nil, "a trace `FILE`, or a pattern; may be given several times")
	cmd.Flags().BoolVar(&t.update, "update", false, "write the answers that differ into the traces")
	cmd.Flags().BoolVar(&t.calls, "calls", false, "compare the answers also where there are expectations")
	t.chosen.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		t.file = args[0]
		t.traces = append(t.traces, args[1:]...)
		return t.run(cmd.Context())
	}
	return cmd
}

// policyAndTraces accepts a policy. What follows are more traces: a shell makes
// them of a pattern behind --trace.
func policyAndTraces(cmd *cobra.Command, args []string) error {
	if len(args) > 1 && cmd.Flags().Changed("trace") {
		return nil
	}
	return onePolicy(cmd, args)
}

// policyTest is what a command asks for.
type policyTest struct {
	u             *ui
	file          string
	traces        []string // files and patterns
	update, calls bool
	chosen        chosenPolicy
	differ        int // traces
}

// testedTrace is a trace, and what is expected beside it.
type testedTrace struct {
	*policytest.Trace
	expected *policytest.Expectations // nil where nothing is
}

func (t *policyTest) run(ctx context.Context) error {
	if err := t.chosen.check(t.file); err != nil {
		return err
	}
	traces, err := t.load()
	if err != nil {
		return err
	}
	if t.file != builtinName { // before a trace is blamed for it
		if _, err := readModule(t.file); err != nil {
			return err
		}
	}
	for _, tr := range traces {
		if err := t.test(ctx, tr); err != nil {
			return stopped(ctx, err)
		}
	}
	if t.differ == 0 {
		return nil
	}
	if len(traces) > 1 {
		t.u.printf("%d of %d traces differ\n", t.differ, len(traces))
	}
	return errReported
}

// load reads all traces and expectations, so that what is wrong with any of them
// is said before anything is tested.
func (t *policyTest) load() ([]testedTrace, error) {
	paths, err := tracePaths(t.traces)
	if err != nil {
		return nil, err
	}
	var traces []testedTrace
	var empty []error
	for _, path := range paths {
		tr, err := policytest.Load(path)
		if err != nil {
			return nil, usage(err)
		}
		x, err := policytest.LoadExpectations(policytest.ExpectationsPath(path))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, usage(err)
		}
		if why := tr.Untested(); why != "" && x == nil {
			empty = append(empty, fmt.Errorf("%s: there is nothing to test: %s", path, why))
			continue
		}
		if t.update && x != nil && !t.calls {
			return nil, usage(fmt.Errorf("%s: its decisions are tested, as %s says, and --update is about answers", path, x.Path),
				"--update --calls")
		}
		if t.chosen.config != nil && (x == nil || t.calls) {
			return nil, usage(fmt.Errorf("%s: --config does not reach answers: each question keeps the config that it was asked with", path),
				decisionsOnly(path, x))
		}
		traces = append(traces, testedTrace{tr, x})
	}
	if len(traces) == 0 {
		return nil, usage(errors.Join(empty...), "a trace of a run that was tuned")
	}
	for _, err := range empty {
		t.u.note("%v", err)
	}
	return traces, nil
}

// decisionsOnly says how decisions are tested, and answers not compared.
func decisionsOnly(path string, x *policytest.Expectations) string {
	if x != nil {
		return "leave --calls out: the decisions that " + x.Path + " expects are tested with that config"
	}
	return "write what should be decided with that config into " + policytest.ExpectationsPath(path)
}

// tracePaths resolves files and patterns. One that there is not is a mistake.
func tracePaths(names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, usage(errors.New("--trace is missing: which run shall the policy be asked about?"),
			"--trace trace.jsonl", "rbt run pipeline.hcl --trace trace.jsonl, which records one")
	}
	var paths []string
	for _, name := range names {
		if _, err := os.Stat(name); err == nil {
			paths = append(paths, name)
			continue
		}
		found, err := filepath.Glob(name)
		switch {
		case err != nil:
			return nil, usage(fmt.Errorf("%q is no pattern: %w", name, err))
		case len(found) == 0 && strings.ContainsAny(name, "*?["):
			return nil, usage(fmt.Errorf("no file matches %s", name))
		case len(found) == 0:
			return nil, usage(fmt.Errorf("there is no trace %s", name))
		}
		paths = append(paths, found...)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// test tests one trace.
func (t *policyTest) test(ctx context.Context, tr testedTrace) error {
	p, release, err := t.chosen.open(ctx, t.u, t.file, tr.Config())
	if err != nil {
		return err
	}
	defer release()
	differs := false
	if tr.expected == nil || t.calls {
		if differs, err = t.replay(ctx, p, tr.Trace); err != nil {
			return err
		}
	}
	if tr.expected != nil {
		misses, err := t.decide(ctx, p, tr)
		if err != nil {
			return err
		}
		differs = differs || misses
	}
	if differs {
		t.differ++
	}
	return nil
}

// replay compares answers.
func (t *policyTest) replay(ctx context.Context, p policy.Policy, tr *policytest.Trace) (differs bool, err error) {
	got, err := tr.Replay(ctx, p)
	if err != nil {
		return false, usageUnlessStopped(ctx, err)
	}
	for _, d := range got.Differences {
		if !t.update {
			t.u.printf("%s\n", harmless(d.String()))
		}
	}
	t.u.printf("%s: %s%s%s\n", tr.Path, t.replayedText(got), standText(got.Stand), quarantinedText(got.Quarantined, tr.Quarantine))
	if t.update && len(got.Differences) > 0 {
		return false, tr.Accept(got.Differences)
	}
	return len(got.Differences) > 0, nil
}

func (t *policyTest) replayedText(got policytest.Replayed) string {
	n := len(got.Differences)
	switch {
	case n == 0:
		return plural(got.Asked, "call") + ", the same answers"
	case t.update:
		return fmt.Sprintf("%d of %s answered differently, updated", n, plural(got.Asked, "call"))
	}
	return fmt.Sprintf("%d of %s answered differently", n, plural(got.Asked, "call"))
}

func standText(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s ended by the clock in the run, and not asked again", plural(n, "call"))
}

func quarantinedText(n, line int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("; %s not asked again: the module was quarantined in line %d, and what followed the built-in policy answered",
		plural(n, "call"), line)
}

// decide tests decisions.
func (t *policyTest) decide(ctx context.Context, p policy.Policy, tr testedTrace) (misses bool, err error) {
	outcomes, err := tr.DecideWith(ctx, p, t.configFor(tr.Trace))
	if err != nil {
		return false, err
	}
	failures, err := tr.expected.Check(outcomes)
	if err != nil {
		return false, usage(err)
	}
	t.u.printf("%s: decisions, as %s wants them\n", tr.Path, filepath.Base(tr.expected.Path))
	for _, o := range outcomes {
		t.tell(o, failures)
	}
	if tr.Lost > 0 {
		t.u.note("%s: %s missing from the trace, and decisions may be others for that", tr.Path, plural(tr.Lost, "record"))
	}
	return len(failures) > 0, nil
}

func (t *policyTest) configFor(tr *policytest.Trace) json.RawMessage {
	if t.chosen.config != nil {
		return t.chosen.config
	}
	return tr.Config()
}

// tell tells of one stream's decision, and where it is not what is expected.
func (t *policyTest) tell(o policytest.Outcome, failures []policytest.Failure) {
	word := "ok"
	var missed []string
	for _, f := range failures {
		if f.Stream == o.Stream {
			word = "fails"
			missed = append(missed, f.String())
		}
	}
	lines := []string{fmt.Sprintf("%s: %s", o.Stream, outcomeText(o))}
	if text := o.Counterfactual(); text != "" {
		lines = append(lines, text)
	}
	for i, line := range append(lines, missed...) {
		if i > 0 {
			word = ""
		}
		t.u.printf("%-8s %s\n", word, oneLine(line))
	}
}

// outcomeText says what a policy decides, and what was decided in the run where
// that is something else.
func outcomeText(o policytest.Outcome) string {
	switch {
	case o.Unknown != "":
		return "unknown, " + o.Unknown
	case o.Skip != nil:
		return "not tuned: " + o.Skip.Reason
	}
	text := decisionText(o.Decision, o.Knobs)
	if o.Fault != nil {
		text += "; " + faultText(*o.Fault)
	}
	if o.Recorded == nil {
		return text
	}
	if diff := settingDiff(o.Decision.Winner, o.Recorded.Winner, o.Knobs); diff != "" {
		text += "; in the run it was " + diff
	}
	return text
}

// faultText is a fault's reason and detail. An error of a module has the reason
// in it.
func faultText(f policy.Fault) string {
	if strings.Contains(f.Detail, f.Reason+": ") {
		return f.Detail
	}
	return f.Reason + ": " + f.Detail
}

// usageUnlessStopped is for errors that are a file's, if they are not of a
// command that was stopped.
func usageUnlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return usage(err)
}
