package policytest

import (
	"math"
	"slices"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// window is a recorded window, and when it was.
type window struct {
	trace.Window
	at      float64 // s, when the trace has it
	elapsed float64 // s since the stream's first window began, when it was over
	took    float64 // s since the window before it was over
	warm    bool    // it belongs to the warm-up
}

// reckon finds out when the stream's windows were over. The records' times are
// since the run began; what lies before the stream's first window is the same
// for all of them, and the decision says when the last one was over.
func (s *Stream) reckon() {
	if len(s.windows) == 0 {
		return
	}
	before := math.Inf(1)
	for i := range s.windows {
		w := &s.windows[i]
		before = min(before, w.at-w.Start-w.Seconds)
	}
	last := s.windows[len(s.windows)-1]
	if d := s.Decision; d != nil && d.ProbeSeconds >= last.Start+last.Seconds-1e-6 {
		before = last.at - d.ProbeSeconds
	}
	elapsed := 0.0
	for i := range s.windows {
		w := &s.windows[i]
		w.elapsed = w.at - before
		w.took = w.elapsed - elapsed
		elapsed = w.elapsed
	}
}

// world plays the windows of a stream again: those of the setting that is asked
// for, in the order in which they were recorded, and from the beginning when
// they are used up. A setting without windows borrows those of the nearest one
// that has some.
type world struct {
	knobs    []policy.Knob
	windows  []window
	settings []policy.Setting // in the order in which they were recorded
	tapes    map[string]*tape // by setting
	size     int64            // bytes of the stream; 0 where it does not end
	inStep   bool             // so far what was asked for is what was recorded
	played   int
	elapsed  float64
	moved    int64
	loans    []*Loan
}

// tape is the windows of one setting.
type tape struct {
	first  []int // indices of the windows the first time around
	repeat []int // and from then on: without the warm-up
	next   int
	loan   *Loan // nil where the windows are its own
}

// Loan says which windows stood for those of a setting that was not recorded.
type Loan struct {
	Setting policy.Setting // that was asked for
	From    policy.Setting // whose windows were taken
	Windows int            // how many
}

func newWorld(s *Stream, knobs []policy.Knob) *world {
	w := &world{knobs: knobs, windows: s.windows, tapes: map[string]*tape{}, size: s.loaded, inStep: true}
	for i, rec := range s.windows {
		key := w.key(rec.Setting)
		t := w.tapes[key]
		if t == nil {
			t = &tape{}
			w.tapes[key] = t
			w.settings = append(w.settings, rec.Setting)
		}
		t.first = append(t.first, i)
		if !rec.warm {
			t.repeat = append(t.repeat, i)
		}
	}
	if s.Decision != nil && s.Decision.Reason == policy.BecauseEnded {
		w.size = 0
		for _, rec := range s.windows {
			w.size += rec.MovedBytes
		}
	}
	return w
}

// key is the same for equal settings.
func (w *world) key(s policy.Setting) string { return settingText(s, w.knobs) }

// over says whether the stream has no more rows.
func (w *world) over(s *Stream) bool {
	if w.inStep && s.Decision != nil && s.Decision.Reason == policy.BecauseEnded {
		return w.played == len(w.windows)
	}
	return w.size > 0 && w.moved >= w.size
}

// run plays a window, and says how long the stream has lasted then. Times are
// the recorded ones as long as the windows are, and what the same windows add
// up to in another order.
func (w *world) run(r *probe.Run) (policy.Window, float64) {
	t := w.tape(r.Setting)
	i := t.take()
	rec := w.windows[i]
	out := rec.Window.Window
	w.inStep = w.inStep && i == w.played && t.loan == nil
	w.played++
	w.moved += rec.MovedBytes
	out.Seq, out.Candidate = w.played, r.Candidate
	if w.inStep {
		w.elapsed = rec.elapsed
	} else {
		w.elapsed += rec.took
		out.Start += w.elapsed - rec.elapsed
	}
	return out, w.elapsed
}

// tape is that of a setting.
func (w *world) tape(s policy.Setting) *tape {
	t := w.tapes[w.key(s)]
	if t != nil {
		return t
	}
	from := w.nearest(s)
	lender := w.tapes[w.key(from)]
	t = &tape{first: lender.again(), repeat: lender.again(), loan: &Loan{Setting: s, From: from}}
	w.tapes[w.key(s)] = t
	w.loans = append(w.loans, t.loan)
	return t
}

// take is the next window.
func (t *tape) take() int {
	if t.loan != nil {
		t.loan.Windows++
	}
	n := t.next
	t.next++
	if n < len(t.first) {
		return t.first[n]
	}
	again := t.again()
	return again[(n-len(t.first))%len(again)]
}

// again are the windows that are repeated: the warm-up only where there is
// nothing else.
func (t *tape) again() []int {
	if len(t.repeat) > 0 {
		return t.repeat
	}
	return t.first
}

// nearest is the recorded setting that differs in the fewest names, and then by
// the smallest factors in its numbers.
func (w *world) nearest(s policy.Setting) policy.Setting {
	return slices.MinFunc(w.settings, func(a, b policy.Setting) int {
		namesA, factorA := apart(s, a)
		namesB, factorB := apart(s, b)
		switch {
		case namesA != namesB:
			return namesA - namesB
		case factorA < factorB:
			return -1
		case factorA > factorB:
			return 1
		}
		return 0
	})
}

// apart is how many names differ between two settings, and the logarithm of the
// factors between their numbers.
func apart(a, b policy.Setting) (names int, factor float64) {
	for _, name := range a.Names() {
		v, u := a[name], b[name]
		if v.Name != u.Name {
			names++
		}
		factor += math.Abs(math.Log(float64(max(v.Int, 1)) / float64(max(u.Int, 1))))
	}
	return names, factor
}
