package main

import "slices"

// spread is the middle of some numbers and how far they go.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf describes the numbers; of none, all is 0.
func spreadOf(numbers []float64) spread {
	if len(numbers) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(numbers))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return spread{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1]}
}

// spreadBy describes what of gives for each run.
func spreadBy(runs []usage, of func(usage) float64) spread {
	numbers := make([]float64, len(runs))
	for i, u := range runs {
		numbers[i] = of(u)
	}
	return spreadOf(numbers)
}
