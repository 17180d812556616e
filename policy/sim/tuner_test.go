package sim

import (
	"context"
	"errors"
	"maps"
	"math"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// fake is the built-in policy with other answers.
type fake struct {
	policy.Policy
	propose func(policy.ProposeRequest) (policy.Proposal, error)
	score   func(policy.Scores) (policy.Scores, error)
}

func (f fake) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	if f.propose != nil {
		return f.propose(r)
	}
	return f.Policy.Propose(ctx, r)
}

func (f fake) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	scores, err := f.Policy.Score(ctx, r)
	if f.score != nil {
		return f.score(scores)
	}
	return scores, err
}

// tune plays one stream of a minute.
func tune(e Environment, p policy.Policy) Trial {
	w := newWeather(&e, 1)
	return e.play([]Tuner{Scheduled{p}}, 60, e.sized(60), true, w, 1)[0]
}

func TestFaultyPoliciesKeepTheBaseline(t *testing.T) {
	broken := errors.New("broken")
	for name, f := range map[string]fake{
		"no proposal": {propose: func(policy.ProposeRequest) (policy.Proposal, error) { return policy.Proposal{}, broken }},
		"no scores":   {score: func(policy.Scores) (policy.Scores, error) { return policy.Scores{}, broken }},
		"not a number": {score: func(s policy.Scores) (policy.Scores, error) {
			s.Scores[0].Value = math.NaN()
			return s, nil
		}},
		"nothing": {propose: func(policy.ProposeRequest) (policy.Proposal, error) { return policy.Proposal{}, nil }},
	} {
		f.Policy = builtin.New()
		trial := tune(wan(), f)
		if trial.Left() || trial.Cost() > 0.05 {
			t.Errorf("%s: %v, and it cost %.3f", name, trial.Decision.Winner, trial.Cost())
		}
	}
}

func TestProposalsBeyondTheBounds(t *testing.T) {
	greedy := fake{Policy: builtin.New(), propose: func(r policy.ProposeRequest) (policy.Proposal, error) {
		if r.Round > 1 {
			return policy.Proposal{}, nil
		}
		return policy.Proposal{Candidates: []policy.Setting{{knobLanes: policy.IntValue(1000)}}}, nil
	}}
	trial := tune(wan(), greedy)
	if lanes := trial.Decision.Winner[knobLanes].Int; lanes != workerCap || len(trial.Decision.Clamps) == 0 {
		t.Errorf("%d lanes and clamps %v, want %d lanes and a clamp", lanes, trial.Decision.Clamps, workerCap)
	}
}

func TestOddEnvironmentsAreTuned(t *testing.T) {
	mute := wan()
	mute.Mute = true
	if trial := tune(mute, builtin.New()); trial.Decision.Winner[knobLanes].Int <= 8 {
		t.Errorf("without metrics the winner is %v, though 12 lanes are twice as fast", trial.Decision.Winner)
	}
	troubled := base("trouble")
	troubled.Troubled = modeMod
	if trial := tune(troubled, builtin.New()); trial.Decision.Winner[knobMode].Name == modeMod {
		t.Error("a mode whose parts fail won")
	}
	small := wan()
	small.Memory = 256
	if trial := tune(small, builtin.New()); !small.fits(cellOf(trial.Decision.Winner)) {
		t.Errorf("the winner %v does not fit into memory", trial.Decision.Winner)
	}
}

func TestTooSmallToTune(t *testing.T) {
	e := base("small")
	s := newStream(&e, newWeather(&e, 1), 50)
	d := Scheduled{builtin.New()}.Tune(s, e.spec(50, true, 1))
	if s.now > 0 || !maps.Equal(d.Winner, d.Baseline) {
		t.Errorf("a stream of 50 MB was tuned: %+v", d)
	}
}

func TestLiteral(t *testing.T) {
	e := base("wide rows")
	e.Row, e.LoadCost, e.Contention = 10, 100, 0.12
	size := e.sized(60)
	s := newStream(&e, newWeather(&e, 1), size)
	d := Literal{}.Tune(s, e.spec(size, true, 1))
	if rows := s.rows(s.moved); rows > literalRows || rows < literalRows/2 {
		t.Errorf("%d rows in the probe phase, want up to %d", rows, literalRows)
	}
	if d.Reason != policy.BecauseLead {
		t.Errorf("with wide rows it cannot tell settings apart: %+v", d)
	}
	e.Row, e.LoadCost = 0.1, 1
	size = e.sized(60)
	s = newStream(&e, newWeather(&e, 1), size)
	if d := (Literal{}).Tune(s, e.spec(size, true, 1)); !maps.Equal(d.Winner, d.Baseline) {
		t.Errorf("200 000 rows of 100 bytes make no lane flush, but %v won", d.Winner)
	}
}

// BenchmarkTunedRun plays a tuned stream of 1000 s; the aim is 5 ms.
func BenchmarkTunedRun(b *testing.B) {
	e := checkpointSaw()
	size := e.sized(1000)
	for i := range b.N {
		s := newStream(&e, newWeather(&e, uint64(i)), size)
		d := Scheduled{builtin.New()}.Tune(s, e.spec(size, true, uint64(i)))
		s.finish(cellOf(d.Winner), math.Inf(1))
	}
}
