package sim

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Draw makes n environments from a seed. The same seed makes the same
// environments, so a seed that somebody has looked at is no judge any more of
// what was chosen afterwards.
func Draw(seed uint64, n int) []Environment {
	d := dice{rand.New(rand.NewPCG(seed, 0))}
	var drawn []Environment
	for i := range n {
		drawn = append(drawn, d.environment(fmt.Sprintf("%d/%d", seed, i+1)))
	}
	return drawn
}

// dice draw numbers.
type dice struct{ *rand.Rand }

func (d dice) chance(p float64) bool             { return d.Float64() < p }
func (d dice) between(low, high float64) float64 { return low + (high-low)*d.Float64() }

// magnitude draws from low to high so that each factor of two is as likely.
func (d dice) magnitude(low, high float64) float64 {
	return math.Exp(d.between(math.Log(low), math.Log(high)))
}

func (d dice) oneOf(values ...float64) float64 { return values[d.IntN(len(values))] }

// environment draws one. The ranges are what servers, links and tables are
// like, as far as guesses go, with hard cases more often than in life.
func (d dice) environment(name string) Environment {
	e := base(name)
	e.Lanes = int(d.oneOf(4, 8))
	d.table(&e)
	d.source(&e)
	d.link(&e)
	d.destination(&e)
	d.disturbances(&e)
	return e
}

// table draws rows of 0.1 to 10 KB. Half of the keys follow the heap.
func (d dice) table(e *Environment) {
	e.Row = d.magnitude(0.1, 10)
	if d.chance(0.5) {
		e.Correlation = d.between(0, 1)
	}
	if d.chance(0.4) {
		e.Skew = d.between(0.02, 0.5)
	}
	e.NoBlocks = d.chance(0.25)
	e.Estimate = math.Exp(0.25 * d.NormFloat64())
}

// source draws what reading costs. A row of ten times the size costs five times
// as much.
func (d dice) source(e *Environment) {
	perRow := math.Pow(e.Row, 0.7)
	e.ScanCost = perRow * d.magnitude(0.3, 1.2)
	e.SendCost = perRow * d.magnitude(1.5, 4)
	e.RandomRead = d.magnitude(10, 120)
	e.Cached = d.between(0, 1)
	e.SourceCPUs = d.oneOf(2, 4, 8, 16, 32)
	e.SourceDisk = d.magnitude(200, 5000)
	e.SharedScan = d.between(0.6, 0.95)
	e.RelayCost, e.RelayCPUs = 1.5*e.Row, d.oneOf(2, 4, 8, 16)
}

// link draws the same rack half of the time, else the same region, else another
// continent.
func (d dice) link(e *Environment) {
	e.Link = d.oneOf(118, 300, 600, 1200, 2500)
	switch where := d.Float64(); {
	case where < 0.5:
		e.RoundTrip, e.Connection = d.magnitude(0.1, 1), d.magnitude(200, 1000)
	case where < 0.8:
		e.RoundTrip, e.Connection = d.magnitude(1, 10), d.magnitude(100, 600)
	default:
		e.RoundTrip, e.Connection = d.magnitude(10, 80), d.magnitude(20, 150)
	}
}

// destination draws what inserting costs, and how lanes get in each other's way.
func (d dice) destination(e *Environment) {
	e.LoadCost = math.Pow(e.Row, 0.7) * d.magnitude(5, 20)
	e.DestCPUs = d.oneOf(2, 4, 8, 16, 32)
	e.Contention, e.Crosstalk = d.magnitude(0.005, 0.12), d.magnitude(0.0003, 0.03)
	if d.chance(0.6) {
		e.Overload = d.magnitude(0.003, 0.15)
	}
	e.Log = d.magnitude(150, 1500)
	e.FlushTime, e.FlushTrips = d.magnitude(0.5, 10), 0 // the next COPY follows the end of one at once
}

// disturbances draws what changes the rate over time, and oddities.
func (d dice) disturbances(e *Environment) {
	e.Noise, e.NoiseTime = d.magnitude(0.03, 0.15), d.magnitude(0.5, 5)
	e.WarmUp, e.WarmUpTime = d.between(0.1, 0.6), d.magnitude(1, 6)
	if d.chance(0.35) {
		e.CheckpointEvery, e.CheckpointTime, e.CheckpointRate = d.magnitude(400, 4000), d.magnitude(0.5, 3), d.between(0.2, 0.8)
	}
	if d.chance(0.12) {
		e.Credit, e.AfterCredit = d.magnitude(2000, 40000), d.between(0.3, 0.7)
	}
	if d.chance(0.15) {
		e.DriftAt, e.DriftTo = d.between(5, 100), d.between(0.4, 0.9)
	}
	e.SlowLane = d.chance(0.08)
	if d.chance(0.08) {
		e.Memory = 400
	}
}
