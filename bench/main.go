// Bench measures rbt against its peers, on two PostgreSQL servers that it starts itself:
//
//	go run ./bench            # an hour and more; prints Markdown
//	go run ./bench -quick     # two minutes; shows that it works, and little else
//
// Every contender does the whole job for the same databases in turns, each time into a fresh database: the schema, the
// rows, the indexes and the constraints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

func main() {
	measure.Main("bench", func(ctx context.Context, args []string) error {
		o, err := parse(args)
		if err != nil {
			return err
		}
		return bench(ctx, o)
	})
}

// options are what the command line asks for.
type options struct {
	share    float64
	rounds   int
	patience float64
	seed     uint64
	fresh    bool     // servers as a fresh installation has them
	huge     bool     // their shared memory in huge pages
	json     string   // a file
	only     []string // workloads; all if there are none
	also     []string // other builds of rbt, as NAME=FILE
}

func parse(args []string) (options, error) {
	var o options
	var quick bool
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Float64Var(&o.share, "share", 1, "of the rows of each table, and of the tables of 'tiny'")
	flags.IntVar(&o.rounds, "rounds", 5, "how often each contender copies each workload")
	flags.Float64Var(&o.patience, "patience", 8, "spare the further rounds of a contender that took so many times as long as rbt")
	flags.Uint64Var(&o.seed, "seed", 1, "draws the order of the contenders")
	flags.BoolVar(&o.fresh, "fresh", false, "give the servers the memory and WAL of a fresh installation")
	flags.BoolVar(&o.huge, "huge", false, "give the servers huge pages; reserve them first: sysctl -w vm.nr_hugepages=700")
	flags.BoolVar(&quick, "quick", false, "a fiftieth of the rows and one round")
	flags.StringVar(&o.json, "json", "", "write the figures to this `file` as JSON too")
	flags.Func("only", "measure this `workload` only; may be repeated", func(name string) error {
		if !slices.ContainsFunc(workloads(1), func(w workload) bool { return w.name == name }) {
			return errors.New("there is no such workload")
		}
		o.only = append(o.only, name)
		return nil
	})
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
		o.share, o.rounds = 0.02, 1
	}
	if o.share <= 0 || o.rounds < 1 || o.patience < 1 {
		return o, errors.New("-share must be above 0, -rounds and -patience at least 1")
	}
	return o, nil
}

// settings are those of both servers.
func (o options) settings() map[string]string {
	s := testbed.Dedicated()
	if o.fresh {
		s = testbed.Fresh()
	}
	s["huge_pages"] = "off" // said, since a server by itself takes them where there are some
	if o.huge {
		s["huge_pages"] = "on"
	}
	return s
}

// bench measures everything and prints it. After an error it prints the workloads that were complete.
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
	report, err := o.measure(ctx, bed, contenders, folder, os.Stderr)
	if err != nil && len(report.Workloads) == 0 {
		return err
	}
	report.markdown(os.Stdout)
	return errors.Join(err, o.writeJSON(report))
}

// contenders are all of them, those that are missing too.
func (o options) contenders(ctx context.Context, folder string) ([]contender, error) {
	built, err := testbed.Build(ctx, folder)
	if err != nil {
		return nil, err
	}
	for name, text := range pipelines() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	all := rbt(rbtName, built.Path)
	for _, s := range o.also {
		name, file, _ := strings.Cut(s, "=")
		path, err := filepath.Abs(file)
		if err != nil {
			return nil, err
		}
		all = append(all, rbt(name, path)[:2]...)
	}
	return append(all, peers()...), nil
}

// measure lets those contenders that are there copy the workloads.
func (o options) measure(ctx context.Context, bed *testbed.Bed, all []contender, folder string, log io.Writer) (report, error) {
	r := report{Machine: measure.ThisMachine(), Settings: o.settings(), Rounds: o.rounds, Patience: o.patience}
	var err error
	if r.Servers, err = bed.Source.Version(ctx); err != nil {
		return r, err
	}
	race := race{
		bed: bed, folder: folder, rounds: o.rounds, patience: o.patience, log: log,
		random: rand.New(rand.NewPCG(o.seed, 0)),
	}
	if race.env, err = environment(bed); err != nil {
		return r, err
	}
	for _, c := range all {
		if why := c.missing(race.env); why != "" {
			fmt.Fprintf(log, "%s is missing: %s\n", c.name, why)
			r.Missing = append(r.Missing, named{c.name, why})
			continue
		}
		version, err := c.version(ctx, race.env)
		if err != nil {
			return r, err
		}
		r.Contenders = append(r.Contenders, entry{c.name, version, c.shown(folder)})
		race.contenders = append(race.contenders, c)
	}
	for _, w := range workloads(o.share) {
		if len(o.only) > 0 && !slices.Contains(o.only, w.name) {
			continue
		}
		m, err := race.measure(ctx, w)
		if err != nil {
			return r, err
		}
		r.Workloads = append(r.Workloads, figures(m, r.Machine.Cores))
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
