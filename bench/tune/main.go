// Tune measures what the search for better settings gains and costs, on two PostgreSQL servers that it starts itself:
//
//	go run ./bench/tune            # all three parts: hours
//	go run ./bench/tune -quick     # under a minute; shows that it works, and little else
//
// -sweep copies a table with every setting of a grid, and sets rbt with tuning beside the best of them and beside rbt
// without tuning, once between near servers and once over a slow link. -profiles does so for three kinds of short
// tables and no grid. -overhead asks what the search costs where there is nothing to find.
//
// docs/tuning-benchmark.md says how to read what it prints.
package main

import (
	"context"
	"errors"
	"os"

	"github.com/rapidbyte/rbt/internal/measure"
)

func main() {
	measure.Main("tune", func(ctx context.Context, args []string) error {
		o, err := parse(args)
		if err != nil {
			return err
		}
		return bench(ctx, o)
	})
}

// bench measures and prints what there is, after an error too: hours may have gone into it.
func bench(ctx context.Context, o options) (err error) {
	l, err := openLab(ctx, o, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	r := report{Machine: l.machine, Servers: l.servers, Settings: l.settings, Version: l.program.Version, Seed: o.seed}
	for _, part := range o.parts() {
		if err = part(ctx, l, &r); err != nil {
			break
		}
	}
	r.markdown(os.Stdout)
	return errors.Join(err, o.writeJSON(r))
}

// parts are what was asked for; nothing in particular is everything.
func (o options) parts() []func(context.Context, *lab, *report) error {
	all := !o.sweep && !o.profiles && !o.overhead
	var parts []func(context.Context, *lab, *report) error
	for _, p := range []struct {
		wanted  bool
		measure func(context.Context, *lab, *report) error
	}{
		{o.sweep, o.measureSweeps},
		{o.profiles, o.measureProfiles},
		{o.overhead, o.measureOverhead},
	} {
		if all || p.wanted {
			parts = append(parts, p.measure)
		}
	}
	return parts
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
