// Package builtin is rbt's own policy: it tries one knob at a time around the
// best setting known, and scores by bytes per second, compared between windows
// that ran one after the other.
//
// Both calls are pure functions of what they are given. What a candidate is
// compared with, how often, and when enough is known, is the runtime's part.
package builtin
