package connectors

import "github.com/rapidbyte/rbt/policy"

// Tuning is what became of tuning a stream, for the destination's books: one of
// Decision, Skip and Fault is set.
type Tuning struct {
	Stream     string
	Generation int
	Decision   *policy.Decision
	Skip       *policy.Skip
	Fault      *policy.Fault
}
