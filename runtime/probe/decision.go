package probe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rapidbyte/rbt/policy"
)

// lock ends the phase with the leader. Only the first call counts.
func (s *Scheduler) lock(reason, detail string) {
	if s.decision != nil {
		return
	}
	d := &policy.Decision{
		Stream: s.spec.Facts.Stream, Policy: s.spec.Policy,
		Baseline: s.spec.Baseline, Winner: s.leader.setting, Pins: s.spec.Pins,
		Reason: reason, Detail: detail,
		Clamps: slices.Clone(s.guard.clamps), Rounds: s.rounds,
		Masked:    maps.Clone(s.masks.skipped),
		ProbeRows: int64(s.moved.rows), ProbeBytes: int64(s.moved.bytes), ProbeSeconds: s.elapsed,
		LostSeconds: s.lostSeconds(),
	}
	if base := s.candidates[0]; s.leader != base {
		d.Lead, d.Low, d.High = s.leader.over(base).bounds()
	}
	for _, c := range s.candidates {
		d.Candidates = append(d.Candidates, c.verdict())
		d.Windows += len(c.windows)
	}
	s.decision = d
}

// lostSeconds is how much longer the windows took than the winner would have
// needed for the same rows.
func (s *Scheduler) lostSeconds() float64 {
	return max(s.moved.seconds-s.leader.speed.secondsFor(s.moved), 0)
}

// story is the decision in one line:
// "parallelism 4 → 8: +38.2 % [+31, +45], 4 windows, 1 masked (checkpoint), cost 0.41 s".
func (s *Scheduler) story() string {
	var turned []string
	for _, k := range s.spec.Knobs {
		from, to := s.spec.Baseline[k.Name], s.leader.setting[k.Name]
		if from != to {
			turned = append(turned, fmt.Sprintf("%s %s → %s", k.Name, k.Format(from), k.Format(to)))
		}
	}
	at, low, high := s.leader.over(s.candidates[0]).bounds()
	return s.account(fmt.Sprintf("%s: %+.1f %% [%+.0f, %+.0f]", strings.Join(turned, ", "), 100*at, 100*low, 100*high))
}

// account adds to a sentence what the search took.
func (s *Scheduler) account(what string) string {
	windows := 0
	for _, c := range s.candidates {
		windows += len(c.windows)
	}
	text := fmt.Sprintf("%s, %d windows", what, windows)
	if masked := s.maskedText(); masked != "" {
		text += ", " + masked
	}
	return fmt.Sprintf("%s, cost %.2f s", text, s.lostSeconds())
}

// maskedText is "3 masked (checkpoint, retry)", or nothing.
func (s *Scheduler) maskedText() string {
	n := 0
	for _, count := range s.masks.skipped {
		n += count
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d masked (%s)", n, strings.Join(slices.Sorted(maps.Keys(s.masks.skipped)), ", "))
}
