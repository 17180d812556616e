package runtime

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/runtime/probe"
)

// TestControllerBreaks has the scheduler panic: the tuning ends, with one fault
// and the baseline, and the run does not.
func TestControllerBreaks(t *testing.T) {
	baseline := idle("orders", 4).plan.Baseline
	for name, do := range map[string]func(*controller){
		"when it says what is next": func(c *controller) {
			c.window = newWindow(probe.Run{}, 1, c.began, c.scene)
			for range 2 {
				g := c.next(t.Context())
				if diff := cmp.Diff(baseline, g.setting); diff != "" || !g.steady {
					t.Errorf("steady: %t, setting (-want +got):\n%s", g.steady, diff)
				}
			}
		},
		"when the stream ends": func(c *controller) { c.cut(region{}, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			var told []string
			r := &run{cfg: Config{
				Autotune: &Autotune{Policy: mute{}},
				Events:   func(e Event) { told = append(told, e.Name()) },
			}}
			do(&controller{run: r, sched: &probe.Scheduler{}, scene: &scene{}, baseline: baseline})
			told = slices.DeleteFunc(told, func(name string) bool { return name == "window" })
			if diff := cmp.Diff([]string{"autotune-fault", "autotune-decision", "steady"}, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}
