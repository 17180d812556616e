package runtime

import (
	"context"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// mute is a policy that is never asked.
type mute struct{ policy.Policy }

func (mute) Info() policy.Info { return policy.Info{Name: "mute"} }

// onePiece is a stream that cannot be divided.
type onePiece struct {
	connectors.Cutter
	taken bool
}

func (c *onePiece) Take(context.Context, connectors.Cut) ([]connectors.Part, error) {
	if c.taken {
		return nil, nil
	}
	c.taken = true
	return []connectors.Part{{}}, nil
}

func (c *onePiece) Remaining() int64 {
	if c.taken {
		return 0
	}
	return 1 << 40
}

// TestOnePiece holds that a stream with nothing left to cut keeps no lane from
// other streams, although its probe phase has not ended: a view may take hours.
func TestOnePiece(t *testing.T) {
	view, other := idle("view", 4), idle("other", 4)
	view.plan.Knobs, view.plan.Target = Knobs(4), &connectors.Target{}
	r := &run{cfg: Config{WorkerCap: 4, PartBytes: 1 << 30, Autotune: &Autotune{Policy: mute{}, Budget: probe.DefaultBudget()}}}
	s := &scene{}
	view.tuner, view.cutter = newController(r, view.plan, s), &onePiece{}
	b := newBoard([]*task{view, other}, s)
	if got := offer(b, 0); got != "open view" {
		t.Fatalf("the first job is %q", got)
	}
	if err := r.cut(t.Context(), b, view); err != nil {
		t.Fatal(err)
	}
	for lane, want := range []string{"copy view 1", "open other"} {
		if got := offer(b, lane); got != want {
			t.Errorf("lane %d is given %q, want %q", lane, got, want)
		}
	}
}
