package main

import (
	"context"
	"fmt"
	"io"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/testbed"
)

// result is what was measured of one contender on one table.
type result struct {
	Table     string
	Contender string
	Runs      []measure.Usage
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

func (r *race) measure(ctx context.Context, t testbed.Table) (measurement, error) {
	m := measurement{Table: t.Name}
	var err error
	if m.Rows, err = r.bed.Source.Rows(ctx, t.Name); err != nil {
		return m, err
	}
	if m.Bytes, err = r.bed.Source.CopyBytes(ctx, t.Name); err != nil {
		return m, err
	}
	for _, c := range r.contenders {
		m.Results = append(m.Results, result{Table: t.Name, Contender: c.name})
	}
	for round := range r.rounds {
		for turn := range r.contenders {
			i := (round + turn) % len(r.contenders) // nobody always goes first, or always behind the same one
			c := r.contenders[i]
			u, err := r.turn(ctx, c, t, m.Rows)
			if err != nil {
				return m, fmt.Errorf("%s, %s, round %d: %w", t.Name, c.name, round+1, err)
			}
			m.Results[i].Runs = append(m.Results[i].Runs, u)
			fmt.Fprintf(r.log, "%s, round %d of %d, %s: %.2f s, %.2f CPU-s, servers %.2f CPU-s\n",
				t.Name, round+1, r.rounds, c.name, u.Wall.Seconds(), u.CPU.Seconds(), u.Servers.Seconds())
		}
	}
	m.compare()
	return m, nil
}

// turn has a contender copy the table.
func (r *race) turn(ctx context.Context, c contender, t testbed.Table, rows int64) (measure.Usage, error) {
	turn := testbed.Turn{Table: t.Name, Rows: rows}
	if !c.creates {
		turn.Prepare = t.Create()
	}
	turn.Copy = func(ctx context.Context) (measure.Usage, error) { return c.copy(ctx, r.bed, t.Name) }
	return r.bed.Take(ctx, turn)
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
