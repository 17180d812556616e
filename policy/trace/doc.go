// Package trace writes and reads the record of a run: JSON lines with every
// fact, window, policy call and decision, in the order in which they happened.
// docs/trace.md describes each line; a test holds it to the types here.
//
// A [Writer] takes entries from whoever copies rows and never makes them wait:
// what a disk does not take in time is left out, and counted. A [Reader] gives
// them back one by one, also from a trace that a crash cut short.
//
// A trace holds no row, no value of a key and no secret. Package trace cannot
// tell those from other text: who makes a record keeps them out.
package trace
