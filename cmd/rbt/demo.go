package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/examples/demo"
	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/internal/demodata"
	"github.com/rapidbyte/rbt/internal/pgcluster"
)

func demoCommand(u *ui) *cobra.Command {
	var keep bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Copy sample data between two throw-away servers",
		Long: `Start two PostgreSQL servers in temporary folders, fill one with sample data, copy
it to the other and compare them. Takes about a minute and leaves nothing behind.

The PostgreSQL server must be installed. rbt looks for it in $RBT_PG_BIN, on the
PATH, and where packages put it.`,
		Example: `  rbt demo
  rbt demo --keep    # leave the servers running until Ctrl-C, to try things on`,
		Args: noArguments,
	}
	cmd.Flags().BoolVar(&keep, "keep", false, "keep the servers running until Ctrl-C")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return runDemo(cmd.Context(), u, keep)
	}
	return cmd
}

func runDemo(ctx context.Context, u *ui, keep bool) (err error) {
	pair, err := startPair(ctx, u)
	if err != nil {
		return stopped(ctx, err)
	}
	defer func() { err = errors.Join(err, pair.close()) }()
	if err := pair.seed(ctx, u); err != nil {
		return stopped(ctx, err)
	}
	if err := pair.show(ctx, u); err != nil {
		return err
	}
	if keep {
		pair.wait(ctx, u)
		return nil
	}
	u.note("\nBoth servers go now. What to try next:\n" +
		"  rbt demo --keep                       leave them running, to try things on\n" +
		"  rbt discover --dsn \"$SOURCE_DSN\"      list the tables of a server of yours as streams")
	return nil
}

// demoPair is the two servers of the demo.
type demoPair struct {
	source, destination *pgcluster.Cluster
}

// startPair starts the servers. They hold nothing of worth, so they do without
// what makes data safe from a crash of the machine.
func startPair(ctx context.Context, u *ui) (*demoPair, error) {
	began := time.Now()
	options := pgcluster.Options{Settings: map[string]string{
		"wal_level":          "minimal",
		"max_wal_senders":    "0",
		"max_wal_size":       "4GB",
		"shared_buffers":     "128MB",
		"synchronous_commit": "off",
		"autovacuum":         "off",
	}}
	var pair demoPair
	var group errgroup.Group
	start := func(c **pgcluster.Cluster) {
		group.Go(func() (err error) {
			*c, err = pgcluster.Start(ctx, options)
			return err
		})
	}
	start(&pair.source)
	start(&pair.destination)
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, pair.close())
	}
	u.note("started two PostgreSQL servers in %s", formatTook(time.Since(began)))
	return &pair, nil
}

// close ends the servers and removes their folders.
func (p *demoPair) close() error {
	var errs []error
	for _, c := range []*pgcluster.Cluster{p.source, p.destination} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// The databases have different names so that people tell them apart.
const (
	sourceDatabase      = "shop"
	destinationDatabase = "copy"
)

func (p *demoPair) sourceDSN() string      { return p.source.DSN(sourceDatabase) }
func (p *demoPair) destinationDSN() string { return p.destination.DSN(destinationDatabase) }

func (p *demoPair) seed(ctx context.Context, u *ui) error {
	began := time.Now()
	u.note("filling one of them with sample data …")
	if err := demodata.Create(ctx, p.destination.DSN("postgres"), destinationDatabase); err != nil {
		return err
	}
	if err := demodata.Create(ctx, p.source.DSN("postgres"), sourceDatabase); err != nil {
		return err
	}
	if err := demodata.Seed(ctx, p.sourceDSN()); err != nil {
		return err
	}
	u.note("filled in %s", formatTook(time.Since(began)))
	return nil
}

// show runs the pipeline and compares the result, in front of the person.
func (p *demoPair) show(ctx context.Context, u *ui) error {
	pipeline, err := accept(hcl.Parse(demo.Pipeline, "examples/demo/pipeline.hcl", hcl.Options{Env: p.env, Knobs: allKnobs()}))
	if err != nil {
		return err
	}
	u.note("\n%s\n%s", u.paint("1", "$ cat pipeline.hcl"), strings.TrimSpace(string(demo.Pipeline)))
	u.note("\n%s", u.paint("1", "$ rbt run pipeline.hcl"))
	j, err := newJob(pipeline)
	if err != nil {
		return err
	}
	if err := j.run(ctx, u, runOptions{trace: os.DevNull}); err != nil {
		return err
	}
	u.note("\n%s", u.paint("1", "$ rbt verify pipeline.hcl"))
	return j.verify(ctx, u)
}

// env is the environment of the demo's pipeline.
func (p *demoPair) env(name string) (string, bool) {
	switch name {
	case "SOURCE_DSN":
		return p.sourceDSN(), true
	case "DEST_DSN":
		return p.destinationDSN(), true
	}
	return "", false
}

// wait prints how to reach the servers and leaves them running until ctx ends.
func (p *demoPair) wait(ctx context.Context, u *ui) {
	u.printf("export SOURCE_DSN=%s\nexport DEST_DSN=%s\n", shellQuote(p.sourceDSN()), shellQuote(p.destinationDSN()))
	u.note("%s", tryNext)
	<-ctx.Done()
}

const tryNext = `
The servers run until Ctrl-C. With the two lines above in another terminal, try:
  psql "$SOURCE_DSN" -c '\dt+ shop.*'    look at the sample data
  rbt discover --dsn "$SOURCE_DSN"       list its tables as streams to paste
  rbt plan examples/demo/pipeline.hcl    what a run would do, and why
  rbt run examples/demo/pipeline.hcl     copy it again`
