package sim

import (
	"math/rand/v2"

	"github.com/rapidbyte/rbt/policy"
)

// Trial is one stream, played by one tuner.
type Trial struct {
	Environment string
	Tuner       string
	Length      float64 // s that the best of the candidate sets takes without noise
	Decision    policy.Decision
	// Seconds is how long the stream took. The others say how long it would have
	// taken through the same weather under the winner from the start, under the
	// baseline, under the best of the candidate sets, and under the best of all
	// settings.
	Seconds, Winner, Baseline, Best, BestOfAll float64
}

// Regret is by what share the stream took longer than under the best of the
// candidate sets. It is below 0 where the tuner found something better.
func (t Trial) Regret() float64 { return t.Seconds/t.Best - 1 }

// RegretOfAll is the same for the best of all settings.
func (t Trial) RegretOfAll() float64 { return t.Seconds/t.BestOfAll - 1 }

// Cost is what the probe phase cost, as a share of the stream's time.
func (t Trial) Cost() float64 { return 1 - t.Winner/t.Seconds }

// Below says whether the winner is more than 1 % slower than the baseline.
func (t Trial) Below() bool { return t.Winner > 1.01*t.Baseline }

// Left says whether the winner is another setting than the baseline.
func (t Trial) Left() bool { return cellOf(t.Decision.Winner) != cellOf(t.Decision.Baseline) }

// impatience is how many times as long as the best a stream may take; where the
// winner is slower than that it counts as that slow.
const impatience = 50

// play plays one stream for each tuner, all through the same weather.
func (e *Environment) play(tuners []Tuner, length, size float64, priors bool, w *weather, seed uint64) []Trial {
	f := &fixed{env: e, weather: w, size: size, played: map[cell]float64{}}
	best := f.best(e.sets())
	patience := impatience * best
	bestOfAll := min(best, f.best(e.all()))
	var trials []Trial
	for _, t := range tuners {
		spec := e.spec(size, priors, seed)
		s := newStream(e, w, size)
		d := t.Tune(s, spec)
		winner := cellOf(d.Winner)
		trials = append(trials, Trial{
			Environment: e.Name, Tuner: t.Name(), Length: length, Decision: d,
			Seconds: min(s.finish(winner, patience), patience),
			Winner:  min(f.seconds(winner, patience), patience), Baseline: min(f.seconds(cellOf(spec.Baseline), patience), patience),
			Best: best, BestOfAll: bestOfAll,
		})
	}
	return trials
}

// seedOf is the seed of one stream: the weather of the i-th environment at the
// j-th time.
func seedOf(seed uint64, i, j int) uint64 {
	return rand.New(rand.NewPCG(seed, uint64(i)<<32|uint64(j))).Uint64()
}
