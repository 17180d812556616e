package main

import (
	"context"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// measureSweeps finds the best setting for each road, and sets tuning beside it.
func (o options) measureSweeps(ctx context.Context, l *lab, rep *report) error {
	for _, way := range o.roads {
		finalists, err := o.sweepGrid(ctx, l, rep, way)
		if err != nil {
			return err
		}
		if err := o.final(ctx, l, rep, way, finalists); err != nil {
			return err
		}
	}
	return nil
}

// sweepGrid measures every setting of the grid, and returns the best. Its table is smaller than that of the final: it
// tells which settings are worth the time that the final takes.
func (o options) sweepGrid(ctx context.Context, l *lab, rep *report, way road) ([]arm, error) {
	s, err := l.fill(ctx, keyedMetrics(), o.sweepRows)
	if err != nil {
		return nil, err
	}
	r := race{title: "Settings, " + way.name, road: way, sample: s, rounds: o.sweepRounds}
	for _, setting := range o.grid.settings() {
		r.arms = append(r.arms, fixed(setting))
	}
	results, err := l.run(ctx, r)
	t := r.trial(results)
	t.sort()
	rep.add(t)
	if err != nil {
		return nil, err
	}
	byName := map[string]arm{}
	for _, a := range r.arms {
		byName[a.name] = a
	}
	var finalists []arm
	for _, f := range t.Arms[:min(o.finalists, len(t.Arms))] {
		finalists = append(finalists, byName[f.Arm])
	}
	return finalists, nil
}

// final measures tuning beside the best settings and beside none, from rbt's own number of lanes and on a slow link
// from a wrong one too. The best settings are measured anew: that they came first in the sweep is in part luck.
func (o options) final(ctx context.Context, l *lab, rep *report, way road, finalists []arm) error {
	s, err := l.fill(ctx, keyedMetrics(), o.rows)
	if err != nil {
		return err
	}
	starts := []int{0}
	if way.slow() {
		starts = append(starts, o.wrong)
	}
	r := race{title: "Tuning, " + way.name, road: way, sample: s, rounds: o.rounds, arms: finalists}
	for _, lanes := range starts {
		if r.arms = append(r.arms, tuned(lanes)); o.untuned {
			r.arms = append(r.arms, untuned(lanes))
		}
	}
	results, err := l.run(ctx, r)
	t := r.trial(results)
	for _, lanes := range starts {
		t.compare(regret, tuned(lanes).name, t.best())
		if o.untuned {
			t.compare(gain, tuned(lanes).name, untuned(lanes).name)
		}
	}
	rep.add(t)
	return err
}

// keyedMetrics has the key that makes all partition modes possible.
func keyedMetrics() testbed.Table {
	t := testbed.Metrics()
	t.Key = "id"
	return t
}
