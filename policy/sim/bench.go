package sim

import (
	"context"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Bench plays many streams: each environment Runs times with other noise, each
// time at every length.
type Bench struct {
	Environments []Environment
	Tuners       []Tuner
	Lengths      []float64 // s
	Runs         int
	Seed         uint64 // of the noise
	Priors       bool   // the catalog's facts choose the baseline's partition mode
	// Played, where it is there, is called whenever an environment was played once
	// at every length, at once from several goroutines. Run makes that
	// 2 × Runs × environments.
	Played func()
}

// Run plays all streams, and all again where every setting is as fast as the
// baseline, and sums up how the tuners did. The only error is ctx's own.
func (b Bench) Run(ctx context.Context) ([]Report, error) {
	trials, err := b.Trials(ctx)
	if err != nil {
		return nil, err
	}
	reports := Reports(trials)
	b.Environments = flat(b.Environments, b.Priors)
	if trials, err = b.Trials(ctx); err != nil {
		return nil, err
	}
	for i, same := range Reports(trials) {
		reports[i].FalseLeads = same.left
	}
	return reports, nil
}

// Trials plays all streams, as many at once as there are processors. The order
// of the trials does not depend on that.
func (b Bench) Trials(ctx context.Context) ([]Trial, error) {
	sizes := b.sizes()
	results := make([][]Trial, len(b.Environments)*b.Runs)
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n := range results {
		g.Go(func() error {
			if ctx.Err() == nil {
				results[n] = b.streams(n/b.Runs, n%b.Runs, sizes[n/b.Runs])
				if b.Played != nil {
					b.Played()
				}
			}
			return ctx.Err()
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.Concat(results...), nil
}

// sizes are the MB of the streams, by environment and length.
func (b Bench) sizes() [][]float64 {
	sizes := make([][]float64, len(b.Environments))
	for i := range b.Environments {
		for _, length := range b.Lengths {
			sizes[i] = append(sizes[i], b.Environments[i].sized(length))
		}
	}
	return sizes
}

// streams plays the i-th environment for the j-th time, at every length.
func (b Bench) streams(i, j int, sizes []float64) []Trial {
	e := &b.Environments[i]
	seed := seedOf(b.Seed, i, j)
	w := newWeather(e, seed)
	var trials []Trial
	for n, length := range b.Lengths {
		trials = append(trials, e.play(b.Tuners, length, sizes[n], b.Priors, w, seed)...)
	}
	return trials
}

// flat are the environments with every setting as fast as the baseline.
func flat(environments []Environment, priors bool) []Environment {
	var out []Environment
	for _, e := range environments {
		c := cellOf(e.Baseline(priors))
		e.Flat = e.steady(c, c.flush)
		out = append(out, e)
	}
	return out
}
