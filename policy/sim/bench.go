package sim

import (
	"runtime"
	"sync"
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
}

// Run plays all streams, and all again where every setting is as fast as the
// baseline, and sums up how the tuners did.
func (b Bench) Run() []Report {
	reports := Reports(b.Trials())
	b.Environments = flat(b.Environments, b.Priors)
	for i, same := range Reports(b.Trials()) {
		reports[i].FalseLeads = same.left
	}
	return reports
}

// Trials plays all streams, as many at once as there are processors. The order
// of the trials does not depend on that.
func (b Bench) Trials() []Trial {
	sizes := b.sizes()
	results := make([][]Trial, len(b.Environments)*b.Runs)
	jobs := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for n := range jobs {
				results[n] = b.streams(n/b.Runs, n%b.Runs, sizes[n/b.Runs])
			}
		})
	}
	for n := range results {
		jobs <- n
	}
	close(jobs)
	wg.Wait()
	var trials []Trial
	for _, r := range results {
		trials = append(trials, r...)
	}
	return trials
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
