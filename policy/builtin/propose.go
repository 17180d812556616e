package builtin

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// flushPays is the least share of the lanes' time that they must wait for
// flushes, for another flush size to be tried. Twice the size halves the number
// of flushes, so it saves half of that share at most: below this, less than 4 %,
// which is less than short windows can tell from nothing.
const flushPays = 0.08

// flushFirst is the share of the lanes' time that they must wait for flushes,
// for the flush size to be tried before anything else: over slow links it is
// worth more than lanes are, and costs less before there are more of them.
const flushFirst = 0.3

// sourcePays is the least share of the lanes' time that they must wait for the
// source, for the partition mode to be tried before other knobs: what they wait
// for otherwise no mode can change. In short windows a destination takes the
// first rows of each part into its buffers, so that lanes wait for a source that
// does not hold them up: for 0.4 to 0.8 of the windows between two servers on two
// cores, and for 0.12 to 0.23 of the steady phase (measured). There, other modes
// are a fifth slower.
const sourcePays = 0.7

// propose tries one knob a round, around the leader: those that the lanes wait
// for most, then the others in order, of a count first more and then less, then
// one step further wherever the best value is at the edge of those tried, then
// the partition mode unless the lanes wait for little else than the source. When
// all is tried it proposes nothing.
func propose(r policy.ProposeRequest) policy.Proposal {
	knobs := inOrder(r.Knobs)
	for _, now := range []turn{soon, first, further, late} {
		for _, k := range knobs {
			values := next(k, r)
			if k.Name == knobFlush {
				values = worthwhile(values, r)
			}
			if len(values) > 0 && turnOf(k, r) == now {
				return policy.Proposal{Candidates: settings(k, values), Note: note(k, r, values)}
			}
		}
	}
	return policy.Proposal{Candidates: []policy.Setting{}} // not nil: JSON has it as a list
}

// turn is when a knob is tried.
type turn int

const (
	soon turn = iota
	first
	further
	late
)

func turnOf(k policy.Knob, r policy.ProposeRequest) turn {
	if share, ok := flushShare(r); k.Name == knobFlush && ok && share >= flushFirst {
		return soon
	}
	if r.Leader[k.Name] != r.Baseline[k.Name] {
		if k.Kind == policy.Int && gained(r) > stepOn {
			return soon
		}
		return further
	}
	if share, ok := sourceShare(r); k.Name == knobMode && (!ok || share < sourcePays) {
		return late
	}
	return first
}

// stepOn is the gain over the baseline from which a step further in the same
// direction is tried before any other knob: what gains that much has not
// reached its end.
const stepOn = 1.25

// gained is the leader's measured speed as a multiple of the baseline's; 1 where
// one of them is not known.
func gained(r policy.ProposeRequest) float64 {
	leader, base := meanRate(windowsOf(r.Leader, r)), meanRate(windowsOf(r.Baseline, r))
	if !(leader > 0 && base > 0) {
		return 1
	}
	return leader / base
}

func meanRate(windows []policy.Window) float64 {
	bytes, seconds := 0.0, 0.0
	for i := range windows {
		bytes += float64(windows[i].Bytes)
		seconds += windows[i].Seconds
	}
	if !(seconds > 0) {
		return 0
	}
	return bytes / seconds
}

// next are the values of k that are worth a try now. Less of a count is tried
// only where more of it was not better: over slow links, where windows are few,
// half the lanes would take twice as long to show what is known by then.
func next(k policy.Knob, r policy.ProposeRequest) []policy.Value {
	at, ok := r.Leader[k.Name]
	if !ok {
		return nil
	}
	tried := triedValues(k, r)
	var values []policy.Value
	switch {
	case at != r.Baseline[k.Name]:
		factor := step
		if gained(r) > stepOn {
			factor = leap
		}
		values = Further(k, at, tried, factor)
	case len(tried) == 1 && k.Kind == policy.Int:
		values = upward(Candidates(k, at), at)
	case len(tried) == 1 || k.Kind == policy.Int:
		values = Candidates(k, at)
	}
	return slices.DeleteFunc(values, func(v policy.Value) bool { return slices.Contains(tried, v) })
}

// upward are the values above at, or all of them where there is none.
func upward(values []policy.Value, at policy.Value) []policy.Value {
	i := slices.IndexFunc(values, func(v policy.Value) bool { return v.Int > at.Int })
	return values[max(i, 0):]
}

// triedValues are the values of k that any candidate has.
func triedValues(k policy.Knob, r policy.ProposeRequest) []policy.Value {
	tried := []policy.Value{r.Baseline[k.Name]}
	for _, e := range r.Evidence {
		if v, ok := e.Setting[k.Name]; ok && !slices.Contains(tried, v) {
			tried = append(tried, v)
		}
	}
	return tried
}

// inOrder sorts the knobs as order says.
func inOrder(knobs []policy.Knob) []policy.Knob {
	rank := func(k policy.Knob) int {
		if i := slices.Index(order(), k.Name); i >= 0 {
			return i
		}
		return len(order())
	}
	sorted := slices.Clone(knobs)
	slices.SortStableFunc(sorted, func(a, b policy.Knob) int { return rank(a) - rank(b) })
	return sorted
}

// worthwhile leaves out flush sizes that cannot pay under the leader: all where
// the lanes hardly wait for flushes, else those that would have them wait more
// often. Where it is not known how long they wait, every size may pay.
func worthwhile(values []policy.Value, r policy.ProposeRequest) []policy.Value {
	share, ok := flushShare(r)
	if !ok {
		return values
	}
	return slices.DeleteFunc(values, func(v policy.Value) bool {
		return share < flushPays || v.Int < r.Leader[knobFlush].Int
	})
}

// A flush that a lane waits for costs it a round trip in which it moves nothing,
// and some flushSeconds of the server; flushTrips leaves it twice that. rbt's own
// lanes wait for the last one of a part only. What a lane waits beyond, until a
// slow link has carried what the socket took at once, it would wait with any
// flush size.
const (
	flushTrips   = 2
	flushSeconds = 0.01
)

// flushShare is the share of the lanes' time that flushes cost them under the
// leader; not ok where it is not known.
func flushShare(r policy.ProposeRequest) (share float64, ok bool) {
	return waitShare(r, "dest_flush_secs", func(w *policy.Window) float64 {
		if missing(w, "round_trip_secs") {
			return w.FlushWait
		}
		return min(w.FlushWait, float64(w.Flushes)*(flushTrips*w.RoundTrip+flushSeconds))
	})
}

// sourceShare is the same for waiting for rows.
func sourceShare(r policy.ProposeRequest) (share float64, ok bool) {
	return waitShare(r, "source_wait_secs", func(w *policy.Window) float64 { return w.SourceWait })
}

func waitShare(r policy.ProposeRequest, metric string, wait func(*policy.Window) float64) (share float64, ok bool) {
	sum, lanes := 0.0, 0.0
	windows := windowsOf(r.Leader, r)
	for i := range windows {
		if w := &windows[i]; !missing(w, metric) {
			sum += wait(w)
			lanes += w.Seconds * float64(max(w.Lanes, 1))
		}
	}
	if !(lanes > 0) {
		return 0, false
	}
	return sum / lanes, true
}

func windowsOf(s policy.Setting, r policy.ProposeRequest) []policy.Window {
	for _, e := range r.Evidence {
		if maps.Equal(e.Setting, s) {
			return e.Windows
		}
	}
	return nil
}

func settings(k policy.Knob, values []policy.Value) []policy.Setting {
	var out []policy.Setting
	for _, v := range values {
		out = append(out, policy.Setting{k.Name: v})
	}
	return out
}

func note(k policy.Knob, r policy.ProposeRequest, values []policy.Value) string {
	var texts []string
	for _, v := range values {
		texts = append(texts, k.Format(v))
	}
	return fmt.Sprintf("%s %s beside %s", k.Name, strings.Join(texts, ", "), k.Format(r.Leader[k.Name]))
}
