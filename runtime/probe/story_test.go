package probe_test

import (
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

// TestStories are probe phases from first to last: each window in the order in
// which it ran, by what its setting has otherwise than the baseline, each call
// of the policy, and the decision.
func TestStories(t *testing.T) {
	for _, story := range []struct {
		name  string
		world world
		spec  probe.Spec
		want  []string
	}{
		{
			"more lanes win until they do not", world{rate: byLanes(6)}, only(orders(), "parallelism"),
			[]string{
				"baseline", // the warm-up ends when two agree
				"baseline",
				"round 1: parallelism 2, 6 beside 4",
				"parallelism 2", // half as fast: out at once
				"baseline",
				"parallelism 6", // half as fast again: leads at once
				"round 2: parallelism 9 beside 6",
				"parallelism 9", // as fast: five windows to be sure
				"parallelism 6",
				"parallelism 9",
				"parallelism 6",
				"parallelism 9",
				"parallelism 6",
				"parallelism 9",
				"parallelism 6",
				"parallelism 9",
				"parallelism 6",
				"round 3: ",
				"lead: parallelism 6",
			},
		},
	} {
		t.Run(story.name, func(t *testing.T) {
			got := story.world.play(t, story.spec)
			if diff := cmp.Diff(story.want, got.story); diff != "" {
				t.Errorf("story (-want +got):\n%s\n%s", diff, got.decision.Detail)
			}
		})
	}
}
