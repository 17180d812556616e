package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rapidbyte/rbt/internal/testbed"
)

// result is what was measured of one contender on one table.
type result struct {
	Table     string
	Contender string
	Runs      []usage
	Ratios    []float64 // of each run's time to the pipe's in the same round; empty without the pipe
}

// measurement is everything measured on one table.
type measurement struct {
	Table   string
	Rows    int64
	Bytes   int64 // as binary COPY sends them
	Results []result
}

// race lets the contenders copy a table, in turns, so that what disturbs the machine for a while disturbs all.
type race struct {
	bed        *testbed.Bed
	contenders []contender
	rounds     int
	log        io.Writer
}

func (r *race) measure(ctx context.Context, t table) (measurement, error) {
	m := measurement{Table: t.name}
	var err error
	if m.Rows, err = r.bed.Source.Rows(ctx, t.name); err != nil {
		return m, err
	}
	if m.Bytes, err = r.bed.Source.CopyBytes(ctx, t.name); err != nil {
		return m, err
	}
	for _, c := range r.contenders {
		m.Results = append(m.Results, result{Table: t.name, Contender: c.name})
	}
	for round := range r.rounds {
		for turn := range r.contenders {
			i := (round + turn) % len(r.contenders) // nobody always goes first, or always behind the same one
			c := r.contenders[i]
			u, err := r.turn(ctx, c, t, m.Rows)
			if err != nil {
				return m, fmt.Errorf("%s, %s, round %d: %w", t.name, c.name, round+1, err)
			}
			m.Results[i].Runs = append(m.Results[i].Runs, u)
			fmt.Fprintf(r.log, "%s, round %d of %d, %s: %.2f s, %.2f CPU-s, servers %.2f CPU-s\n",
				t.name, round+1, r.rounds, c.name, u.Wall.Seconds(), u.CPU.Seconds(), u.Servers.Seconds())
		}
	}
	m.compare()
	return m, nil
}

// turn is one copy into a fresh database, with nothing left to write on either server.
func (r *race) turn(ctx context.Context, c contender, t table, rows int64) (usage, error) {
	if err := r.bed.Destination.Renew(ctx); err != nil {
		return usage{}, err
	}
	if !c.creates {
		if err := r.bed.Destination.Exec(ctx, t.create()); err != nil {
			return usage{}, err
		}
	}
	for _, s := range []*testbed.Server{r.bed.Source, r.bed.Destination} {
		if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
			return usage{}, err
		}
	}
	before := r.bed.CPU(ctx)
	u, err := c.copy(ctx, r.bed, t.name)
	if err != nil {
		return usage{}, err
	}
	u.Servers = r.bed.CPU(ctx) - before
	arrived, err := r.bed.Destination.Rows(ctx, t.name)
	if err == nil && arrived != rows {
		err = fmt.Errorf("%d rows arrived of %d", arrived, rows)
	}
	return u, err
}

// compare sets each run beside the pipe's of the same round.
func (m *measurement) compare() {
	pipe := m.of(pipeName)
	if pipe == nil {
		return
	}
	for i := range m.Results {
		r := &m.Results[i]
		for round, u := range r.Runs {
			r.Ratios = append(r.Ratios, u.Wall.Seconds()/pipe.Runs[round].Wall.Seconds())
		}
	}
}

func (m *measurement) of(contender string) *result {
	for i := range m.Results {
		if m.Results[i].Contender == contender {
			return &m.Results[i]
		}
	}
	return nil
}
