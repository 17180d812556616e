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
	// shared is how much larger errors are because two comparisons share the
	// leader's window between them: in a long A B A B A the variance is that of
	// 2/n windows, where independent comparisons would have 1½/n.
	shared = 1.15
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
func compare(evidence []policy.Evidence, leader int) []ratio {
	pairs := neighbours(evidence, leader)
	for i := range evidence {
		if i != leader {
			pairs = append(pairs, apart(evidence, i, leader))
		}
	}
	logs, spread := solve(pairs, len(evidence), leader)
	noise := pooledNoise(pairs, logs)
	out := make([]ratio, len(logs))
	for i := range out {
		out[i] = ratio{logs[i], shared * noise * math.Sqrt(max(spread[i], 0))}
	}
	return out
}

// measured is what a window of a candidate is compared by.
type measured struct {
	of, seq              int // of is an index of the evidence
	format               policy.Value
	bytes, rows, seconds float64
}

// neighbours compares each window with the one before and the one after it,
// where they belong to a candidate that it was a challenge to: the leader, or
// else the older one.
func neighbours(evidence []policy.Evidence, leader int) []pair {
	ran := inTurn(evidence)
	challenges := func(a, b int) bool {
		if b < 0 || b >= len(ran) || max(ran[a].seq-ran[b].seq, ran[b].seq-ran[a].seq) > reach {
			return false
		}
		x, y := ran[a].of, ran[b].of
		return x != y && x != leader && (y == leader || evidence[y].ID < evidence[x].ID)
	}
	var pairs []pair
	for i, w := range ran {
		before, after := challenges(i, i-1), challenges(i, i+1)
		if before && after && ran[i-1].of == ran[i+1].of {
			pairs = append(pairs, pair{w.of, ran[i-1].of, (w.over(ran[i-1]) + w.over(ran[i+1])) / 2, 1})
			continue
		}
		if before {
			pairs = append(pairs, pair{w.of, ran[i-1].of, w.over(ran[i-1]), oneSided})
		}
		if after {
			pairs = append(pairs, pair{w.of, ran[i+1].of, w.over(ran[i+1]), oneSided})
		}
	}
	return pairs
}

// inTurn lists all windows with a rate, in the order in which they ran.
func inTurn(evidence []policy.Evidence) []measured {
	var ran []measured
	for i, e := range evidence {
		for j := range e.Windows {
			if w := &e.Windows[j]; hasRate(w) {
				ran = append(ran, measured{i, w.Seq, e.Setting[knobFormat], float64(w.Bytes), float64(w.Rows), w.Seconds})
			}
		}
	}
	slices.SortFunc(ran, func(a, b measured) int { return cmp.Compare(a.seq, b.seq) })
	return ran
}

func hasRate(w *policy.Window) bool {
	rate := w.BytesPerSecond()
	return rate > 0 && !math.IsInf(rate, 0)
}

// over is the log of the rate over another's, in bytes per second. Two formats
// need a different number of bytes for the same row: between them, rows per
// second count.
func (m measured) over(other measured) float64 {
	work := m.bytes / other.bytes
	if m.format != other.format && m.rows > 0 && other.rows > 0 {
		work = m.rows / other.rows
	}
	return math.Log(work) - math.Log(m.seconds/other.seconds)
}

// apart compares a with b by all their windows, as if they had run side by side.
func apart(evidence []policy.Evidence, a, b int) pair {
	p := pair{a: a, b: b, weight: unpaired}
	if x, y := total(evidence[a], a), total(evidence[b], b); x.bytes > 0 && y.bytes > 0 {
		p.log = x.over(y)
	}
	return p
}

func total(e policy.Evidence, of int) measured {
	m := measured{of: of, format: e.Setting[knobFormat]}
	for i := range e.Windows {
		if w := &e.Windows[i]; hasRate(w) {
			m.bytes, m.rows, m.seconds = m.bytes+float64(w.Bytes), m.rows+float64(w.Rows), m.seconds+w.Seconds
		}
	}
	return m
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
