package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors/postgres"
)

func rejectsCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rejects",
		Short: "Look at rows that the destination refused",
		Long: `Look at the rows that runs have put aside, because the destination refused them and
the stream says on_bad_row = "reject". They are in _rbt.rejects of the destination.`,
		Args: knownCommand,
		RunE: helpOf,
	}
	cmd.AddCommand(rejectsListCommand(u), rejectsExportCommand(u), rejectsRetryCommand(u))
	return cmd
}

// rejectsFlags adds the flags that say which rejects are meant, and returns what
// reads the pipeline.
func rejectsFlags(cmd *cobra.Command) (open func(path string) (*job, error), f *postgres.RejectFilter) {
	f = &postgres.RejectFilter{}
	cmd.Flags().StringVar(&f.Stream, "stream", "", "only those of this `stream`")
	cmd.Flags().StringVar(&f.RunID, "run", "", "only those of this `run`")
	variables := variableFlag(cmd)
	return func(path string) (*job, error) { return openJob(path, *variables) }, f
}

func rejectsListCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list PIPELINE",
		Short:   "List them, with what the destination said",
		Example: `  rbt rejects list pipeline.hcl --stream public.orders`,
		Args:    onePipeline,
	}
	open, f := rejectsFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		rejects, err := readRejects(cmd.Context(), open, args[0], *f)
		if err != nil {
			return err
		}
		if len(rejects) == 0 {
			u.note("no rows were put aside")
			return nil
		}
		t := table{heading: []string{"STREAM", "KEY", "RUN", "WHEN", "ERROR"}, text: 1}
		for _, r := range rejects {
			t.add(oneLine(r.Stream), oneLine(r.Key), r.RunID, r.At.UTC().Format(time.DateTime), oneLine(r.Code+": "+r.Error))
		}
		u.printf("%s", t.String())
		noteUnpublished(u, rejects)
		return nil
	}
	return cmd
}

// noteUnpublished tells people of rows whose run is not done: it may end otherwise.
func noteUnpublished(u *ui, rejects []postgres.Reject) {
	n := 0
	for _, r := range rejects {
		if !r.Published {
			n++
		}
	}
	if n > 0 {
		u.note("%s of a run that did not get its stream done: rbt run takes it up or starts anew, rbt rejects retry leaves it alone", plural(n, "row"))
	}
}

func readRejects(ctx context.Context, open func(string) (*job, error), path string, f postgres.RejectFilter) ([]postgres.Reject, error) {
	j, err := open(path)
	if err != nil {
		return nil, err
	}
	rejects, err := j.books().Rejects(ctx, j.pipeline.Name, f)
	if err == nil && len(rejects) == 0 {
		err = j.checkFilter(ctx, f)
	}
	return rejects, stopped(ctx, err)
}

// checkFilter looks, where nothing was found, whether there is what was looked for:
// among the streams of the pipeline, and those with rejects that it had before.
// Where the source cannot be asked for its tables, nothing is said.
func (j *job) checkFilter(ctx context.Context, f postgres.RejectFilter) error {
	if _, err := ulid.ParseStrict(f.RunID); err != nil && f.RunID != "" {
		return usage(fmt.Errorf("%q is no run id", f.RunID), "rbt rejects list, without --run, shows those that there are")
	}
	if f.Stream == "" {
		return nil
	}
	rejects, err := j.books().Rejects(ctx, j.pipeline.Name, postgres.RejectFilter{})
	if err != nil {
		return err
	}
	config, _ := j.config(ctx)
	var known []string
	for _, s := range config.Streams {
		known = append(known, s.Name)
	}
	if len(known) == 0 {
		return nil
	}
	for _, r := range rejects {
		known = append(known, r.Stream)
	}
	slices.Sort(known)
	return checkStream(f.Stream, slices.Compact(known))
}

func checkStream(name string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	err := fmt.Errorf("the pipeline has no stream %q", name)
	if near := nearest(name, known); near != "" {
		return usage(err, "--stream "+shellQuote(near))
	}
	const most = 10
	list := strings.Join(known[:min(most, len(known))], ", ")
	if len(known) > most {
		list += fmt.Sprintf(" and %d more", len(known)-most)
	}
	return usage(err, "--stream with one of "+oneLine(list))
}

// rejectJSON is what export prints of a row.
type rejectJSON struct {
	ID     int64              `json:"id"`
	Run    string             `json:"run"`
	Stream string             `json:"stream"`
	Key    string             `json:"key"`
	Code   string             `json:"sqlstate"`
	Error  string             `json:"error"`
	At     time.Time          `json:"rejected_at"`
	Values map[string]*string `json:"values"` // null where only the beginning of the row was kept
	Row    string             `json:"row"`    // as COPY writes it
	Cut    bool               `json:"cut"`
	// Published is false for rows of a run that did not get its stream done.
	Published bool `json:"published"`
}

func rejectsExportCommand(u *ui) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:     "export PIPELINE",
		Short:   "Print them as JSON, one object a line",
		Example: `  rbt rejects export pipeline.hcl | jq '[.key, .error]'`,
		Args:    onePipeline,
	}
	open, f := rejectsFlags(cmd)
	cmd.Flags().StringVarP(&file, "output", "o", "", "write to this `file`, which must not exist")
	cmd.RunE = func(cmd *cobra.Command, args []string) (err error) {
		rejects, err := readRejects(cmd.Context(), open, args[0], *f)
		if err != nil {
			return err
		}
		out := io.Writer(u.stdout)
		if file != "" {
			created, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, created.Close()) }()
			out = created
		}
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		for _, r := range rejects {
			line := rejectJSON{ID: r.ID, Run: r.RunID, Stream: r.Stream, Key: r.Key, Code: r.Code, Error: r.Error,
				At: r.At.UTC(), Values: r.Values(), Row: r.Row, Cut: r.Cut, Published: r.Published}
			if err := enc.Encode(line); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

func rejectsRetryCommand(u *ui) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "retry PIPELINE",
		Short: "Try to put them into their targets",
		Long: `Try to put the rows into their targets, each on its own: what is taken leaves the
rejects, what is refused again stays, with what the destination says now. A row of a
stream that is upserted does not replace one with a later cursor.

The exit code is 1 if a row is refused again.`,
		Example: `  rbt rejects retry pipeline.hcl --stream public.orders`,
		Args:    onePipeline,
	}
	open, f := rejectsFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		j, err := open(args[0])
		if err != nil {
			return err
		}
		taken, refused := 0, 0
		err = j.books().RetryRejects(cmd.Context(), j.pipeline.Name, *f, func(r postgres.Reject, err error) {
			if err == nil {
				taken++
				return
			}
			refused++
			u.note("%s, %s: %s", oneLine(r.Stream), oneLine(r.Key), oneLine(err.Error()))
		})
		if err != nil {
			return stopped(cmd.Context(), err)
		}
		if taken+refused == 0 {
			if err := j.checkFilter(cmd.Context(), *f); err != nil {
				return stopped(cmd.Context(), err)
			}
		}
		u.printf("%s taken, %d refused again\n", plural(taken, "row"), refused)
		if refused > 0 {
			return errReported
		}
		return nil
	}
	return cmd
}
