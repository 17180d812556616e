package wasm

import "fmt"

// Error is what went wrong with a module.
type Error struct {
	Op     string // "load", "describe", "propose" or "score"
	Reason string // one of the codes below
	Detail string // a few words for people
	Seq    int    // of the module's calls in this process, from 1; 0 while it is loaded

	ours bool // the question's fault, for which a module is not to blame
}

// Error says it on one line.
func (e *Error) Error() string { return fmt.Sprintf("%s: %s: %s", e.Op, e.Reason, e.Detail) }

// Code is the reason, for events and traces.
func (e *Error) Code() string { return e.Reason }

// Codes.
const (
	BadModule     = "bad_module"     // no module, or a broken one
	Limit         = "limit"          // more of something than a module may have
	MissingExport = "missing_export" // it lacks a function that it must have
	BadImport     = "bad_import"     // it wants something that rbt does not have
	BadSignature  = "bad_signature"  // a function takes or returns the wrong types
	ABIMismatch   = "abi_mismatch"   // it speaks another version of the contract
	BadSettings   = "bad_settings"   // it does not accept the config of the pipeline file
	Timeout       = "timeout"        // it did not answer in time
	Fuel          = "fuel"           // it made more function calls than it may
	Trap          = "trap"           // it did what no module may, or gave up
	Exit          = "exit"           // it ended itself
	BadPointer    = "bad_pointer"    // it pointed outside of its memory
	Empty         = "empty"          // its answer has no bytes
	TooLarge      = "too_large"      // its answer, or the question, has too many
	BadInput      = "bad_input"      // the question cannot be written as JSON
	BadOutput     = "bad_output"     // its answer is not what ABI.md asks for
	PolicyError   = "policy_error"   // it answered that it cannot answer
	BadScores     = "bad_scores"     // a score is missing, unknown, double or no number
	Quarantined   = "quarantined"    // it failed too often and is not asked any more
)
