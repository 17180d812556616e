package runtime

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// TestControllerBreaks has the scheduler panic: the tuning ends, with one fault
// and the baseline, and the run does not.
func TestControllerBreaks(t *testing.T) {
	plan := idle("orders", 4).plan
	for name, do := range map[string]func(*controller){
		"when it says what is next": func(c *controller) {
			c.window = newWindow(probe.Run{}, 1, c.began, c.scene)
			for range 2 {
				g := c.next(t.Context(), true)
				if diff := cmp.Diff(plan.Baseline, g.setting); diff != "" || !g.steady {
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
			do(&controller{run: r, plan: plan, began: time.Now(), sched: &probe.Scheduler{}, scene: &scene{}})
			told = slices.DeleteFunc(told, func(name string) bool { return name == "window" })
			if diff := cmp.Diff([]string{"autotune-fault", "autotune-decision", "steady"}, told); diff != "" {
				t.Errorf("told (-want +got):\n%s", diff)
			}
		})
	}
}

// tunable is the plan of a stream of unknown size with a knob to turn.
func tunable() StreamPlan {
	p := idle("orders", 4).plan
	p.Knobs, p.Target = Knobs(4), &connectors.Target{}
	p.Stream.Bytes, p.Stream.Rows = -1, -1
	return p
}

// TestStragglers holds that what a window's parts move behind its end is part of
// the next one: that is also where its time goes.
func TestStragglers(t *testing.T) {
	plan := tunable()
	var moved []int64
	r := &run{cfg: Config{
		Autotune: &Autotune{Policy: mute{}, Budget: probe.DefaultBudget()},
		Events: func(e Event) {
			if e, ok := e.(WindowDone); ok {
				moved = append(moved, e.Window.MovedBytes)
			}
		},
	}}
	c := newController(r, plan, &scene{})
	first := c.next(t.Context(), true).window
	first.wrote(0, flow{bytes: 100}, held(0))
	first.close()
	second := c.next(t.Context(), true).window
	first.wrote(1, flow{bytes: 30}, held(0))
	second.wrote(0, flow{bytes: 100}, held(0))
	second.close()
	third := c.next(t.Context(), true).window
	third.close()
	c.next(t.Context(), true)
	if diff := cmp.Diff([]int64{100, 130, 0}, moved); diff != "" {
		t.Errorf("moved bytes (-want +got):\n%s", diff)
	}
}

// TestNotAlone holds that a stream is copied and not measured while lanes copy
// another one.
func TestNotAlone(t *testing.T) {
	plan := tunable()
	var told []string
	r := &run{cfg: Config{
		PartBytes: 10 << 20,
		Autotune:  &Autotune{Policy: mute{}, Budget: probe.DefaultBudget()},
		Events:    func(e Event) { told = append(told, e.Name()) },
	}}
	c := newController(r, plan, &scene{})
	for range 2 {
		if g := c.next(t.Context(), false); g.window != nil || g.steady || g.bytes != 40<<20 {
			t.Errorf("beside another stream: %+v, want 40 MiB that nobody measures", g)
		}
	}
	if g := c.next(t.Context(), true); g.window == nil {
		t.Errorf("alone: %+v, want a window", g)
	}
	if g := c.next(t.Context(), false); g.window == nil {
		t.Errorf("once begun: %+v, want a window", g)
	}
	short := newController(r, plan, &scene{})
	told = nil
	short.cut(short.next(t.Context(), false), nil)
	if diff := cmp.Diff([]string{"autotune-decision", "steady"}, told); diff != "" {
		t.Errorf("a stream that ends before (-want +got):\n%s", diff)
	}
}

// deaf is a policy that answers when it is told that nobody listens.
type deaf struct {
	mute
	left chan struct{}
}

func (d deaf) Propose(ctx context.Context, _ policy.ProposeRequest) (policy.Proposal, error) {
	<-ctx.Done()
	close(d.left)
	return policy.Proposal{}, ctx.Err()
}

// TestEndedWhileAsked holds that a policy learns when its answer is not wanted any
// more, because the stream has ended: what it does then is no failure of its.
func TestEndedWhileAsked(t *testing.T) {
	plan := tunable()
	d := deaf{left: make(chan struct{})}
	c := newController(&run{cfg: Config{
		Autotune: &Autotune{Policy: d, Budget: probe.DefaultBudget(), CallTimeout: time.Hour},
	}}, plan, &scene{})
	c.call = c.start(t.Context(), probe.Action{Propose: &policy.ProposeRequest{}})
	c.ended()
	<-d.left
}
