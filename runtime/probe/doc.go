// Package probe decides how the probe phase of a stream goes: which window runs
// next and under which setting, when the policy is asked, when a candidate is
// dropped or becomes the leader, and when enough is known.
//
// It is pure: no clock, no randomness but a seed, no goroutines, no I/O. A
// [Scheduler] says what to do next and is told what came of it, so that a whole
// probe phase can be written down as a column of windows and a column of
// actions, and run in a simulator.
package probe
