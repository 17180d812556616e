package sim

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestWeatherReadsBack(t *testing.T) {
	e := base("plain")
	w := newWeather(&e, 1)
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.Float64Range(0, 200).Draw(t, "at")
		if got := w.when(w.sum(at), math.Inf(1)); math.Abs(got-at) > 1e-6 {
			t.Fatalf("at %v the sum is %v, which is reached at %v", at, w.sum(at), got)
		}
		if got := w.when(w.sum(at), at/2); got != at/2 {
			t.Fatalf("%v is no limit: %v", at/2, got)
		}
	})
}

func TestWeatherIsAsNoisyAsItSays(t *testing.T) {
	e := base("plain")
	e.WarmUp = 0
	w := newWeather(&e, 1)
	w.sum(20000)
	var sum, squares, neighbours float64
	n, lag := len(w.sums)-1, int(e.NoiseTime/tick)
	logs := make([]float64, n)
	for i := range n {
		logs[i] = math.Log((w.sums[i+1] - w.sums[i]) / tick)
		sum += logs[i]
		squares += logs[i] * logs[i]
		if i >= lag {
			neighbours += logs[i] * logs[i-lag]
		}
	}
	if mean := sum / float64(n); math.Abs(mean) > 0.01 {
		t.Errorf("the mean is %v, want 0", mean)
	}
	if dev := math.Sqrt(squares / float64(n)); math.Abs(dev-e.Noise) > 0.005 {
		t.Errorf("the standard deviation is %v, want %v", dev, e.Noise)
	}
	if kept := neighbours / squares; math.Abs(kept-math.Exp(-1)) > 0.05 {
		t.Errorf("after NoiseTime %v of the noise is left, want 1/e", kept)
	}
}

// TestStreamIsOneWhole says that it does not matter in how many steps a stream
// is copied.
func TestStreamIsOneWhole(t *testing.T) {
	for _, e := range append(Named(), Draw(1, 10)...) {
		w, size := newWeather(&e, 1), e.sized(30)
		c := cellOf(e.Baseline(true))
		whole := newStream(&e, w, size).finish(c, math.Inf(1))
		s := newStream(&e, w, size)
		for i := 0; !s.done(); i++ {
			if i%2 == 0 {
				s.move(c, c.flush, 1, 10, math.Inf(1))
			} else {
				s.move(c, c.flush, 1, math.Inf(1), 0.01)
			}
		}
		if math.Abs(s.now-whole) > 1e-6*whole {
			t.Errorf("%s: %v s in steps, %v in one", e.Name, s.now, whole)
		}
	}
}

func TestCheckpoints(t *testing.T) {
	e := base("plain")
	e.WarmUp, e.Flat = 0, 100
	e.CheckpointEvery, e.CheckpointTime, e.CheckpointRate = 1000, 2, 0.5
	s := newStream(&e, calm(&e), 2350)
	// 1000 MB in 10 s, 100 in 2, 1000 in 10, 100 in 2, 150 in 1.5.
	if got := s.finish(cell{1, modeCtid, 8}, math.Inf(1)); math.Abs(got-25.5) > 1e-6 || s.checkpoints != 4 {
		t.Errorf("%v s and %d events, want 25.5 and 4", got, s.checkpoints)
	}
	s = newStream(&e, calm(&e), 2350)
	s.move(cell{1, modeCtid, 8}, 8, 1, 1000, math.Inf(1))
	if s.idle(3); s.checkpointing() || math.Abs(s.now-13) > 1e-6 {
		t.Errorf("at %v s, in a checkpoint: %v; it ends while nothing is copied", s.now, s.checkpointing())
	}
}

func TestTurningPoints(t *testing.T) {
	e := base("plain")
	e.WarmUp = 0
	e.Credit, e.AfterCredit = 1000, 0.1
	c := cell{8, modeCtid, 8}
	before, after := e.steady(c, 8), e.later(throttled).steady(c, 8)
	s := newStream(&e, calm(&e), 2000)
	if got, want := s.finish(c, math.Inf(1)), 1000/before+1000/after; math.Abs(got-want) > 1e-6 {
		t.Errorf("throttled behind 1000 MB: %v s, want %v", got, want)
	}
	e.Credit, e.DriftAt, e.DriftTo = 0, 1, 0.1
	after = e.later(drifted).steady(c, 8)
	s = newStream(&e, calm(&e), 2000)
	if got, want := s.finish(c, math.Inf(1)), 1+(2000-before)/after; math.Abs(got-want) > 1e-6 {
		t.Errorf("others come after 1 s: %v s, want %v", got, want)
	}
	if got := newStream(&e, calm(&e), 2000).finish(c, 2); !math.IsInf(got, 1) {
		t.Errorf("out of patience after 2 s: %v s", got)
	}
}
