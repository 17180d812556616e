// Package policy holds the words that the parts of rbt share when they speak
// of tuning: a [Knob] is what may be turned, a [Value] is where one knob
// stands, and a [Setting] is where all of them stand.
//
// The package imports nothing of rbt's, so that pipeline files, connectors and
// the runtime can all use it.
package policy
