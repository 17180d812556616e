package probe

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/rapidbyte/rbt/policy"
)

// Scheduler is the probe phase of one stream. Not for concurrent use.
//
//	warm-up ──► propose ──► windows ⇄ scores ──► propose ──► … ──► confirm ──► lock
//	               └────────── nothing proposed, or budget spent ──────┘
//
// At any moment a failure or the end of the stream leads to the lock.
type Scheduler struct {
	spec    Spec
	tunable []policy.Knob
	guard   guard
	masks   masks
	random  *rand.Rand
	action  Action // what was said last and is not answered yet

	candidates []*candidate // by id; the baseline first
	leader     *candidate
	led        []*candidate // the leaders that are still valid, the baseline first
	last       *candidate   // whose window was the last that counted
	repeat     *candidate   // whose window was masked and is run again
	repeats    string       // why
	warm       []float64    // rates of the warm-up's windows
	warmedUp   bool
	wholes     float64 // the largest Bytes knob of which windows hold whole ones

	round     *round // nil between rounds
	held      bool   // a round was
	rounds    int
	state     string // what the policy carries along
	confirmed bool   // the leader was compared with the baseline

	elapsed   float64 // s since the stream began
	lost      float64 // s lost in slower windows
	moved     work    // by windows
	rowsBind  bool    // Budget.Rows is to be kept
	ranOut    bool    // the budget kept something from being tried
	peak      int64   // of memory, bytes
	roundTrip float64 // s, the latest

	decision *policy.Decision
	fault    *policy.Fault
}

// New begins a probe phase.
func New(s Spec) *Scheduler {
	base := &candidate{setting: s.Baseline.With(nil), outcome: policy.Base}
	n := &Scheduler{
		spec: s, tunable: tunable(s), guard: newGuard(s), masks: newMasks(),
		random:     rand.New(rand.NewPCG(s.Seed, 0)),
		candidates: []*candidate{base}, leader: base, led: []*candidate{base},
		rowsBind: s.Budget.StrictRows,
	}
	n.proceed()
	return n
}

// Next says what to do now. It says the same until it is told the outcome.
func (s *Scheduler) Next() Action { return s.action }

// Leader is the best setting so far: what the stream runs with while the policy
// is being asked.
func (s *Scheduler) Leader() policy.Setting { return s.leader.setting }

// Clamps returns the clamps since the last call.
func (s *Scheduler) Clamps() []policy.Clamp { return s.guard.fresh() }

// Fault is what ended the phase, where something did.
func (s *Scheduler) Fault() (policy.Fault, bool) {
	if s.fault == nil {
		return policy.Fault{}, false
	}
	return *s.fault, true
}

// Proposed answers Action.Propose.
func (s *Scheduler) Proposed(p policy.Proposal) {
	if s.action.Propose == nil {
		s.unasked("a proposal")
		return
	}
	s.rounds++
	s.state = p.State
	settings, refused := s.guard.admit(p.Candidates, s.leader.setting)
	if refused {
		s.Failed(policy.Fault{Reason: policy.FaultCandidates, Detail: "no candidate that was proposed can be run"})
		return
	}
	if challengers := s.enlist(settings); len(challengers) > 0 {
		s.begin(challengers)
	} else {
		s.conclude()
	}
	s.proceed()
}

// Scored answers Action.Score.
func (s *Scheduler) Scored(p policy.Scores) {
	if s.action.Score == nil {
		s.unasked("scores")
		return
	}
	if why := s.take(p.Scores, s.action.Score.Evidence); why != "" {
		s.Failed(policy.Fault{Reason: policy.FaultScores, Detail: why})
		return
	}
	s.round.due, s.round.unscored = false, false
	s.judge()
	s.proceed()
}

// Measured answers Action.Run. elapsed is the time since the stream began, in
// seconds, with all that ran between windows. It returns why the window does not
// count: a mask, [Invalid] or [WarmUp]; empty where it counts.
func (s *Scheduler) Measured(w policy.Window, elapsed float64) (skipped string) {
	if s.action.Run == nil {
		s.unasked("a window")
		return Invalid
	}
	c := s.candidates[s.action.Run.Candidate]
	if sensible(w.RoundTrip) > 0 {
		s.roundTrip = w.RoundTrip
	}
	w.Masked = s.masks.judge(w, absurd*s.leader.speed.byteRate(), s.leastSeconds())
	s.spend(c, w, elapsed)
	s.repeat, s.repeats = nil, ""
	s.inspect(c, w)
	skipped = w.Masked
	switch {
	case c.invalid != "":
		skipped = cmp.Or(skipped, Invalid)
		s.expel(c)
	case w.Masked != "":
		s.again(c, w.Masked)
	case !s.warmedUp:
		if s.warmUp(w); !s.warmedUp {
			skipped = WarmUp
		}
	default:
		s.count(c, w)
	}
	s.proceed()
	return skipped
}

// Ended says that the stream has no more rows.
func (s *Scheduler) Ended() {
	s.lock(policy.BecauseEnded, "the stream ended in its probe phase")
	s.proceed()
}

// Failed ends the phase with the baseline: the policy, or what carries out the
// actions, failed.
func (s *Scheduler) Failed(f policy.Fault) {
	if s.decision != nil {
		return
	}
	f.Stream = s.spec.Facts.Stream
	s.fault = &f
	s.leader = s.candidates[0]
	s.lock(policy.BecauseFault, f.Reason+": "+f.Detail)
	s.proceed()
}

// unasked takes an answer that belongs to no question for a fault of the loop.
// After the lock nothing matters any more.
func (s *Scheduler) unasked(what string) {
	s.Failed(policy.Fault{Reason: policy.FaultController, Detail: what + " came unasked"})
}

// proceed derives the next action from what is known by now.
func (s *Scheduler) proceed() {
	s.action = Action{}
	for s.action == (Action{}) {
		switch {
		case s.decision != nil:
			s.action.Lock = s.decision
		case !s.warmedUp:
			s.run(s.leader)
		case s.round == nil:
			s.propose()
		case s.round.due:
			s.action.Score = s.scoreRequest()
		case s.round.over:
			s.close()
		default:
			s.try()
		}
	}
}

// propose asks for the next round's candidates, if there may be one.
func (s *Scheduler) propose() {
	if s.rounds >= maxRounds || s.spent(work{}) >= s.patience() {
		s.conclude()
		return
	}
	s.action.Propose = s.proposeRequest()
}

// try runs the next window of the round, if there is one.
func (s *Scheduler) try() {
	c := s.repeat
	if c == nil {
		c = s.turn()
	}
	if c == nil {
		s.round.stop()
		return
	}
	s.run(c)
}

// run runs a window of c, if the budget holds it.
func (s *Scheduler) run(c *candidate) {
	n := s.size(c)
	cost := s.expect(c, n)
	if s.masks.windows >= maxWindows || s.spent(cost) > s.limit() || s.enoughRows(cost) {
		s.outOfBudget()
		return
	}
	s.action.Run = &Run{Candidate: c.id, Setting: c.setting, Bytes: n, Discard: discard, Repeats: s.repeats}
}

// limit is the share of the budget that the next window may reach.
func (s *Scheduler) limit() float64 {
	r := s.round
	switch {
	case r == nil:
		return exploring
	case r.confirms:
		return 1
	case r.promising():
		return exploring
	case r.lacking(s.spec.Budget.MinWindows):
		return s.patience()
	}
	return r.share
}

// patience is the share of the budget that the search may explore with: less
// where a round has found nothing.
func (s *Scheduler) patience() float64 {
	if s.held && s.leader == s.candidates[0] {
		return fruitless
	}
	return exploring
}

// outOfBudget ends what goes on.
func (s *Scheduler) outOfBudget() {
	s.repeat, s.repeats = nil, ""
	s.ranOut = true
	if s.round == nil {
		s.lock(policy.BecauseBudget, "the budget ended in the warm-up")
		return
	}
	s.round.stop()
}

func (s *Scheduler) proposeRequest() *policy.ProposeRequest {
	r := &policy.ProposeRequest{
		Facts: s.spec.Facts, Knobs: s.tunable, Pins: s.spec.Pins,
		Baseline: s.spec.Baseline, Leader: s.leader.setting,
		Round: s.rounds + 1, Left: s.left(), State: s.state, Config: s.spec.Config,
	}
	for _, c := range s.candidates {
		r.Evidence = append(r.Evidence, c.evidence())
	}
	return r
}

func (s *Scheduler) scoreRequest() *policy.ScoreRequest {
	r := &policy.ScoreRequest{
		Facts: s.spec.Facts, Knobs: s.tunable, Baseline: 0, Leader: s.leader.id, Config: s.spec.Config,
	}
	for _, c := range s.candidates {
		if len(c.windows) > 0 {
			r.Evidence = append(r.Evidence, c.evidence())
		}
	}
	return r
}

// take accepts the scores, or says what is wrong with them.
func (s *Scheduler) take(scores []policy.Score, asked []policy.Evidence) string {
	byID := map[int]policy.Score{}
	for _, sc := range scores {
		if _, twice := byID[sc.ID]; twice {
			return fmt.Sprintf("candidate %d is scored twice", sc.ID)
		}
		if why := wrong(sc); why != "" {
			return fmt.Sprintf("candidate %d: %s", sc.ID, why)
		}
		byID[sc.ID] = sc
	}
	for _, e := range asked {
		sc, ok := byID[e.ID]
		if !ok {
			return fmt.Sprintf("candidate %d is not scored", e.ID)
		}
		delete(byID, e.ID)
		s.candidates[e.ID].scored(sc, e.ID == s.leader.id)
	}
	if len(byID) > 0 {
		return fmt.Sprintf("candidate %d was not asked for", slices.Min(slices.Collect(maps.Keys(byID))))
	}
	return ""
}
