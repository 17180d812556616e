package measure

import (
	"fmt"
	"slices"
)

// Spread is the middle of some numbers and how far they go.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// SpreadOf describes the numbers; of none, all is 0.
func SpreadOf(numbers []float64) Spread {
	if len(numbers) == 0 {
		return Spread{}
	}
	return Spread{Median: Median(numbers), Min: slices.Min(numbers), Max: slices.Max(numbers)}
}

func (s Spread) String() string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Min, s.Max) }

// Median is the middle of the numbers, or halfway between both; of none it is 0.
func Median(numbers []float64) float64 {
	if len(numbers) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(numbers))
	middle := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[middle-1] + sorted[middle]) / 2
	}
	return sorted[middle]
}

// Each is what of gives for each run.
func Each[T any](runs []T, of func(T) float64) []float64 {
	numbers := make([]float64, len(runs))
	for i, r := range runs {
		numbers[i] = of(r)
	}
	return numbers
}
