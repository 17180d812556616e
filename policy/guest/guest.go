package guest

import "github.com/rapidbyte/rbt/policy"

// Policy is what every policy of this kit is; a [Proposer], a [Scorer] or both
// as well.
type Policy interface {
	// Info says who the policy is: its Name and Version.
	Info() policy.Info
}

// Proposer says what to try next.
type Proposer interface {
	Policy
	Propose(r policy.ProposeRequest) (policy.Proposal, error)
}

// Scorer puts a number on every candidate of the evidence.
type Scorer interface {
	Policy
	Score(r policy.ScoreRequest) (policy.Scores, error)
}

// Error is an error with a code of the policy's own. Other errors of a policy
// have the code "policy_error".
type Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Codes of the kit's own errors.
const (
	codeInput    = "bad_input"    // the request is not one
	codeSettings = "bad_settings" // the config is not one of this policy
	codeScores   = "bad_scores"   // a score is no number
	codePolicy   = "policy_error" // whatever the policy says
)
