package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

func planCommand(u *ui) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "plan PIPELINE",
		Short: "Say what a run would do, and why",
		Long: `Say for each stream what a run would do: where the rows go, what is created or
changed, in what format and with what setting they are copied, and why; and what of
it is tried while the rows move; and whether an unfinished run is taken up. It changes
nothing.`,
		Example: `  rbt plan pipeline.hcl
  rbt plan pipeline.hcl --json | jq '[.streams[] | {stream, setting}]'`,
		Args: onePipeline,
	}
	variables := variableFlag(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := openJob(args[0], *variables)
		if err != nil {
			return err
		}
		if err := j.openTuner(cmd.Context(), u); err != nil {
			return err
		}
		defer j.tuner.close()
		plans, err := j.plans(cmd.Context())
		if err != nil {
			return err
		}
		left, err := j.books().Unfinished(cmd.Context(), j.pipeline.Name)
		if err != nil {
			return stopped(cmd.Context(), err)
		}
		if f := j.tuner.fault; f != nil {
			u.note("%s", unusableText(*f))
		}
		if asJSON {
			return printPlanJSON(u, j.pipeline.Name, left, plans, j.tuner)
		}
		if left != nil {
			u.printf("%s\n", takenUpText(*left))
		}
		for i, p := range plans {
			if i > 0 {
				u.printf("\n")
			}
			u.printf("%s", planText(p, j.tuner))
		}
		return nil
	}
	return cmd
}

// takenUpText says what becomes of an unfinished run.
func takenUpText(a connectors.Attempt) string {
	text := fmt.Sprintf("takes up run %s, attempt %d", a.RunID, a.Number)
	if done := published(a); len(done) > 0 {
		text += "; skips what it has done, if that is as it was: " + oneLine(strings.Join(done, ", "))
	}
	return text + "; --restart begins again\n"
}

// published are the streams that an attempt finds done.
func published(a connectors.Attempt) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(a.Streams)) {
		if a.Streams[name].Published {
			names = append(names, name)
		}
	}
	return names
}

// planText is the plan of a stream for people.
func planText(p runtime.StreamPlan, t tuner) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s → %s\n", oneLine(p.Stream.Spec.Name), targetName(p.Target))
	item := func(name string, values ...string) {
		for _, v := range values {
			fmt.Fprintf(&b, "  %-9s %s\n", name, oneLine(v))
			name = ""
		}
	}
	item("problem", problems(p)...)
	item("size", sizeText(p.Stream.Rows, p.Stream.Bytes))
	if w := p.Stream.Spec.Where; w != "" {
		item("where", w)
	}
	item("method", withReason(string(p.Stream.Spec.WriteMode), p.Target.Method))
	item("reads", slices.Concat(p.Stream.Steps, p.Stream.Caveats)...)
	item("steps", p.Target.Steps...)
	item("changes", p.Target.Changes...)
	item("setting", settingLines(p)...)
	item("tuning", tuningLines(p, t)...)
	return b.String()
}

// sizeText says what the catalog knows of a stream's size.
func sizeText(rows, bytes int64) string {
	if rows < 0 && bytes < 0 {
		return "unknown"
	}
	return fmt.Sprintf("about %s rows, %s", formatRows(rows), formatBytes(bytes))
}

// problems are what keeps a stream from being copied.
func problems(p runtime.StreamPlan) []string {
	return slices.Concat(p.Problems, p.Target.Problems)
}

func withReason(text, reason string) string {
	if reason == "" {
		return text
	}
	return text + " (" + reason + ")"
}

// settingLines say with what setting the run begins, knob by knob, and what
// each knob cannot be for this stream.
func settingLines(p runtime.StreamPlan) []string {
	obstacles := map[string]map[string]string{}
	for _, c := range slices.Concat(p.Stream.Choices, p.Target.Choices) {
		obstacles[c.Knob.Name] = c.WhyNot
	}
	var lines []string
	for _, k := range p.Knobs {
		if v, ok := p.Baseline[k.Name]; ok {
			lines = append(lines, withReason(k.Name+" "+k.Format(v), p.Reasons[k.Name]))
		} else {
			lines = append(lines, withReason(k.Name+" none", p.Reasons[k.Name]))
		}
		for _, name := range slices.Sorted(maps.Keys(obstacles[k.Name])) {
			lines = append(lines, fmt.Sprintf("  not %s: %s", name, obstacles[k.Name][name]))
		}
	}
	return lines
}

// tuningLines say which values of which knob the run begins to try, or why it
// tries none.
func tuningLines(p runtime.StreamPlan, t tuner) []string {
	if p.Skip != nil {
		return []string{withReason("none: "+p.Skip.Reason, p.Skip.Detail)}
	}
	if t.proposes() {
		return []string{"as policy " + policyText(t.module.Info()) + " proposes while the rows move"}
	}
	var lines []string
	for _, k := range p.Knobs {
		values := t.toTry(p, k)
		if values == nil {
			continue
		}
		texts := make([]string, len(values))
		for i, v := range values {
			texts[i] = k.Format(v)
		}
		lines = append(lines, k.Name+" "+strings.Join(texts, ", "))
	}
	if lines == nil {
		return []string{"none: no knob has a second value to try"}
	}
	return lines
}

// toTry are the values of a knob that the run begins to try, the baseline's
// among them; nil where there is no other, or where a module proposes, which is
// known only when it is asked.
func (t tuner) toTry(p runtime.StreamPlan, k policy.Knob) []policy.Value {
	at, set := p.Baseline[k.Name]
	_, pinned := p.Pins[k.Name]
	if p.Skip != nil || pinned || !set || t.proposes() {
		return nil
	}
	values := candidates(k, at)
	if len(slices.DeleteFunc(slices.Clone(values), func(v policy.Value) bool { return v == at })) == 0 {
		return nil
	}
	return values
}
