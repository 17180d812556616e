package sim

import (
	"math"
	"math/rand/v2"
	"slices"
)

// tick is how long the weather stays as it is, in seconds.
const tick = 0.05

// weather is what moves every setting alike: noise that forgets itself slowly
// (an Ornstein-Uhlenbeck process), and the warm-up. All plays of one stream
// share it, so that settings are compared under the same noise. Not for
// concurrent use.
type weather struct {
	env           *Environment
	random        *rand.Rand // nil for no noise
	log           float64    // of the noise at the last tick
	keep, renewed float64    // share of it that the next tick keeps, and what comes anew
	// sums are the factors of the rate, summed up over time: at every tick, the
	// seconds that it would have taken to come as far with the factor 1.
	sums []float64
}

func newWeather(e *Environment, seed uint64) *weather {
	w := calm(e)
	w.random = rand.New(rand.NewPCG(seed, 1))
	w.log = e.Noise * w.random.NormFloat64()
	w.keep = math.Exp(-tick / e.NoiseTime)
	w.renewed = e.Noise * math.Sqrt(1-w.keep*w.keep)
	return w
}

// calm is weather without noise.
func calm(e *Environment) *weather { return &weather{env: e, sums: []float64{0}} }

// sum is the sum of the factors from the beginning to the time t.
func (w *weather) sum(t float64) float64 {
	i := int(t / tick)
	for len(w.sums) < i+2 {
		w.grow()
	}
	return w.sums[i] + (w.sums[i+1]-w.sums[i])*(t/tick-float64(i))
}

// when is the time at which the sum of the factors is x, but not later than
// until.
func (w *weather) when(x, until float64) float64 {
	for w.last() <= x && tick*float64(len(w.sums)-1) < until {
		w.grow()
	}
	if w.last() <= x {
		return until
	}
	i, _ := slices.BinarySearch(w.sums, x)
	i = max(i, 1)
	return min(until, tick*(float64(i-1)+(x-w.sums[i-1])/(w.sums[i]-w.sums[i-1])))
}

func (w *weather) last() float64 { return w.sums[len(w.sums)-1] }

// grow adds a tick.
func (w *weather) grow() {
	f := 1.0
	if w.random != nil {
		f = math.Exp(w.log)
		w.log = w.keep*w.log + w.renewed*w.random.NormFloat64()
	}
	if t := tick * float64(len(w.sums)-1); t < 10*w.env.WarmUpTime {
		f *= 1 - w.env.WarmUp*math.Exp(-t/w.env.WarmUpTime)
	}
	w.sums = append(w.sums, w.last()+tick*f)
}
