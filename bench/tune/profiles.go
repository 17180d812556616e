package main

import (
	"context"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// profile is a kind of table.
type profile struct {
	table testbed.Table
	rows  int
}

// profiles are tables that are short, and whose rows are small, medium and large.
func profiles() []profile {
	return []profile{
		{testbed.Documents("small", 375), 100_000},
		{testbed.Documents("medium", 1600), 50_000},
		{testbed.Documents("large", 64<<10), 10_000},
	}
}

// measureProfiles sets tuning beside none, and beside settings that leave nothing to tune.
func (o options) measureProfiles(ctx context.Context, l *lab, rep *report) error {
	for _, way := range o.roads {
		for _, p := range profiles() {
			s, err := l.fill(ctx, p.table, max(1, p.rows/o.shrink))
			if err != nil {
				return err
			}
			r := race{
				title: "Profile " + p.table.Name + ", " + way.name, road: way, sample: s, rounds: o.profileRounds,
				arms: []arm{untuned(0), tuned(0), pinned(defaultSetting())},
			}
			results, err := l.run(ctx, r)
			t := r.trial(results)
			t.compare(overhead, tuned(0).name, untuned(0).name)
			t.compare(overhead, pinned(defaultSetting()).name, untuned(0).name)
			rep.add(t)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
