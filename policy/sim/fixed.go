package sim

import (
	"cmp"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// sets are the combinations of the approved candidate sets: half, the same and
// half as many lanes again, every partition mode, flushes of 4, 8 and 16 MiB.
func (e *Environment) sets() []cell {
	lanes := []float64{max(1, float64(e.Lanes/2)), float64(e.Lanes), min(workerCap, math.Round(1.5*float64(e.Lanes)))}
	return e.cells(lanes, []float64{4, 8, 16})
}

// all are settings from one bound of each knob to the other, close enough
// together that the best is hardly better than the best of them.
func (e *Environment) all() []cell {
	return e.cells([]float64{1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16}, []float64{1, 2, 4, 8, 16, 32})
}

// cells are the combinations that fit into memory.
func (e *Environment) cells(lanes, flushes []float64) []cell {
	var cells []cell
	for _, p := range lanes {
		for _, mode := range e.modes() {
			for _, f := range flushes {
				if c := (cell{p, mode, f}); e.fits(c) {
					cells = append(cells, c)
				}
			}
		}
	}
	return cells
}

func (c cell) setting() policy.Setting { return setting(int(c.lanes), c.mode, int(c.flush)<<20) }

// fixed plays fixed settings through the weather of one stream.
type fixed struct {
	env     *Environment
	weather *weather
	size    float64
	played  map[cell]float64
}

// seconds is how long the stream takes under one cell throughout.
func (f *fixed) seconds(c cell, patience float64) float64 {
	if t, ok := f.played[c]; ok {
		return t
	}
	t := newStream(f.env, f.weather, f.size).finish(c, patience)
	if !math.IsInf(t, 1) {
		f.played[c] = t
	}
	return t
}

// best is how long the stream takes under the best of the cells.
func (f *fixed) best(cells []cell) float64 {
	best := math.Inf(1)
	for _, c := range f.env.promising(cells) {
		best = min(best, f.seconds(c, best))
	}
	return best
}

// promising leaves out the cells that cannot be the best: those that are well
// behind before and behind every turning point. Weather and checkpoints change
// all rates by the same factor. The rest is sorted, the best first.
func (e *Environment) promising(cells []cell) []cell {
	const near = 0.9
	keep := map[cell]float64{}
	for phase := range (throttled | drifted) + 1 {
		later, top := e.later(phase), 0.0
		for _, c := range cells {
			top = max(top, later.steady(c, c.flush))
		}
		for _, c := range cells {
			if share := later.steady(c, c.flush) / top; share >= near {
				keep[c] += share
			}
		}
	}
	cells = slices.DeleteFunc(slices.Clone(cells), func(c cell) bool { return keep[c] == 0 })
	slices.SortStableFunc(cells, func(a, b cell) int { return cmp.Compare(keep[b], keep[a]) })
	return cells
}

// sized is how many MB the best of the candidate sets copies in that many
// seconds without noise.
func (e *Environment) sized(seconds float64) float64 {
	size, w := 0.0, calm(e)
	for _, c := range e.promising(e.sets()) {
		s := newStream(e, w, math.Inf(1))
		s.move(c, c.flush, 1, math.Inf(1), seconds)
		size = max(size, s.moved)
	}
	return size
}
