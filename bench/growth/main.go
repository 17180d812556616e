// Growth measures how rbt's time grows with the rows of a table and with the number of tables:
//
//	go run ./bench/growth           # half an hour; prints Markdown with a plot of both
//	go run ./bench/growth -quick    # a minute: shows that it works
//
// What a row and a table cost should not depend on how many there are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

func main() {
	measure.Main("growth", func(ctx context.Context, args []string) error {
		o, err := parse(args)
		if err != nil {
			return err
		}
		return grow(ctx, o)
	})
}

// options are what the command line asks for.
type options struct {
	rows   []int // of one table
	tables []int // of rowsPerTable rows each
	rounds int
}

const rowsPerTable = 1000

func parse(args []string) (options, error) {
	o := options{rows: []int{1_000_000, 3_000_000, 10_000_000, 30_000_000}, tables: []int{10, 100, 1000, 3000}}
	var quick bool
	flags := flag.NewFlagSet("growth", flag.ContinueOnError)
	flags.IntVar(&o.rounds, "rounds", 3, "how often each size is copied")
	flags.BoolVar(&quick, "quick", false, "small sizes and one round")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if quick {
		o.rows, o.tables, o.rounds = []int{10_000, 100_000}, []int{3, 30}, 1
	}
	if o.rounds < 1 {
		return o, errors.New("-rounds must be at least 1")
	}
	return o, nil
}

// grow measures everything and prints it.
func grow(ctx context.Context, o options) (err error) {
	folder, err := os.MkdirTemp("", "rbt-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	g := growth{rounds: o.rounds, log: os.Stderr}
	if g.program, err = testbed.Build(ctx, folder); err != nil {
		return err
	}
	if g.bed, err = testbed.Start(ctx, testbed.Dedicated()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, g.bed.Close()) }()
	version, err := g.bed.Source.Version(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("%s; PostgreSQL %s at both ends; %s; rounds: %d.\n", measure.ThisMachine(), version, g.program.Version, o.rounds)
	rows, err := g.measure(ctx, "rows", o.rows, rowsOf)
	if err != nil {
		return err
	}
	rows.markdown(os.Stdout, axes{"One table of metrics", "rows", "µs per row", 1e6})
	tables, err := g.measure(ctx, "tables", o.tables, tablesOf)
	if err != nil {
		return err
	}
	tables.markdown(os.Stdout, axes{fmt.Sprintf("Tables of %s rows", measure.Thousands(rowsPerTable)), "tables", "ms per table", 1e3})
	return nil
}

func rowsOf(n int) []testbed.Sized { return []testbed.Sized{{Table: testbed.Metrics(), Rows: n}} }

func tablesOf(n int) []testbed.Sized {
	all := make([]testbed.Sized, n)
	for i := range all {
		all[i] = testbed.Sized{Table: testbed.Documents(fmt.Sprintf("tiny_%04d", i), 120), Rows: rowsPerTable}
	}
	return all
}

// growth copies more and more.
type growth struct {
	bed     *testbed.Bed
	program *testbed.Program
	rounds  int
	log     io.Writer
}

// curve is how long each size took.
type curve []point

type point struct {
	size int
	runs []measure.Usage
}

// measure copies each size, once without counting it and then as often as there are rounds.
func (g growth) measure(ctx context.Context, unit string, sizes []int, tables func(int) []testbed.Sized) (curve, error) {
	var c curve
	for _, size := range sizes {
		fmt.Fprintf(g.log, "filling %s %s …\n", measure.Thousands(int64(size)), unit)
		all := tables(size)
		if err := g.bed.Source.Refill(ctx, all); err != nil {
			return nil, err
		}
		if _, err := g.copy(ctx, all); err != nil { // the first run after the tables were filled takes longer
			return nil, err
		}
		p := point{size: size}
		for range g.rounds {
			u, err := g.copy(ctx, all)
			if err != nil {
				return nil, fmt.Errorf("%d %s: %w", size, unit, err)
			}
			fmt.Fprintf(g.log, "%s %s: %.2f s\n", measure.Thousands(int64(size)), unit, u.Wall.Seconds())
			p.runs = append(p.runs, u)
		}
		c = append(c, p)
	}
	return c, nil
}

func (g growth) copy(ctx context.Context, all []testbed.Sized) (measure.Usage, error) {
	return g.bed.Take(ctx, testbed.Turn{Rows: testbed.RowsOf(all), Copy: func(ctx context.Context) (measure.Usage, error) {
		return g.program.Run(ctx, testbed.Job{
			Table: "*", Source: g.bed.Source.DSN(), Destination: g.bed.Destination.DSN(), Tune: true,
		})
	}})
}

func (p point) seconds() float64 {
	return measure.Median(measure.Each(p.runs, wall))
}

// axes are what a curve is about.
type axes struct {
	title, unit, per string
	scale            float64 // from seconds
}

// markdown prints a curve: what a unit costs, as a table and as a plot in Mermaid's language; and in the table what one
// costs of those that the size before has not got.
func (c curve) markdown(w io.Writer, a axes) {
	fmt.Fprintf(w, "\n**%s**\n\n| %s | seconds: median (min–max) | %s | %s beyond the line before | peak RSS |\n|---|---|---|---|---|\n",
		a.title, a.unit, a.per, a.per)
	var names, heights []string
	highest := 0.0
	for i, p := range c {
		more := "–"
		if i > 0 {
			more = fmt.Sprintf("%.2f", a.scale*(p.seconds()-c[i-1].seconds())/float64(p.size-c[i-1].size))
		}
		highest = max(highest, a.scale*p.seconds()/float64(p.size))
		size, each := measure.Thousands(int64(p.size)), fmt.Sprintf("%.2f", a.scale*p.seconds()/float64(p.size))
		names, heights = append(names, strconv.Quote(size)), append(heights, each)
		peak := slices.Max(measure.Each(p.runs, func(u measure.Usage) float64 { return float64(u.Memory) }))
		fmt.Fprintf(w, "| %s | %s | %s | %s | %.0f MiB |\n", size, measure.SpreadOf(measure.Each(p.runs, wall)), each, more, peak/(1<<20))
	}
	fmt.Fprintf(w, "\n```mermaid\nxychart-beta\n  title %q\n  x-axis %q [%s]\n  y-axis %q 0 --> %.2f\n  line [%s]\n```\n",
		a.title, a.unit, strings.Join(names, ", "), a.per, highest, strings.Join(heights, ", "))
}

func wall(u measure.Usage) float64 { return u.Wall.Seconds() }
