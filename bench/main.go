// Bench measures rbt against its peers, on two PostgreSQL servers that it starts itself:
//
//	go run ./bench            # some minutes; prints Markdown
//	go run ./bench -quick     # under a minute; shows that it works, and little else
//
// Every contender copies the same tables in turns, each time into a fresh database. rbt is run as people run it, so its
// time is that of the whole job: connecting, its books, a staging table, the copy, the marks, ANALYZE and publishing.
// The pipe only copies, into a table that is already there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = bench(ctx, o)
	}
	if errors.Is(err, flag.ErrHelp) {
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// options are what the command line asks for.
type options struct {
	rows   int
	rounds int
	lanes  int
	fresh  bool     // servers as a fresh installation has them
	json   string   // a file
	only   string   // a table
	also   []string // other builds of rbt, as NAME=FILE
}

func parse(args []string) (options, error) {
	var o options
	var quick bool
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&o.rows, "rows", 3_000_000, "rows of each table")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each contender copies each table")
	flags.IntVar(&o.lanes, "lanes", 4, "rbt's lanes")
	flags.BoolVar(&o.fresh, "fresh", false, "give the servers the memory and WAL of a fresh installation")
	flags.BoolVar(&quick, "quick", false, "few rows and two rounds")
	flags.StringVar(&o.json, "json", "", "write the figures to this `file` as JSON too")
	flags.StringVar(&o.only, "table", "", "measure this `table` only")
	flags.Func("also", "measure another build of rbt too, given as `NAME=FILE`; may be repeated", func(s string) error {
		if name, file, ok := strings.Cut(s, "="); !ok || name == "" || file == "" {
			return errors.New("not NAME=FILE")
		}
		o.also = append(o.also, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if quick {
		o.rows, o.rounds = 100_000, 2
	}
	if o.rows < 1 || o.rounds < 1 || o.lanes < 1 {
		return o, errors.New("-rows, -rounds and -lanes must be at least 1")
	}
	if o.only != "" && !slices.ContainsFunc(tables(), func(t testbed.Table) bool { return t.Name == o.only }) {
		return o, fmt.Errorf("there is no table %q", o.only)
	}
	return o, nil
}

// settings are those of both servers.
func (o options) settings() map[string]string {
	if o.fresh {
		return testbed.Fresh()
	}
	return testbed.Dedicated()
}

// bench measures everything and prints it.
func bench(ctx context.Context, o options) (err error) {
	folder, err := os.MkdirTemp("", "rbt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	contenders, err := o.contenders(ctx, folder)
	if err != nil {
		return err
	}
	bed, err := testbed.Start(ctx, o.settings())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bed.Close()) }()
	r, err := o.measure(ctx, bed, contenders, os.Stderr)
	if err != nil {
		return err
	}
	r.markdown(os.Stdout)
	return o.writeJSON(r)
}

// tables are the shapes to measure.
func tables() []testbed.Table { return []testbed.Table{testbed.Metrics(), testbed.Lineitem()} }

// contenders are all of them, those that are missing too.
func (o options) contenders(ctx context.Context, folder string) ([]contender, error) {
	built, err := testbed.Build(ctx, folder)
	if err != nil {
		return nil, err
	}
	add := func(all []contender, name string, p *testbed.Program) []contender {
		return append(all, rbt(fmt.Sprintf("%s, %d lanes", name, o.lanes), p, o.lanes))
	}
	all := add(nil, "rbt", built)
	for _, s := range o.also {
		name, file, _ := strings.Cut(s, "=")
		other, err := testbed.Open(ctx, file, folder)
		if err != nil {
			return nil, err
		}
		all = add(all, name, other)
	}
	return append(all, pipe(ctx)), nil
}

// measure lets those contenders that are there copy the tables.
func (o options) measure(ctx context.Context, bed *testbed.Bed, all []contender, log io.Writer) (report, error) {
	r := report{Machine: measure.ThisMachine(), Settings: o.settings(), Rounds: o.rounds}
	present := race{bed: bed, rounds: o.rounds, log: log}
	for _, c := range all {
		if c.missing != "" {
			fmt.Fprintf(log, "%s is missing: %s\n", c.name, c.missing)
			r.Missing = append(r.Missing, named{c.name, c.missing})
			continue
		}
		r.Versions = append(r.Versions, named{c.name, c.version})
		present.contenders = append(present.contenders, c)
	}
	var err error
	if r.Servers, err = bed.Source.Version(ctx); err != nil {
		return r, err
	}
	for _, t := range tables() {
		if o.only != "" && o.only != t.Name {
			continue
		}
		fmt.Fprintf(log, "filling %s with %s rows …\n", t.Name, measure.Thousands(int64(o.rows)))
		if err := t.Fill(ctx, bed.Source, o.rows); err != nil {
			return r, err
		}
		m, err := present.measure(ctx, t)
		if err != nil {
			return r, err
		}
		r.Measurements = append(r.Measurements, figures(m))
	}
	return r, nil
}

func (o options) writeJSON(r report) error {
	if o.json == "" {
		return nil
	}
	f, err := os.Create(o.json)
	if err != nil {
		return err
	}
	return errors.Join(r.json(f), f.Close())
}
