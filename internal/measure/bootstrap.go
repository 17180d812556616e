package measure

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a figure with the bounds of its 95 % confidence interval.
type Interval struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// resamples is how often a figure is worked out again. Its bounds then move by a percent of their distance with the
// draw; the draw is the same every time.
const resamples = 10_000

// Bootstrap works a figure out from n rounds, and says how far chance may have moved it: by how the figure differs
// between draws of n rounds, of which some come twice and others not at all. Rounds are drawn and not runs, because
// the runs of a round have the state of the machine in common.
func Bootstrap(n int, figure func(rounds []int) float64) Interval {
	rounds := make([]int, n)
	for i := range rounds {
		rounds[i] = i
	}
	out := Interval{Value: figure(rounds)}
	random := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, resamples)
	for i := range drawn {
		for j := range rounds {
			rounds[j] = random.IntN(n)
		}
		drawn[i] = figure(rounds)
	}
	slices.Sort(drawn)
	out.Low, out.High = drawn[resamples*25/1000], drawn[resamples*975/1000-1]
	return out
}

// MedianInterval is the median of the numbers, of which there is at least one.
func MedianInterval(numbers []float64) Interval {
	return Bootstrap(len(numbers), func(rounds []int) float64 { return Median(at(numbers, rounds)) })
}

// RatioOfMedians is how the median of a goes into that of b. Both have a number for each round.
func RatioOfMedians(a, b []float64) Interval {
	return Bootstrap(len(a), func(rounds []int) float64 { return Median(at(a, rounds)) / Median(at(b, rounds)) })
}

// MeanRatio is the geometric mean of the rounds' ratios of a to b: what a whole round has in common is not in it.
func MeanRatio(a, b []float64) Interval {
	return Bootstrap(len(a), func(rounds []int) float64 {
		var sum float64
		for _, i := range rounds {
			sum += math.Log(a[i] / b[i])
		}
		return math.Exp(sum / float64(len(rounds)))
	})
}

func at(numbers []float64, rounds []int) []float64 {
	return Each(rounds, func(i int) float64 { return numbers[i] })
}
