// Package probe decides how the probe phase of a stream goes: which window runs
// next and under which setting, when the policy is asked, when a candidate is
// dropped or becomes the leader, and when enough is known.
//
// It is pure: no clock, no randomness but a seed, no goroutines, no I/O. A
// [Scheduler] says what to do next and is told what came of it, so that a whole
// probe phase can be written down as a column of windows and a column of
// actions, and run in a simulator. TestStories has such columns.
//
// A phase has rounds. In each the policy proposes challengers, windows of which
// alternate with windows of the leader, and the policy scores all candidates. A
// challenger that is clearly ahead becomes the leader. When nothing more is
// proposed or the budget is spent, the leader is compared with the baseline
// once more, and the phase locks.
//
// The budget is one number, the largest share that is gone of any bound, so
// that whatever is scarce is shared out: among the knobs that are still to be
// tried, with some of it kept to confirm the leader. See [Budget].
//
// Everything a policy says is checked. Settings are clamped to what may run,
// and each clamp is told; scores that are no scores end the phase in the
// baseline.
package probe
