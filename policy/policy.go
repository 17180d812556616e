package policy

import (
	"context"
	"encoding/json"
)

// Policy decides what to try and what counts as best. Propose and Score are
// pure functions of what they are given: no clock, no randomness, no state of
// their own. The runtime owns everything else: when windows run, budgets,
// guardrails, pins, masks and what happens when a policy fails.
type Policy interface {
	// Info says who the policy is.
	Info() Info
	// Propose says what to try next. It is called once per round; a proposal
	// without candidates ends the probe phase.
	Propose(ctx context.Context, r ProposeRequest) (Proposal, error)
	// Score puts a number on every candidate of the evidence.
	Score(ctx context.Context, r ScoreRequest) (Scores, error)
}

// Info is who a policy is, for events, traces and people.
type Info struct {
	Name    string `json:"name"` // "builtin"
	Version string `json:"version,omitempty"`
	SHA256  string `json:"sha256,omitempty"` // of a module
	Engine  string `json:"engine,omitempty"` // that runs a module
}

// Facts are what is known of a stream before its rows move.
type Facts struct {
	Stream string `json:"stream"`
	// Rows and Bytes are estimates of its size as the source stores it; -1
	// where there is none. They can be wrong by any factor.
	Rows  int64 `json:"rows"`
	Bytes int64 `json:"bytes"`
	// Notes are what else the connectors know, by their own names:
	// "source.version": "15".
	Notes map[string]string `json:"notes,omitempty"`
}

// ProposeRequest is what a policy knows when it is asked what to try next.
type ProposeRequest struct {
	Facts Facts `json:"facts"`
	// Knobs are those that may be turned: an enum lists only what the stream
	// supports, bounds are the guardrails. Pinned knobs are not among them.
	Knobs []Knob  `json:"knobs"`
	Pins  Setting `json:"pins"`
	// Baseline is the setting without tuning; Leader is the best so far.
	Baseline Setting `json:"baseline"`
	Leader   Setting `json:"leader"`
	// Round counts the calls of a stream's probe phase, from 1.
	Round    int        `json:"round"`
	Evidence []Evidence `json:"evidence"`
	Left     Left       `json:"left"`
	// State is what the last proposal gave back, empty at first.
	State  string          `json:"state,omitempty"`
	Config json.RawMessage `json:"config,omitempty"` // of the pipeline file, an object
}

// Left is what is left of the probe phase's budget.
type Left struct {
	Seconds float64 `json:"seconds"`
	Rows    int64   `json:"rows"` // -1 without bound
}

// Proposal is what to try next.
type Proposal struct {
	// Candidates are tried in this round. Knobs that one leaves out stay as
	// the leader has them.
	Candidates []Setting `json:"candidates"`
	// Note says why, in a sentence for people.
	Note string `json:"note,omitempty"`
	// State is handed back with the next request.
	State string `json:"state,omitempty"`
}

// Evidence is what was measured of one candidate.
type Evidence struct {
	ID      int     `json:"id"` // 0 is the baseline
	Setting Setting `json:"setting"`
	// Windows are the valid ones, in the order in which they ran. Window.Seq
	// tells which windows of other candidates were their neighbours.
	Windows []Window `json:"windows"`
	Masked  int      `json:"masked"` // how many windows count for nothing
	// Invalid says why the candidate is out, whatever its score; empty if not.
	Invalid string `json:"invalid,omitempty"`
}

// ScoreRequest asks for the scores of all candidates measured so far.
type ScoreRequest struct {
	Facts    Facts           `json:"facts"`
	Knobs    []Knob          `json:"knobs"`
	Baseline int             `json:"baseline"` // an id in Evidence
	Leader   int             `json:"leader"`   // an id in Evidence
	Evidence []Evidence      `json:"evidence"`
	Config   json.RawMessage `json:"config,omitempty"`
}

// Scores has one score for each candidate of the evidence, in any order.
type Scores struct {
	Scores []Score `json:"scores"`
}

// Score is the policy's number for a candidate.
type Score struct {
	ID int `json:"id"`
	// Value is on a ratio scale, above 0; higher is better. Values are compared
	// with the leader's, so the unit does not matter.
	Value float64 `json:"value"`
	// StdErr is the standard error of Value's ratio to the leader's value, in
	// the unit of Value; 0 or less where it is not known.
	StdErr float64 `json:"stderr"`
	// Ties decide between candidates whose values do not differ, the first
	// number that differs first; higher is better.
	Ties []float64 `json:"ties,omitempty"`
}
