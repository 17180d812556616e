package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/connectors/postgres"
)

func discoverCommand(u *ui) *cobra.Command {
	var dsn string
	cmd := &cobra.Command{
		Use:   "discover (--dsn DSN | PIPELINE)",
		Short: "List a source's tables as streams to paste",
		Long: `List the tables of a source as stream blocks to paste into a pipeline file, the
largest first. Views and foreign tables come last, as comments.

The DSN is a URL or keywords as libpq takes them. What it lacks comes from PGHOST,
PGPASSWORD and the like, and from the password file.`,
		Example: `  rbt discover --dsn postgres://app@db.example.com/shop
  rbt discover pipeline.hcl >> pipeline.hcl`,
	}
	variables := variableFlag(cmd)
	cmd.Flags().StringVar(&dsn, "dsn", "", "the source's `DSN`")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if (dsn != "") == (len(args) == 1) || len(args) > 1 {
			return usage(errors.New("discover takes either a DSN or a pipeline file"),
				"rbt discover --dsn DSN", "rbt discover pipeline.hcl")
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		source, err := discoverSource(u, dsn, args, *variables)
		if err != nil {
			return err
		}
		return discover(cmd.Context(), u, source)
	}
	return cmd
}

func discoverSource(u *ui, dsn string, args, variables []string) (connectors.Source, error) {
	if dsn != "" {
		if wrong, hint := checkDSN(dsn); wrong != "" {
			return nil, usage(errors.New(wrong), hint)
		}
		if holdsPassword(dsn) {
			u.warn("every user of this machine can see a password on a command line; PGPASSWORD is a safer place for it")
		}
		return postgres.NewSource(postgres.Config{DSN: dsn, Pipeline: "discover"}, postgres.SourceOptions{}), nil
	}
	j, err := openJob(args[0], variables)
	if err != nil {
		return nil, err
	}
	return j.source, nil
}

func discover(ctx context.Context, u *ui, source connectors.Source) error {
	tables, err := source.Tables(ctx)
	if err != nil {
		return stopped(ctx, err)
	}
	if text := discovered(tables); text != "" {
		u.printf("%s", text)
		return nil
	}
	u.note("the source has no table")
	return nil
}

// discovered writes the tables as stream blocks.
func discovered(tables []connectors.TableInfo) string {
	tables = slices.Clone(tables)
	slices.SortFunc(tables, func(a, b connectors.TableInfo) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Name, b.Name))
	})
	parts := map[string]int{}
	for _, t := range tables {
		if t.PartOf != "" {
			parts[t.PartOf]++
		}
	}
	var blocks, comments []string
	for _, t := range tables {
		switch {
		case copiedByPattern(t):
			blocks = append(blocks, streamBlock(t, parts[t.Schema+"."+t.Name], ""))
		case t.PartOf == "":
			comments = append(comments, streamBlock(t, 0, "# "))
		}
	}
	return strings.Join(append(blocks, comments...), "\n")
}

func streamBlock(t connectors.TableInfo, partitions int, prefix string) string {
	about := []string{string(t.Kind)}
	if t.Rows >= 0 {
		about = append(about, "about "+formatRows(t.Rows)+" rows")
	}
	if t.Bytes >= 0 {
		about = append(about, formatBytes(t.Bytes))
	}
	if partitions > 0 {
		about = append(about, plural(partitions, "partition"))
	}
	return fmt.Sprintf("# %s\n%sstream %s {}\n", strings.Join(about, ", "), prefix, hclString(streamName(t.Schema, t.Name)))
}
