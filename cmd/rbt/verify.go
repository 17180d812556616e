package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
)

func verifyCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "verify PIPELINE",
		Short: "Compare source and destination",
		Long: `Compare what the streams' tables hold now at the source and in the destination.

Both servers count the rows and add up a hash of each; no row is fetched. Where that
differs, the hashes are matched and the rows that are missing and extra are counted:
a row that changed is one of each. Either table is read as of one moment, but not of
the moment of the last run: a source that goes on changing differs.

A stream that cannot be compared keeps no other one from it.

The exit code is 1 if a stream differs, or cannot be compared.`,
		Example: "  rbt verify pipeline.hcl",
		Args:    onePipeline,
	}
	variables := variableFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := openJob(args[0], *variables)
		if err != nil {
			return err
		}
		return j.verify(cmd.Context(), u)
	}
	return cmd
}

func (j *job) verify(ctx context.Context, u *ui) error {
	plans, err := j.plans(ctx)
	if err != nil {
		return err
	}
	var targets []*connectors.Target
	for _, p := range plans {
		targets = append(targets, p.Target)
	}
	found, err := j.compare(ctx, targets, func(c postgres.Comparison) {
		if c.Err != nil {
			return // the error comes behind the table
		}
		u.note("%s: %s, %s rows in %s", oneLine(c.Stream), verdict(c), formatRows(c.SourceRows), formatTook(c.Took))
	})
	if err != nil {
		return stopped(ctx, err)
	}
	u.printf("%s", comparisonTable(found))
	return conclude(u, found)
}

// verdict says in a word or two how a stream compares.
func verdict(c postgres.Comparison) string {
	switch {
	case c.Err != nil:
		return "not comparable"
	case c.NoTarget:
		return "no target"
	case !c.Equal():
		return "different"
	case c.Extra > 0:
		return "contained"
	default:
		return "equal"
	}
}

func comparisonTable(found []postgres.Comparison) string {
	t := table{heading: []string{"STREAM", "SOURCE ROWS", "TARGET ROWS", "MISSING", "EXTRA", "RESULT"}}
	for _, c := range found {
		if c.NoTarget || c.Err != nil {
			t.add(oneLine(c.Stream), "?", "-", "-", "-", verdict(c))
			continue
		}
		t.add(oneLine(c.Stream), formatRows(c.SourceRows), formatRows(c.TargetRows), formatRows(c.Missing), formatRows(c.Extra), verdict(c))
	}
	return t.String()
}

// conclude prints the verdict on all streams.
func conclude(u *ui, found []postgres.Comparison) error {
	var rows int64
	var failed []error
	different := 0
	for _, c := range found {
		rows += c.SourceRows
		switch {
		case c.Err != nil:
			failed = append(failed, fmt.Errorf("%s: %w", c.Stream, c.Err))
		case !c.Equal():
			different++
		}
	}
	if different > 0 {
		u.printf("different: %d of %s\n", different, plural(len(found), "stream"))
	}
	if len(failed) > 0 {
		u.printf("not comparable: %d of %s\n", len(failed), plural(len(found), "stream"))
		return errors.Join(failed...)
	}
	if different > 0 {
		return errReported
	}
	u.printf("%s: %s, %s rows\n", allVerdict(found), plural(len(found), "stream"), formatRows(rows))
	return nil
}

// allVerdict is equal unless an appended target holds more.
func allVerdict(found []postgres.Comparison) string {
	for _, c := range found {
		if c.Extra > 0 {
			return "nothing is missing"
		}
	}
	return "equal"
}
