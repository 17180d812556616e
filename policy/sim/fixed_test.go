package sim

import (
	"math"
	"testing"
)

func TestSets(t *testing.T) {
	e := base("plain")
	if n := len(e.sets()); n != 27 {
		t.Errorf("%d combinations, want 3 x 3 x 3", n)
	}
	e.NoBlocks = true
	if n := len(e.sets()); n != 18 {
		t.Errorf("%d combinations without blocks, want 18", n)
	}
	e.Memory = 400 // 12 lanes of 16 MB need 448
	if n := len(e.sets()); n != 16 {
		t.Errorf("%d combinations in little memory, want 16", n)
	}
}

// TestBestIsBest holds that leaving out settings that cannot win loses nothing.
func TestBestIsBest(t *testing.T) {
	for _, e := range append(Named(), Draw(1, 20)...) {
		f := &fixed{env: &e, weather: newWeather(&e, 1), size: e.sized(60), played: map[cell]float64{}}
		got, want := f.best(e.all()), math.Inf(1)
		for _, c := range e.all() {
			want = min(want, f.seconds(c, math.Inf(1)))
		}
		if got > want*1.0005 {
			t.Errorf("%s: the best of the promising settings takes %v s, the best of all %v", e.Name, got, want)
		}
	}
}

func TestSized(t *testing.T) {
	for _, e := range Named() {
		f := &fixed{env: &e, weather: calm(&e), size: e.sized(60), played: map[cell]float64{}}
		if got := f.best(e.sets()); math.Abs(got-60) > 1e-6 {
			t.Errorf("%s: a stream of 60 s takes %v", e.Name, got)
		}
	}
}
