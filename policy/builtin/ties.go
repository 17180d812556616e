package builtin

import (
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// totals are sums over the windows of one candidate.
type totals struct {
	bytes, rows, cpu, flush, lanes float64
	hasRows, hasCPU, hasFlush      bool
}

// tieBreaks sums up every candidate. A metric that is missing in any window is
// left out for all candidates, since they could not be compared by it.
func tieBreaks(evidence []policy.Evidence) []totals {
	rows, cpu, flush := true, true, true
	for _, e := range evidence {
		for i := range e.Windows {
			w := &e.Windows[i]
			rows = rows && !missing(w, "rows")
			cpu = cpu && !missing(w, "cpu_secs")
			flush = flush && !missing(w, "dest_flush_secs")
		}
	}
	out := make([]totals, len(evidence))
	for i, e := range evidence {
		t := totals{hasRows: rows, hasCPU: cpu, hasFlush: flush}
		for _, w := range e.Windows {
			t.bytes += float64(w.Bytes)
			t.rows += float64(w.Rows)
			t.cpu += w.CPU
			t.flush += w.FlushWait
			t.lanes += w.Seconds * float64(max(w.Lanes, 1))
		}
		out[i] = t
	}
	return out
}

// numbers decide between candidates of one score, in order: rows per second, a
// lower share of time waiting for flushes, bytes per CPU second. Rows per
// second are the score's bytes in rows, so that they are compared between
// neighbouring windows as well.
func (t totals) numbers(bytesPerSecond float64) []float64 {
	ties := make([]float64, 3)
	if t.hasRows && t.bytes > 0 {
		ties[0] = bytesPerSecond * t.rows / t.bytes
	}
	if t.hasFlush && t.lanes > 0 {
		ties[1] = -t.flush / t.lanes
	}
	if t.hasCPU && t.cpu > 0 {
		ties[2] = t.bytes / t.cpu
	}
	return ties
}

func missing(w *policy.Window, metric string) bool { return slices.Contains(w.Missing, metric) }
