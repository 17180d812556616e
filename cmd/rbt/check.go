package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/runtime"
)

func checkCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check PIPELINE",
		Short: "Find out whether a pipeline can work",
		Long: `Read a pipeline file, connect to both servers and find everything that would keep
a stream from being copied: missing tables and columns, privileges, row-level
security, types, versions, free connections. It changes nothing.

All problems are printed at once; the exit code is 1 if there is one, and 2 if it is
in the file.`,
		Example: "  rbt check pipeline.hcl",
		Args:    onePipeline,
	}
	variables := variableFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := openJob(args[0], *variables)
		if err != nil {
			return err
		}
		u.printf("ok       %s\n", args[0])
		return j.check(cmd.Context(), u)
	}
	return cmd
}

func (j *job) check(ctx context.Context, u *ui) error {
	plans, err := j.plans(ctx)
	if err != nil {
		return err
	}
	u.printf("ok       source and destination can be reached\n")
	found := 0
	for _, p := range plans {
		found += len(problems(p))
		printChecked(u, p)
	}
	if found > 0 {
		u.printf("%s\n", plural(found, "problem"))
		return errReported
	}
	return nil
}

// plans asks the engine what a run would do.
func (j *job) plans(ctx context.Context) ([]runtime.StreamPlan, error) {
	config, err := j.config(ctx)
	if err != nil {
		return nil, stopped(ctx, err)
	}
	plans, err := runtime.Inspect(ctx, config)
	return plans, stopped(ctx, err)
}

// stopped replaces what a cancelled command failed with.
func stopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("stopped")
	}
	return err
}

func printChecked(u *ui, p runtime.StreamPlan) {
	found := problems(p)
	if len(found) == 0 {
		u.printf("ok       %s → %s\n", oneLine(p.Stream.Spec.Name), targetName(p.Target))
		return
	}
	for _, problem := range found {
		u.printf("problem  %s: %s\n", oneLine(p.Stream.Spec.Name), oneLine(problem))
	}
}

func targetName(t *connectors.Target) string {
	return oneLine(streamName(t.Schema, t.Name))
}
