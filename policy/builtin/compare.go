package builtin

import (
	"cmp"
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

const (
	// priorNoise and priorWindows are what is believed of the noise before any
	// was seen: 8 % standard deviation of a paired log-ratio, with the weight
	// of four. Two windows of a candidate alone say nothing of their noise.
	priorNoise   = 0.08
	priorWindows = 4
	// reach is how many windows, by Seq, neighbours may be apart. Masked windows
	// lie between neighbours; throughput drifts over more of them.
	reach = 4
	// oneSided is the weight of a window that has a neighbour on one side only,
	// to one with neighbours on both: (1 + ½) / (1 + 1) of the variance.
	oneSided = 0.75
	// unpaired is the weight of rates of different times, for candidates that
	// nothing else connects to the leader.
	unpaired = 0.01
)

// ratio is the log of a candidate's rate over the leader's, and its standard
// error.
type ratio struct{ log, err float64 }

// pair says that one window of candidate a was log above its neighbours of
// candidate b.
type pair struct {
	a, b   int // indices of the evidence
	log    float64
	weight float64
}

// compare estimates each candidate's ratio to the leader: the values that agree
// best, by least squares, with all pairs. A candidate that never ran beside the
// leader is thereby compared with it through those that did.
func compare(r policy.ScoreRequest) []ratio {
	leader := slices.IndexFunc(r.Evidence, func(e policy.Evidence) bool { return e.ID == r.Leader })
	if leader < 0 {
		leader = 0
	}
	pairs := pairsOf(r, leader)
	logs, spread := solve(pairs, len(r.Evidence), leader)
	noise := pooledNoise(pairs, logs)
	out := make([]ratio, len(logs))
	for i := range out {
		out[i] = ratio{logs[i], noise * math.Sqrt(max(spread[i], 0))}
	}
	return out
}

// measured is a window in the order in which they ran.
type measured struct {
	seq, of int
	log     float64
}

// pairsOf compares each window with its neighbours, where they belong to a
// candidate that it was a challenge to: the leader, or else the older one.
func pairsOf(r policy.ScoreRequest, leader int) []pair {
	rate := rateOf(r)
	var ran []measured
	var pairs []pair
	for i, e := range r.Evidence {
		for _, w := range e.Windows {
			if x := rate(w); x > 0 && !math.IsInf(x, 0) {
				ran = append(ran, measured{w.Seq, i, math.Log(x)})
			}
		}
		if i != leader {
			pairs = append(pairs, pair{a: i, b: leader, weight: unpaired})
		}
	}
	slices.SortFunc(ran, func(a, b measured) int { return cmp.Compare(a.seq, b.seq) })
	for i := range pairs {
		pairs[i].log = meanLog(ran, pairs[i].a) - meanLog(ran, pairs[i].b)
	}
	challenges := func(a, b measured) bool {
		return a.of != b.of && a.of != leader && (b.of == leader || r.Evidence[b.of].ID < r.Evidence[a.of].ID)
	}
	for i, w := range ran {
		before := i > 0 && w.seq-ran[i-1].seq <= reach && challenges(w, ran[i-1])
		after := i+1 < len(ran) && ran[i+1].seq-w.seq <= reach && challenges(w, ran[i+1])
		switch {
		case before && after && ran[i-1].of == ran[i+1].of:
			pairs = append(pairs, pair{w.of, ran[i-1].of, w.log - (ran[i-1].log+ran[i+1].log)/2, 1})
		default:
			if before {
				pairs = append(pairs, pair{w.of, ran[i-1].of, w.log - ran[i-1].log, oneSided})
			}
			if after {
				pairs = append(pairs, pair{w.of, ran[i+1].of, w.log - ran[i+1].log, oneSided})
			}
		}
	}
	return pairs
}

func meanLog(ran []measured, of int) float64 {
	sum, n := 0.0, 0
	for _, m := range ran {
		if m.of == of {
			sum, n = sum+m.log, n+1
		}
	}
	return sum / float64(max(n, 1))
}

// rateOf is what candidates are compared by: bytes per second. Two formats need
// a different number of bytes for the same row, so that where candidates
// differ in it rows per second count.
func rateOf(r policy.ScoreRequest) func(policy.Window) float64 {
	byRows := false
	for _, e := range r.Evidence {
		byRows = byRows || e.Setting[knobFormat] != r.Evidence[0].Setting[knobFormat]
	}
	for _, e := range r.Evidence {
		for _, w := range e.Windows {
			byRows = byRows && w.Rows > 0
		}
	}
	if byRows {
		return func(w policy.Window) float64 {
			if w.Seconds <= 0 {
				return 0
			}
			return float64(w.Rows) / w.Seconds
		}
	}
	return policy.Window.BytesPerSecond
}

// solve finds the logs that agree best with the pairs; the leader's is 0.
// spread is the variance of each for pairs of variance 1.
func solve(pairs []pair, n, leader int) (logs, spread []float64) {
	m := make([][]float64, n) // normal equations, and the unit matrix beside them
	right := make([]float64, n)
	for i := range m {
		m[i] = make([]float64, 2*n)
		m[i][n+i] = 1
	}
	for _, p := range pairs {
		m[p.a][p.a] += p.weight
		m[p.b][p.b] += p.weight
		m[p.a][p.b] -= p.weight
		m[p.b][p.a] -= p.weight
		right[p.a] += p.weight * p.log
		right[p.b] -= p.weight * p.log
	}
	for i := range n { // the leader is fixed
		m[leader][i], m[i][leader] = 0, 0
	}
	m[leader][leader], right[leader] = 1, 0
	invert(m)
	logs, spread = make([]float64, n), make([]float64, n)
	for i := range n {
		for j := range n {
			logs[i] += m[i][n+j] * right[j]
		}
		spread[i] = m[i][n+i]
	}
	spread[leader] = 0
	return logs, spread
}

// invert turns [A|1] into [1|A⁻¹]. A is positive definite, since every
// candidate is paired with the leader, so that no pivot is 0.
func invert(m [][]float64) {
	for i := range m {
		for k, pivot := 0, m[i][i]; k < len(m[i]); k++ {
			m[i][k] /= pivot
		}
		for j := range m {
			if factor := m[j][i]; j != i && factor != 0 {
				for k := range m[j] {
					m[j][k] -= factor * m[i][k]
				}
			}
		}
	}
}

// pooledNoise is the standard deviation of a pair of weight 1: what pairs differ
// from the ratios that they led to, over all candidates, and the prior.
func pooledNoise(pairs []pair, logs []float64) float64 {
	sum, free := priorWindows*priorNoise*priorNoise, float64(priorWindows-(len(logs)-1))
	for _, p := range pairs {
		if p.weight == unpaired {
			continue
		}
		off := p.log - (logs[p.a] - logs[p.b])
		sum += p.weight * off * off
		free++
	}
	return math.Sqrt(sum / max(free, priorWindows))
}
