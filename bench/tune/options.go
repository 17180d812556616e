package main

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rapidbyte/rbt/internal/slowlink"
)

// options are what the command line asks for.
type options struct {
	sweep, profiles, overhead bool

	rows      int // of the table that tuning is measured on
	sweepRows int // of the table that the grid is swept on
	overRows  int // of the table that the overhead is measured on
	shrink    int // profiles have so many times fewer rows

	rounds        int
	sweepRounds   int
	profileRounds int
	overRounds    int

	grid      grid
	finalists int
	untuned   bool // measure no tuning as well
	wrong     int  // a number of lanes to begin with that is wrong for the slow link

	roads  []road
	seed   uint64
	json   string // a file
	traces string // a folder
}

func parse(args []string) (options, error) {
	o := options{grid: defaultGrid()}
	link := slowlink.Link{Delay: 20 * time.Millisecond}
	var quick bool
	var place, links string
	flags := flag.NewFlagSet("tune", flag.ContinueOnError)
	flags.BoolVar(&o.sweep, "sweep", false, "measure settings and tuning on one long table")
	flags.BoolVar(&o.profiles, "profiles", false, "measure tuning on three short tables")
	flags.BoolVar(&o.overhead, "overhead", false, "measure what tuning costs between near servers")
	flags.BoolVar(&quick, "quick", false, "few rows and rounds")

	flags.IntVar(&o.rows, "rows", 80_000_000, "rows of the table that tuning is measured on")
	flags.IntVar(&o.sweepRows, "sweep-rows", 5_000_000, "rows of the table that the grid is swept on")
	flags.IntVar(&o.overRows, "overhead-rows", 20_000_000, "rows of the table that the overhead is measured on")
	flags.IntVar(&o.rounds, "rounds", 5, "rounds of tuned, untuned and the best settings")
	flags.IntVar(&o.sweepRounds, "sweep-rounds", 2, "rounds of the grid")
	flags.IntVar(&o.profileRounds, "profile-rounds", 10, "rounds of each profile")
	flags.IntVar(&o.overRounds, "overhead-rounds", 20, "rounds of the overhead")

	o.grid.flags(flags)
	flags.IntVar(&o.finalists, "finalists", 2, "how many settings of the grid are measured beside tuning")
	flags.BoolVar(&o.untuned, "untuned", true, "measure untuned runs beside the tuned ones; over the slow link they take the most time")
	flags.IntVar(&o.wrong, "wrong-lanes", 2, "a number of lanes that is wrong for the slow link")

	flags.StringVar(&links, "links", "slow,fast", "the links to measure: slow, fast")
	flags.DurationVar(&link.Delay, "delay", link.Delay, "of the slow link, one way")
	flags.IntVar(&link.Window, "window", 512, "KiB in flight per connection of the slow link")
	flags.StringVar(&place, "place", "destination", "the side of rbt that the slow link is on: source, destination or both")
	flags.Uint64Var(&o.seed, "seed", 1, "draws the order of the runs")
	flags.StringVar(&o.json, "json", "", "write the figures to this `file` as JSON too")
	flags.StringVar(&o.traces, "traces", "", "keep the traces of all runs in this `folder`")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if quick {
		o.hurry()
		link.Delay = min(link.Delay, 2*time.Millisecond) // a hundred round trips open a run
	}
	link.Window <<= 10
	var err error
	if o.roads, err = roads(links, place, link); err != nil {
		return o, err
	}
	return o, o.check()
}

// hurry leaves as little to do as shows that everything works.
func (o *options) hurry() {
	o.rows, o.sweepRows, o.overRows, o.shrink = 200_000, 100_000, 100_000, 50
	o.rounds, o.sweepRounds, o.profileRounds, o.overRounds = 1, 1, 1, 2
	o.grid = grid{lanes: []int{2, 8}, modes: []string{"ctid"}, flushes: []int{8}, formats: []string{"binary"}}
	o.finalists = 1
}

func (o *options) check() error {
	o.shrink = max(o.shrink, 1)
	for _, n := range []int{o.rows, o.sweepRows, o.overRows, o.rounds, o.sweepRounds, o.profileRounds, o.overRounds, o.finalists, o.wrong} {
		if n < 1 {
			return errors.New("rows, rounds, finalists and lanes must be at least 1")
		}
	}
	return nil
}

// numbers reads a list like 4,8,16.
func numbers(list string) ([]int, error) {
	var out []int
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is not a number above 0", s)
		}
		out = append(out, n)
	}
	return out, nil
}
