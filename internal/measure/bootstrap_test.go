package measure

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestOneRoundSaysNothingOfChance(t *testing.T) {
	if got, want := MedianInterval([]float64{7}), (Interval{7, 7, 7}); got != want {
		t.Errorf("MedianInterval = %v, want %v", got, want)
	}
}

func TestMedianIntervalStaysWithinTheNumbers(t *testing.T) {
	got := MedianInterval([]float64{5, 1, 3, 2, 4})
	if got.Value != 3 || got.Low < 1 || got.Low >= 3 || got.High <= 3 || got.High > 5 {
		t.Errorf("MedianInterval = %v", got)
	}
	if again := MedianInterval([]float64{5, 1, 3, 2, 4}); again != got {
		t.Errorf("then MedianInterval = %v, before %v", again, got)
	}
}

// TestRoundsCancel has rounds that differ much, and a ratio that is the same in all of them.
func TestRoundsCancel(t *testing.T) {
	a, b := []float64{2, 20, 200}, []float64{1, 10, 100}
	for name, ratio := range map[string]func(a, b []float64) Interval{"RatioOfMedians": RatioOfMedians, "MeanRatio": MeanRatio} {
		got := ratio(a, b)
		if math.Abs(got.Low-2)+math.Abs(got.Value-2)+math.Abs(got.High-2) > 1e-9 {
			t.Errorf("%s = %v, want 2 and nothing else", name, got)
		}
	}
}

// TestIntervalsHoldTheTruth draws many samples whose ratio is known. Intervals of small samples hold it a little less
// often than 95 % of the time.
func TestIntervalsHoldTheTruth(t *testing.T) {
	const samples, truth = 60, 1.1
	random := rand.New(rand.NewPCG(3, 4))
	held := 0
	for range samples {
		a, b := make([]float64, 15), make([]float64, 15)
		for i := range a {
			round := math.Exp(0.2 * random.NormFloat64())
			a[i] = truth * round * math.Exp(0.05*random.NormFloat64())
			b[i] = round * math.Exp(0.05*random.NormFloat64())
		}
		if got := MeanRatio(a, b); got.Low <= truth && truth <= got.High {
			held++
		}
	}
	if held < samples*85/100 || held == samples {
		t.Errorf("%d of %d intervals hold the truth", held, samples)
	}
}
