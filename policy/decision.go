package policy

import (
	"errors"
	"fmt"
)

// Decision is the outcome of a stream's probe phase: what the rest of the
// stream is copied with, why, and what it cost to find.
type Decision struct {
	Stream   string  `json:"stream"`
	Policy   Info    `json:"policy"`
	Baseline Setting `json:"baseline"`
	Winner   Setting `json:"winner"` // the baseline's setting where nothing better was found
	Pins     Setting `json:"pins,omitempty"`
	// Reason is one of the Because constants, Detail a sentence for people.
	Reason string `json:"reason"`
	Detail string `json:"detail,omitempty"`
	// Lead is by how much the winner's score is above the baseline's, as a
	// fraction: 0.38 is 38 %; Low and High bound it with 90 % confidence. All
	// are 0 where the baseline won.
	Lead float64 `json:"lead"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	// Candidates are all that were considered, the baseline first.
	Candidates []Verdict      `json:"candidates"`
	Clamps     []Clamp        `json:"clamps,omitempty"`
	Rounds     int            `json:"rounds"`
	Windows    int            `json:"windows"`          // valid ones
	Masked     map[string]int `json:"masked,omitempty"` // by reason
	// What the probe phase took: rows and bytes that moved in it, its seconds,
	// and how many of those were lost against the winner's rate.
	ProbeRows    int64   `json:"probe_rows"`
	ProbeBytes   int64   `json:"probe_bytes"`
	ProbeSeconds float64 `json:"probe_secs"`
	LostSeconds  float64 `json:"lost_secs"`
}

// Reasons of decisions.
const (
	BecauseLead    = "lead"    // the winner is ahead of the baseline
	BecauseNoLead  = "no-lead" // nothing was clearly better: the baseline stays
	BecauseBudget  = "budget"  // the budget ended before anything was clearly better
	BecauseEnded   = "ended"   // the stream ended within the probe phase
	BecauseFault   = "fault"   // the policy or the controller failed: the baseline
	BecauseNothing = "nothing" // the policy proposed nothing
)

// Verdict is what became of one candidate.
type Verdict struct {
	ID      int     `json:"id"`
	Setting Setting `json:"setting"`
	// Round is the one that it was proposed in, 0 for the baseline; Leader is
	// the id of the candidate that it was compared with.
	Round  int `json:"round"`
	Leader int `json:"leader"`
	// Rate is its mean measured bytes per second; Score and StdErr are the
	// policy's, the latest.
	Rate   float64 `json:"bytes_per_sec"`
	Score  float64 `json:"score"`
	StdErr float64 `json:"stderr"`
	// Lead over that leader as a fraction, with its 90 % bounds.
	Lead    float64 `json:"lead"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Windows int     `json:"windows"`
	Masked  int     `json:"masked"`
	// Outcome is one of the constants below, Detail a few words for people.
	Outcome string `json:"outcome"`
	Detail  string `json:"detail,omitempty"`
}

// Outcomes of candidates.
const (
	Adopted   = "adopted"   // it became the leader
	Dropped   = "dropped"   // it cannot be clearly better
	Undecided = "undecided" // the budget ended first
	Untried   = "untried"   // the budget held no window for it
	Invalid   = "invalid"   // it broke a rule: memory, errors, retries
	Base      = "baseline"  // what everything is compared with at first
)

// Clamp is a proposal that a guardrail changed.
type Clamp struct {
	Knob     string `json:"knob"`
	Proposed string `json:"proposed"`
	Allowed  string `json:"allowed"`
	Bound    string `json:"bound"` // which one, in words
}

// String is the form in which every clamp is told:
// "parallelism 64 → 16: worker_cap".
func (c Clamp) String() string {
	return fmt.Sprintf("%s %s → %s: %s", c.Knob, c.Proposed, c.Allowed, c.Bound)
}

// Skip says why a stream is not tuned.
type Skip struct {
	Stream string  `json:"stream"`
	Reason string  `json:"reason"` // one of the Skipped constants
	Detail string  `json:"detail"`
	Pins   Setting `json:"pins,omitempty"`
}

// Reasons to skip a stream.
const (
	SkippedDisabled    = "disabled"
	SkippedPinned      = "all-knobs-pinned"
	SkippedSmall       = "stream-too-small"
	SkippedUnsupported = "unsupported-source"
)

// Fault is a failure of the policy or of the controller. The stream goes on
// with its baseline.
type Fault struct {
	Stream string `json:"stream"`
	Reason string `json:"reason"` // one of the Fault constants, or a policy's own code
	Detail string `json:"detail"`
}

// Reasons of faults.
const (
	FaultError      = "policy-error"
	FaultPanic      = "policy-panic"
	FaultTimeout    = "policy-timeout"
	FaultScores     = "bad-scores"     // NaN, infinite, missing, unknown or twice the same id
	FaultCandidates = "bad-candidates" // none of the proposed ones could be run
	FaultController = "controller"
)

// Errors that whoever asks a policy says instead of it.
var (
	ErrLate  = errors.New("the policy did not answer in time")
	ErrPanic = errors.New("the policy panicked")
)
