package probe_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// byLanes is a rate that grows with the lanes up to a number of them.
func byLanes(most int64) func(policy.Setting) float64 {
	return func(s policy.Setting) float64 {
		return 25 * mib * float64(min(s["parallelism"].Int, most))
	}
}

// byMode is a rate in MiB/s by the partition mode.
func byMode(ctid, keyRange, mod float64) func(policy.Setting) float64 {
	return func(s policy.Setting) float64 {
		return mib * map[string]float64{"ctid": ctid, "range": keyRange, "mod": mod}[s["partition_mode"].Name]
	}
}

func sixIsBest(s policy.Setting) float64 {
	if s["parallelism"].Int == 6 {
		return 107 * mib
	}
	return 100 * mib
}

// masked masks the windows from one to another with a reason.
func masked(from, to int, reason string) func(int, *policy.Window) {
	return func(n int, w *policy.Window) {
		if n >= from && n <= to {
			w.Masked = reason
		}
	}
}

func slowAtFirst(n int, w *policy.Window) {
	if n < 4 {
		w.Seconds *= 5 - float64(n)
	}
}

// buffersFill makes the first windows faster than the link is.
func buffersFill(n int, w *policy.Window) {
	if n < 4 {
		w.Seconds /= 20 / float64(n)
	}
}

// overTooSoon makes the windows of six lanes shorter than three round trips.
func overTooSoon(_ int, w *policy.Window) {
	w.RoundTrip = 0.02
	if w.Lanes == 6 {
		w.Seconds = 0.05
	}
}

func noTimeWith(lanes int) func(int, *policy.Window) {
	return func(_ int, w *policy.Window) {
		if w.Lanes == lanes {
			w.Seconds = 0
		}
	}
}

// luckyWith makes the first windows of so many lanes faster than they are.
func luckyWith(lanes int) func(int, *policy.Window) {
	return func(n int, w *policy.Window) {
		if w.Lanes == lanes && n < 6 {
			w.Seconds /= 1.25
		}
	}
}

func memoryPerLane(_ int, w *policy.Window) { w.PeakMemory = int64(w.Lanes) * 80 * mib }

// lines splits a story. What follows a # is for the reader.
func lines(story string) []string {
	var out []string
	for line := range strings.Lines(story) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// TestStories are probe phases from first to last. A line is a window, by what
// its setting has otherwise than the baseline, with the MiB/s that it showed; or
// what the policy wants to try; or the lock.
func TestStories(t *testing.T) {
	for _, story := range []struct {
		name   string
		world  world
		spec   probe.Spec
		want   string
		detail string
	}{
		{
			"lanes win until there are enough",
			world{rate: byLanes(6)}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100                        # two agree: the warm-up is over
			try parallelism 6 beside 4
			parallelism 6: 150                   # far ahead: it leads at once, and 2 is not worth a try
			try parallelism 12 beside 6          # the best is at the edge: one step further
			parallelism 12: 150
			parallelism 6: 150
			parallelism 12: 150
			parallelism 6: 150                   # no better
			parallelism 12: 150
			parallelism 6: 150
			baseline: 100                        # is the leader really ahead?
			parallelism 6: 150
			baseline: 100
			parallelism 6: 150
			lock parallelism 6: lead`,
			"parallelism 4 → 6: +50.0 % [+41, +60], 12 windows, cost 0.28 s",
		}, {
			"no clear winner",
			world{}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			try parallelism 2 beside 4           # more were no better
			parallelism 2: 100
			baseline: 100
			parallelism 2: 100
			baseline: 100
			parallelism 2: 100
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 13 windows, cost 0.00 s",
		}, {
			"a small lead earns more windows than its knob's share",
			world{rate: sixIsBest},
			within(4, only(orders(), "parallelism", "partition_mode", "copy_format")), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 107
			baseline: 100
			parallelism 6: 107
			baseline: 100
			parallelism 6: 107
			baseline: 100
			parallelism 6: 107
			baseline: 100
			parallelism 6: 107
			baseline: 100
			parallelism 6: 107
			try copy_format text beside binary   # for that there is too little left now
			try parallelism 9 beside 6
			try partition_mode range, mod beside ctid
			baseline: 100
			parallelism 6: 107
			lock parallelism 6: lead`,
			"parallelism 4 → 6: +7.0 % [+3, +11], 14 windows, cost 0.13 s",
		}, {
			"a baseline many times too slow",
			world{rate: byMode(180, 170, 20)}, with(only(orders(), "partition_mode"), "partition_mode", "mod"), `
			baseline: 20
			baseline: 20
			try partition_mode ctid, range beside mod
			partition_mode ctid: 180             # a taste; no more windows of the baseline
			partition_mode ctid: 180             # it leads
			partition_mode range: 170
			partition_mode ctid: 180
			partition_mode range: 170
			partition_mode ctid: 180
			partition_mode range: 170
			lock partition_mode ctid: lead`,
			"partition_mode mod → ctid: +800.0 % [+671, +951], 6 windows, cost 0.69 s",
		}, {
			"a candidate many times too slow",
			world{rate: byMode(100, 5, 90)}, only(orders(), "partition_mode"), `
			baseline: 100
			baseline: 100
			try partition_mode range, mod beside ctid
			partition_mode range: 5              # only a taste: 1.3 s, not 8 s
			baseline: 100
			partition_mode mod: 90
			baseline: 100
			partition_mode mod: 90
			baseline: 100
			partition_mode mod: 90
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 8 windows, cost 1.25 s",
		}, {
			"a small lead has to be confirmed",
			world{noise: 0.02, rate: byMode(100, 112, 80)}, only(orders(), "partition_mode"), `
			baseline: 102
			baseline: 101
			try partition_mode range, mod beside ctid
			partition_mode range: 110            # a taste, forgotten when there is a whole window
			baseline: 101
			partition_mode mod: 80
			baseline: 98
			partition_mode range: 110
			baseline: 98
			partition_mode range: 114
			baseline: 101                        # range leads
			partition_mode range: 113
			baseline: 100
			partition_mode range: 116
			baseline: 100
			partition_mode range: 108
			lock partition_mode range: lead`,
			"partition_mode ctid → range: +13.1 % [+8, +19], 13 windows, cost 0.24 s",
		}, {
			"a lead by luck",
			world{touch: luckyWith(6)}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 125                   # leads at once
			try parallelism 12 beside 6
			parallelism 12: 100
			parallelism 6: 125
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 20 windows, cost 0.00 s",
		}, {
			"a cold start",
			world{touch: slowAtFirst}, only(orders(), "copy_format"), `
			baseline: 25
			baseline: 33
			baseline: 50
			baseline: 100
			baseline: 100                        # none before this one counts
			try copy_format text beside binary
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 8 windows, cost 0.44 s",
		}, {
			"a checkpoint",
			world{touch: masked(4, 5, policy.MaskCheckpoint)}, only(orders(), "copy_format"), `
			baseline: 100
			baseline: 100
			try copy_format text beside binary
			copy_format text: 100
			baseline: 100, checkpoint
			baseline: 100, checkpoint, again
			baseline: 100, again                 # the comparison is complete
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 8 windows, 2 masked (checkpoint), cost 0.00 s",
		}, {
			"checkpoints without end",
			world{rate: byLanes(6), touch: masked(3, 1000, policy.MaskCheckpoint)}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 150, checkpoint
			parallelism 6: 150, checkpoint, again
			parallelism 6: 150, checkpoint, again
			parallelism 6: 150, checkpoint, again
			parallelism 6: 150, checkpoint, again
			parallelism 6: 150, checkpoint, again
			parallelism 6: 150, checkpoint, again # so they are how things are, and count
			baseline: 100, checkpoint
			parallelism 6: 150, checkpoint
			baseline: 100, checkpoint
			try parallelism 12 beside 6
			parallelism 6: 150, checkpoint
			parallelism 12: 150, checkpoint
			parallelism 6: 150, checkpoint
			parallelism 12: 150, checkpoint
			parallelism 6: 150, checkpoint
			parallelism 12: 150, checkpoint
			parallelism 6: 150, checkpoint
			lock parallelism 6: lead`,
			"parallelism 4 → 6: +50.0 % [+38, +63], 12 windows, 6 masked (checkpoint), cost 0.31 s",
		}, {
			"a clock that stands still for one candidate",
			world{touch: noTimeWith(6)}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 0
			parallelism 6: 0, again
			parallelism 6: 0, again              # it cannot be measured: it is out
			try parallelism 2 beside 4
			parallelism 2: 100
			baseline: 100
			parallelism 2: 100
			baseline: 100
			parallelism 2: 100
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 7 windows, 3 masked (clock), cost 0.00 s",
		}, {
			"a candidate that needs too much memory",
			world{rate: byLanes(16), touch: memoryPerLane}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 150
			try parallelism 12 beside 6
			parallelism 12: 300                  # 720 MiB: out, however fast
			baseline: 100
			parallelism 6: 150
			baseline: 100
			parallelism 6: 150
			lock parallelism 6: lead`,
			"parallelism 4 → 6: +50.0 % [+39, +62], 6 windows, cost 0.20 s",
		}, {
			"the stream ends in the probe phase",
			world{size: 125 * mib}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 100
			baseline: 100
			parallelism 6: 100
			the stream ends
			lock baseline: ended`,
			"the stream ended in its probe phase",
		}, {
			"a stream that is soon over anyway",
			world{rate: func(policy.Setting) float64 { return 2000 * mib }}, only(orders(), "parallelism"), `
			baseline: 2000
			baseline: 2000
			lock baseline: budget`,
			"the stream is estimated to last 5.7 s: finding a better setting would not pay",
		}, {
			"windows that are over before they are answered",
			world{touch: overTooSoon}, only(orders(), "parallelism"), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 600
			parallelism 6: 1200, again           # twice the bytes, and no longer
			parallelism 6: 2400, again
			parallelism 6: 4800, again
			parallelism 6: 9600, again           # not once more, nor anything else: the budget
			lock baseline: budget`,
			"nothing was clearly better before the budget ended, 1 windows, 5 masked (too-short), cost 0.00 s",
		}, {
			"buffers fill at first",
			world{touch: buffersFill}, only(orders(), "copy_format"), `
			baseline: 2000
			baseline: 1000                       # at that speed, nothing would pay
			baseline: 667
			baseline: 100
			baseline: 100
			try copy_format text beside binary
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			copy_format text: 100
			baseline: 100
			lock baseline: no-lead`,
			"nothing was clearly better than the baseline, 8 windows, cost 0.00 s",
		}, {
			"a budget that is too small to compare anything",
			world{rate: func(policy.Setting) float64 { return 200 * mib }},
			within(1, only(orders(), "parallelism")), `
			baseline: 200
			baseline: 200                        # one of a challenger and one after it would pass 1 s
			lock baseline: budget`,
			"the stream is estimated to last 57.2 s: the budget cannot hold a comparison",
		}, {
			"a budget that holds one window of each that is far ahead",
			world{rate: byLanes(16)},
			within(1.5, only(orders(), "parallelism")), `
			baseline: 100
			baseline: 100
			try parallelism 6 beside 4
			parallelism 6: 150
			try parallelism 12 beside 6
			parallelism 12: 300
			try parallelism 16 beside 12
			parallelism 16: 400
			lock parallelism 16: lead`,
			"parallelism 4 → 16: +300.0 % [+197, +439], 4 windows, cost 0.35 s",
		}, {
			"a budget that is too small to compare anything behind a warm-up",
			world{touch: slowAtFirst}, within(1.2, only(orders(), "parallelism")), `
			baseline: 25
			baseline: 33                         # these two do not agree yet
			lock baseline: budget`,
			"the stream is estimated to last 343.3 s: the budget cannot hold a comparison",
		},
	} {
		t.Run(story.name, func(t *testing.T) {
			got := story.world.play(t, story.spec)
			if diff := cmp.Diff(lines(story.want), got.story); diff != "" {
				t.Errorf("the story is\n%s\n-want +got:\n%s", strings.Join(got.story, "\n"), diff)
			}
			if got.decision.Detail != story.detail {
				t.Errorf("detail %q, want %q", got.decision.Detail, story.detail)
			}
		})
	}
}

// with changes the baseline's value of an enum.
func with(s probe.Spec, knob, name string) probe.Spec {
	s.Baseline = s.Baseline.With(policy.Setting{knob: policy.EnumValue(name)})
	return s
}

// within bounds the seconds of the probe phase.
func within(seconds float64, s probe.Spec) probe.Spec {
	s.Budget.Seconds = seconds
	return s
}
