package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/runtime"
)

func runCommand(u *ui) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run PIPELINE",
		Short: "Copy the streams of a pipeline",
		Long: `Copy the streams of a pipeline from its source to its destination.

All streams are read as of one moment. A table becomes visible in the destination
when it is complete; until then readers see what was there before.

A run that failed or was stopped is taken up again by the same command: rows are
not appended twice, a stream with resume = "continue" keeps the parts that it has,
and every other stream begins again, so that it shows one moment. With --restart
nothing is taken up.

Large streams are tuned while they are copied. rbt explain says afterwards what was
tried and why; it reads the trace that every run leaves in .rbt/runs.`,
		Example: `  rbt run pipeline.hcl
  rbt run pipeline.hcl -var dest_schema=raw
  rbt run pipeline.hcl --no-autotune
  rbt run pipeline.hcl --log-format json 2> run.log`,
		Args: onePipeline,
	}
	variables := variableFlag(cmd)
	cmd.Flags().BoolVar(&o.restart, "restart", false, "begin again, do not take up an unfinished run")
	cmd.Flags().BoolVar(&o.fromStart, "from-start", false, "read incremental streams from their beginning again")
	cmd.Flags().BoolVar(&o.noAutotune, "no-autotune", false, "copy with the baseline, tune nothing")
	cmd.Flags().BoolVar(&o.required, "policy-required", false, "fail where the policy's module cannot be used")
	cmd.Flags().StringVar(&o.listen, "listen", "", "show the run at this `address` while it is at work, as in 127.0.0.1:8044")
	cmd.Flags().StringVar(&o.metrics, "metrics-file", "", "write metrics to this `file` at the end, for Prometheus' node exporter")
	cmd.Flags().StringVar(&o.trace, "trace", "", "write the trace to this `file`, not into .rbt/runs")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := openJob(args[0], *variables)
		if err != nil {
			return err
		}
		o.again = againCommand(args[0], *variables)
		return j.run(cmd.Context(), u, o)
	}
	return cmd
}

// runOptions are what the command line says of a run.
type runOptions struct {
	restart    bool
	fromStart  bool
	noAutotune bool
	required   bool   // the policy must be usable
	listen     string // host:port; empty: nowhere
	metrics    string // a file; empty: none
	trace      string // a file; empty: in the runs' folder
	again      string // what to type to go on; empty where nothing can be said
}

// againCommand is what to type to go on. It does not show the values of
// variables: they may be secrets.
func againCommand(path string, variables []string) string {
	command := "rbt run " + shellQuote(path)
	if len(variables) > 0 {
		command += " -var …"
	}
	return command
}

// run copies the streams and prints the result.
func (j *job) run(ctx context.Context, u *ui, o runOptions) error {
	if o.noAutotune {
		j.untuned = "by --no-autotune"
	}
	if err := j.openTuner(ctx, u); err != nil {
		return err
	}
	defer j.tuner.close()
	if o.required && j.tuner.fault != nil {
		return policyRequired(*j.tuner.fault)
	}
	// From here on: that the servers cannot be reached is worth knowing, too.
	watched, err := watch(ctx, u, j.pipeline.Name, o.listen, o.metrics)
	if err != nil {
		return err
	}
	defer watched.close()
	config, err := j.config(ctx)
	if err != nil {
		return interrupted(ctx, u, err, runtime.Summary{}, o.again)
	}
	config.Run.Restart, config.FromStart = o.restart, o.fromStart
	shown, recorded := newProgress(u), newRecorder(u, &config, o.trace, watched.monitor)
	watched.began = recorded.began // what both tell is of one clock
	spareProcessors(j.tuner.module != nil)
	spans := openSpans(ctx, u)
	config.Events = func(e runtime.Event) {
		shown.event(e)
		recorded.event(e)
		watched.event(e)
		spans.event(e)
	}
	summary, err := runtime.Run(ctx, config)
	shown.close()
	recorded.close()
	spans.close(ctx)
	if err = j.locate(err, config.Streams); err != nil {
		err = interrupted(ctx, u, err, summary, o.again)
	} else {
		u.printf("%s", summaryTable(summary))
	}
	for _, note := range append(summary.Notes, j.tuner.notes()...) {
		u.note("note: %s", oneLine(note))
	}
	return err
}

// interrupted returns the error of a run that did not end well, with what is
// done and, where again says how, how to go on.
func interrupted(ctx context.Context, u *ui, err error, s runtime.Summary, again string) error {
	done, begun := progressOf(s)
	if begun {
		u.printf("%s", summaryTable(s))
	}
	hint := "when the cause is gone, " + again + ": it takes the run up"
	if ctx.Err() != nil {
		err = errors.New("stopped before anything was copied")
		if len(s.Streams) > 0 {
			err = fmt.Errorf("stopped: %d of %s in the destination", done, plural(len(s.Streams), "stream"))
		}
		hint = again + ", which takes the run up"
	}
	if again == "" || len(s.Streams) == 0 || len(hints(err)) > 0 {
		return err
	}
	return withHints(err, hint)
}
