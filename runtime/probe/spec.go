package probe

import (
	"encoding/json"
	"hash/fnv"

	"github.com/rapidbyte/rbt/policy"
)

// Spec is what the probe phase of one stream starts from.
type Spec struct {
	Facts  policy.Facts
	Policy policy.Info
	// Knobs are all knobs as they hold for the stream: an enum lists only what
	// the stream supports. Those in Pins are never turned. The Int knob that the
	// runtime owns is how many lanes a setting has.
	Knobs    []policy.Knob
	Pins     policy.Setting
	Baseline policy.Setting
	Guards   Guards
	Budget   Budget
	// Seed draws the order in which the candidates of a round take turns.
	Seed   uint64
	Config json.RawMessage // of the policy
}

// Guards say, for clamps, why a knob may not be what was proposed.
type Guards struct {
	// Bounds says by knob what its upper bound comes from: "worker_cap".
	Bounds map[string]string
	// WhyNot says by knob, and by value of an enum, what is in the way.
	WhyNot map[string]map[string]string
	// MaxMemory is what rbt may have resident, in bytes: a candidate whose
	// windows show more is invalid. 0 is no bound.
	MaxMemory int64
}

// OwnMemory is what rbt may have resident besides the buffers of its lanes: its
// program, the catalogs of thousands of tables, garbage.
const OwnMemory = 256 << 20

// SeedOf is the seed of one stream of a run, so that every stream takes turns
// in an order of its own.
func SeedOf(run uint64, stream string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(stream)) // it never fails
	return run ^ h.Sum64()
}

// Budget bounds the probe phase.
type Budget struct {
	// Seconds is the most that the phase may last, from the stream's first
	// window. Hard.
	Seconds float64
	// Rows is the most rows that windows may move; 0 is no bound. It gives way
	// to MinWindows, unless StrictRows is set: once so many rows have moved, a
	// candidate gets no more windows than those. Where rows are too few for
	// MinWindows of each value that is likely to be tried, the bound is dropped,
	// and MaxFraction and Seconds hold alone. What runs while the policy is
	// asked does not count: it runs under the best setting known.
	Rows       int64
	StrictRows bool
	// MaxFraction of the estimated rows, or bytes where rows are unknown, is
	// the most that windows may move; 0 is no bound. Hard, where there is an
	// estimate.
	MaxFraction float64
	// LostTime is the most time that slower settings may lose, as a fraction of
	// the stream's estimated duration; 0 is no bound.
	LostTime float64
	// WorthSeconds is how long a stream must be estimated to last, once its rate
	// is known: below that even a perfect choice could not earn what finding it
	// costs.
	WorthSeconds float64
	// MinWindows is how many valid windows a candidate needs before it is
	// judged, unless the first shows that it is far ahead or far behind.
	MinWindows int
	// Lead is how far ahead a candidate must be, as a fraction, with stable
	// variance, for its round to stop early.
	Lead float64
	// MinWindowSeconds and MaxWindowSeconds bound what a window is meant to last:
	// a shorter one is mostly start and end, longer ones are too few.
	MinWindowSeconds, MaxWindowSeconds float64
	// MinBytesPerLane is the least that a window moves per lane.
	MinBytesPerLane int64
	// MinRoundTrips is the least that a window lasts, in round trips.
	MinRoundTrips float64
}

// DefaultBudget is what holds where a pipeline file says nothing.
func DefaultBudget() Budget {
	return Budget{
		Seconds:          30,
		Rows:             200_000,
		MaxFraction:      0.15,
		LostTime:         0.03,
		WorthSeconds:     10,
		MinWindows:       2,
		Lead:             0.08,
		MinWindowSeconds: 0.2,
		MaxWindowSeconds: 0.35,
		MinBytesPerLane:  20 * 64 << 10, // twenty buffers
		MinRoundTrips:    10,
	}
}

// Action is what to do now: exactly one of its fields is set.
type Action struct {
	// Propose asks the policy; the answer goes to [Scheduler.Proposed].
	Propose *policy.ProposeRequest
	// Score asks the policy; the answer goes to [Scheduler.Scored].
	Score *policy.ScoreRequest
	// Run runs a window; what it measured goes to [Scheduler.Measured].
	Run *Run
	// Lock ends the phase: the rest of the stream runs with the winner.
	Lock *policy.Decision
}

// Run is a window to be run.
type Run struct {
	Candidate int
	Setting   policy.Setting
	// Bytes is how much of the stream the window takes, warm-up included, as
	// bytes handed to the destination.
	Bytes int64
	// Discard is the share of Bytes that goes before measuring begins.
	Discard float64
	// Repeats says that an earlier window like this one was masked, and why.
	Repeats string
}
