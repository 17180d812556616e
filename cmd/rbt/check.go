package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

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

All problems of the source are printed at once, and where it has none all of the
destination; the exit code is 1 if there is one, and 2 if it is in the file.`,
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

// checkPolicy says whether the module of a policy can be used. It counts the
// problems.
func (j *job) checkPolicy(ctx context.Context, u *ui) (problems int, err error) {
	if err := j.openTuner(ctx, u); err != nil {
		return 0, err
	}
	defer j.tuner.close()
	switch {
	case j.tuner.fault != nil:
		u.printf("problem  policy: %s: %s\n", j.tuner.fault.Reason, oneLine(j.tuner.fault.Detail))
		return 1, nil
	case j.tuner.module != nil:
		u.printf("ok       policy %s, which %s\n", policyText(j.tuner.module.Info()), halvesText(j.tuner.module.Halves()))
	}
	return 0, nil
}

func (j *job) check(ctx context.Context, u *ui) error {
	if err := j.reach(ctx, u); err != nil {
		return stopped(ctx, err)
	}
	found, err := j.checkPolicy(ctx, u)
	if err != nil {
		return err
	}
	plans, err := j.plans(ctx)
	for _, p := range plans {
		found += len(problems(p))
		printChecked(u, p)
	}
	if err != nil {
		return err
	}
	if found > 0 {
		u.printf("%s\n", plural(found, "problem"))
		return errReported
	}
	return nil
}

// reach connects to both servers, so that what is wrong with either is said at
// once.
func (j *job) reach(ctx context.Context, u *ui) error {
	var errs [2]error
	var rooms [2]int
	var group sync.WaitGroup
	for i, room := range []func(context.Context) (int, error){j.source.Room, j.destination.Room} {
		group.Go(func() { rooms[i], errs[i] = room(ctx) })
	}
	group.Wait()
	for i, side := range []string{"source", "destination"} {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("%s: %w", side, errs[i])
			continue
		}
		u.printf("ok       %s%s\n", side, roomText(rooms[i]))
	}
	return errors.Join(errs[:]...)
}

// roomText tells of the free connections, where they are known to be few
// enough to matter.
func roomText(room int) string {
	if room < 0 || room > 10_000 {
		return ""
	}
	return fmt.Sprintf(", with %s free", plural(room, "connection"))
}

// plans asks the engine what a run would do. Where tables of some streams are not
// there, the plans are those of the others, with the error.
func (j *job) plans(ctx context.Context) ([]runtime.StreamPlan, error) {
	config, missing := j.config(ctx)
	if len(config.Streams) == 0 && missing != nil {
		return nil, stopped(ctx, missing)
	}
	plans, err := runtime.Inspect(ctx, config)
	return plans, stopped(ctx, mistakesOf(missing, j.locate(err, config.Streams)))
}

// stopped replaces what a cancelled command failed with.
func stopped(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return errors.New("stopped")
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
