package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// race lets the contenders copy workloads in turns, so that what disturbs the machine for a while disturbs all.
type race struct {
	bed        *testbed.Bed
	env        []string
	folder     string
	contenders []contender
	rounds     int
	patience   float64 // see result.givenUp
	random     *rand.Rand
	log        io.Writer
}

// result is what was measured of one contender on one workload.
type result struct {
	contender contender
	runs      []measure.Usage
	ratios    []float64 // of each run's time to rbt's in the same round
	// givenUp says that it took so many times as long as rbt, patience, that later rounds were spared.
	givenUp bool
	failed  error // the first that ended a run; there are no more then
}

// measurement is everything measured on one workload.
type measurement struct {
	workload workload
	bytes    int64 // as binary COPY sends them
	results  []result
	limits   []limit // one a round
}

// measure fills the source and races.
func (r *race) measure(ctx context.Context, w workload) (m measurement, err error) {
	fmt.Fprintf(r.log, "filling %s with %s rows …\n", w.name, measure.Thousands(w.rows()))
	if err := r.bed.Source.Refill(ctx, w.tables); err != nil {
		return m, err
	}
	m.workload = w
	if m.bytes, err = w.bytes(ctx, r.bed.Source); err != nil {
		return m, err
	}
	for _, c := range r.contenders {
		if c.copies(w) {
			m.results = append(m.results, result{contender: c})
		}
	}
	// Whoever comes first after the tables were filled takes longer.
	if _, err := r.turn(ctx, m.results[0].contender, w); err != nil {
		return m, fmt.Errorf("%s, warm-up: %w", w.name, err)
	}
	for round := range r.rounds {
		if err := r.round(ctx, &m, round); err != nil {
			return m, err
		}
	}
	return m, nil
}

// round has every contender copy the workload once, in an order of its own, so that nobody always comes behind the same
// one.
func (r *race) round(ctx context.Context, m *measurement, round int) error {
	runs := make([]*measure.Usage, len(m.results))
	for _, i := range r.random.Perm(len(m.results)) {
		to := &m.results[i]
		if to.givenUp || to.failed != nil {
			continue
		}
		u, err := r.turn(ctx, to.contender, m.workload)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && to.contender.name == rbtName {
			return fmt.Errorf("%s, round %d: %w", m.workload.name, round+1, err)
		}
		if err != nil {
			to.failed = err
			fmt.Fprintf(r.log, "%s, round %d of %d, %s failed: %v\n", m.workload.name, round+1, r.rounds, to.contender.name, err)
			continue
		}
		runs[i] = &u
		fmt.Fprintf(r.log, "%s, round %d of %d, %s: %.2f s, %.2f CPU-s, servers %.2f CPU-s\n",
			m.workload.name, round+1, r.rounds, to.contender.name, u.Wall.Seconds(), u.CPU.Seconds(), u.Servers.Seconds())
	}
	m.note(runs, r.patience)
	l, err := r.limit(ctx, m.workload)
	if err != nil {
		return fmt.Errorf("%s, limit: %w", m.workload.name, err)
	}
	m.limits = append(m.limits, l)
	return nil
}

// note sets a round's runs beside rbt's.
func (m *measurement) note(runs []*measure.Usage, patience float64) {
	ours := runs[slices.IndexFunc(m.results, func(r result) bool { return r.contender.name == rbtName })]
	for i, u := range runs {
		if u == nil {
			continue
		}
		r := &m.results[i]
		ratio := u.Wall.Seconds() / ours.Wall.Seconds()
		r.runs, r.ratios = append(r.runs, *u), append(r.ratios, ratio)
		r.givenUp = ratio > patience
	}
}

// turn has a contender copy the workload into a fresh database, with nothing left to write on either server.
func (r *race) turn(ctx context.Context, c contender, w workload) (measure.Usage, error) {
	u, err := r.bed.Take(ctx, testbed.Turn{
		Rows: testbed.RowsOf(w.tables),
		Copy: func(ctx context.Context) (measure.Usage, error) { return c.run(ctx, r.env, r.folder, w) },
	})
	if err != nil {
		return u, err
	}
	want, err := r.bed.Source.Indexes(ctx)
	if err != nil {
		return u, err
	}
	got, err := r.bed.Destination.Indexes(ctx)
	if err == nil && got != want {
		err = fmt.Errorf("%d indexes and constraints arrived of %d", got, want)
	}
	return u, err
}
