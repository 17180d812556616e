package sim

import (
	"math"
	"testing"
)

// at is the rate of a setting in the long run.
func (e *Environment) at(lanes float64, mode string, flush float64) float64 {
	return e.steady(cell{lanes, mode, flush}, flush)
}

// TestNamedRates holds the model to the numbers that the eight environments
// were published with: the rates of the baseline (8 lanes, range, 8 MB) and of
// the best of {4, 8, 12} lanes x {range, mod} x {4, 8, 16} MB, in MB/s, and how
// much each knob matters there, in percent.
func TestNamedRates(t *testing.T) {
	want := []struct{ baseline, best, mode, lanes, flush float64 }{
		{356, 362, 0, 33, 5},
		{210, 408, 0, 138, 140},
		{116, 117, 0, 1, 0},
		{176, 206, 0, 45, 6},
		{84, 735, 560, 101, 2},
		{182, 797, 312, 118, 3},
		{393, 395, 0, 17, 1},
		{239, 258, 0, 13, 0},
	}
	for i, e := range Named() {
		if e.Credit > 0 {
			e = *e.later(throttled) // the numbers are those behind the cliff
		}
		best, rate := bestOf18(&e)
		effect := func(a, b, c cell) float64 {
			x, y, z := e.steady(a, a.flush), e.steady(b, b.flush), e.steady(c, c.flush)
			return 100 * (max(x, y, z)/min(x, y, z) - 1)
		}
		lanes, mode, flush := best, best, best
		for _, tc := range []struct {
			what      string
			got, want float64
		}{
			{"baseline", e.at(8, modeRange, 8), want[i].baseline},
			{"best", rate, want[i].best},
			{"effect of the mode", effect(mode, mode.with(0, modeRange, 0), mode.with(0, modeMod, 0)), want[i].mode},
			{"effect of the lanes", effect(lanes.with(4, "", 0), lanes.with(8, "", 0), lanes.with(12, "", 0)), want[i].lanes},
			{"effect of the flush size", effect(flush.with(0, "", 4), flush.with(0, "", 8), flush.with(0, "", 16)), want[i].flush},
		} {
			if math.Abs(tc.got-tc.want) > 0.55 {
				t.Errorf("%s: %s is %.2f, want %v", e.Name, tc.what, tc.got, tc.want)
			}
		}
	}
}

// with replaces what is not zero.
func (c cell) with(lanes float64, mode string, flush float64) cell {
	if lanes > 0 {
		c.lanes = lanes
	}
	if mode != "" {
		c.mode = mode
	}
	if flush > 0 {
		c.flush = flush
	}
	return c
}

func bestOf18(e *Environment) (best cell, rate float64) {
	for _, lanes := range []float64{4, 8, 12} {
		for _, mode := range []string{modeRange, modeMod} {
			for _, flush := range []float64{4, 8, 16} {
				if x := e.at(lanes, mode, flush); x > rate {
					best, rate = cell{lanes, mode, flush}, x
				}
			}
		}
	}
	return best, rate
}

// TestBeyondTheSets holds what was published of settings outside of the sets.
func TestBeyondTheSets(t *testing.T) {
	e := Named()
	for _, tc := range []struct {
		what      string
		got, want float64
	}{
		{"E2: 15 lanes and 64 MB", e[1].at(15, modeRange, 64), 698},
		{"E3: 4 lanes", e[2].at(4, modeRange, 8), 117},
		{"E5: by blocks at the baseline", e[4].at(8, modeCtid, 8), 637},
		{"E6: by blocks at the baseline", e[5].at(8, modeCtid, 8), 637},
		{"E5: by blocks at best", e[4].at(16, modeCtid, 64), 852},
		{"E6: by blocks at best", e[5].at(16, modeCtid, 64), 859},
		{"E8: 12 lanes to 8, before the cliff", 100 * e[7].at(12, modeRange, 8) / e[7].at(8, modeRange, 8), 123},
	} {
		if math.Abs(tc.got-tc.want) > 1 {
			t.Errorf("%s: %.2f, want %v", tc.what, tc.got, tc.want)
		}
	}
}

func TestSoftMin(t *testing.T) {
	if got := softMin(100, 1e6); math.Abs(got-100) > 1e-9 {
		t.Errorf("a resource far from full changes 100 to %v", got)
	}
	if got, want := softMin(100, 100), 100*math.Pow(2, -1.0/8); math.Abs(got-want) > 1e-9 {
		t.Errorf("two full resources leave %v, want %v", got, want)
	}
}

func TestOddities(t *testing.T) {
	plain := base("plain")
	at := func(change func(*Environment), mode string) float64 {
		e := plain
		change(&e)
		return e.at(8, mode, 8) / plain.at(8, mode, 8)
	}
	for _, tc := range []struct {
		what      string
		got, want float64
	}{
		{"a slow lane costs less than one of eight lanes", at(func(e *Environment) { e.SlowLane = true }, modeCtid), 0.93},
		{"short memory is no use", at(func(e *Environment) { e.Memory = 100 }, modeCtid), swapping},
		{"a mode in trouble is slow", at(func(e *Environment) { e.Troubled = modeMod }, modeMod), retrying},
		{"no other mode is", at(func(e *Environment) { e.Troubled = modeMod }, modeCtid), 1},
		{"where all is flat nothing matters", at(func(e *Environment) { e.Flat = plain.at(8, modeCtid, 8); e.Memory = 100 }, modeCtid), 1},
	} {
		if math.Abs(tc.got-tc.want) > 0.005 {
			t.Errorf("%s: %.3f of the rate, want %.3f", tc.what, tc.got, tc.want)
		}
	}
}
