package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// race has arms copy the same table over the same road, round after round.
type race struct {
	title  string
	road   road
	sample sample
	arms   []arm
	rounds int
}

// result is what came of an arm: a run for each round.
type result struct {
	arm  arm
	runs []run
}

// run has the race run. Every round takes the arms in an order of its own, so that neither what disturbs the machine
// for a while nor what a run leaves behind always falls on the same arm. With an error come the results of the rounds
// that were complete.
func (l *lab) run(ctx context.Context, r race) (results []result, err error) {
	ends, end, err := r.road.open(ctx, l.bed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, end()) }()
	// The first run after the table was filled takes up to half as long again (17.9 s instead of 12.1), whoever it is.
	if _, err := l.turn(ctx, r.title+", warm-up", r.sample, ends, untuned(0)); err != nil {
		return nil, err
	}
	for _, a := range r.arms {
		results = append(results, result{arm: a})
	}
	for round := range r.rounds {
		runs := make([]run, len(r.arms))
		for turn, i := range l.random.Perm(len(r.arms)) {
			name := fmt.Sprintf("%s, round %d, %s", r.title, round+1, r.arms[i].name)
			if runs[i], err = l.turn(ctx, name, r.sample, ends, r.arms[i]); err != nil {
				return results, fmt.Errorf("%s: %w", name, err)
			}
			fmt.Fprintf(l.log, "%s: %s [%d of %d]\n", name, runs[i], round*len(r.arms)+turn+1, r.rounds*len(r.arms))
		}
		for i := range results {
			results[i].runs = append(results[i].runs, runs[i])
		}
	}
	return results, nil
}

// turn has an arm copy the sample.
func (l *lab) turn(ctx context.Context, name string, s sample, e ends, a arm) (run, error) {
	job := testbed.Job{
		Table: s.table, Source: e.source, Destination: e.destination,
		Lanes: a.lanes, Pins: a.pins, Tune: a.tune, Trace: l.trace(name),
	}
	usage, err := l.bed.Take(ctx, testbed.Turn{
		Rows: map[string]int64{s.table: s.rows},
		Copy: func(ctx context.Context) (measure.Usage, error) { return l.program.Run(ctx, job) },
	})
	if err != nil {
		return run{}, err
	}
	told, err := readTrace(job.Trace)
	return run{usage, told}, err
}
