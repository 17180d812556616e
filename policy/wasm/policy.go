package wasm

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/tetratelabs/wazero"

	"github.com/rapidbyte/rbt/policy"
)

// Policy is a policy whose answers come from a module. Its methods may be called
// at once from several goroutines.
type Policy struct {
	limits   Limits
	fallback policy.Policy
	log      func(slog.Level, string)
	config   json.RawMessage

	life     context.Context // ends with Close
	end      context.CancelFunc
	use      sync.RWMutex // a call has it to read, Close to write
	engine   wazero.Runtime
	compiled wazero.CompiledModule
	info     policy.Info
	proposes bool // it exports this half
	scores   bool // and that one
	starts   bool // it exports _initialize
	asked    atomic.Int64
	said     atomic.Int64 // lines of the module

	functions int
	memory    atomic.Int64 // see Sizes

	mu         sync.Mutex // guards all below
	quarantine quarantine
	logged     map[string]bool // what was told of answers
}

var _ policy.Policy = (*Policy)(nil)

// Info says who the policy is: the module, or the fallback where the module is
// quarantined.
func (p *Policy) Info() policy.Info {
	if p.Quarantined() != "" {
		return p.fallback.Info()
	}
	return p.info
}

// Module says who the module is, quarantined or not.
func (p *Policy) Module() policy.Info { return p.info }

// Halves says what the module does itself; the fallback does the rest.
func (p *Policy) Halves() (propose, score bool) { return p.proposes, p.scores }

// Close ends the calls that are under way, of which nobody may know any more,
// and frees the engine.
func (p *Policy) Close() error {
	p.end()
	p.use.Lock()
	defer p.use.Unlock()
	if p.engine == nil {
		return nil
	}
	return p.engine.Close(context.Background())
}

// Call asks the module one question in its own words and returns the answer,
// which is not looked at. op is "propose" or "score". It counts for no
// quarantine. The input must not change afterwards: a module that did not answer
// in time may still get it.
func (p *Policy) Call(ctx context.Context, op string, input []byte) ([]byte, error) {
	if has := map[string]bool{opPropose: p.proposes, opScore: p.scores}; !has[op] {
		return nil, &Error{Op: op, Reason: MissingExport, Detail: "the module does not export rbt_" + op}
	}
	return p.do(ctx, p.newCall(op, int(p.asked.Add(1))), input)
}

// Propose asks the module what to try next.
func (p *Policy) Propose(ctx context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	if !p.proposes || p.Quarantined() != "" {
		return p.fallback.Propose(ctx, r)
	}
	return answered(ctx, p, opPropose, r, readProposal)
}

// Score asks the module for the scores of the candidates.
func (p *Policy) Score(ctx context.Context, r policy.ScoreRequest) (policy.Scores, error) {
	if !p.scores || p.Quarantined() != "" {
		return p.fallback.Score(ctx, r)
	}
	return answered(ctx, p, opScore, r, func(output []byte) (answer[policy.Scores], error) {
		return readScores(output, r.Evidence)
	})
}

// answered asks and reads the answer. Every failure counts, but not where the
// caller has gone meanwhile.
func answered[T any](ctx context.Context, p *Policy, op string, request any, read func([]byte) (answer[T], error)) (T, error) {
	out, err := question(ctx, p, op, request, read)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return out, err
	}
	return out, p.note(err)
}

func question[T any](ctx context.Context, p *Policy, op string, request any, read func([]byte) (answer[T], error)) (T, error) {
	var none T
	input, err := json.Marshal(request)
	if err != nil {
		return none, p.newCall(op, int(p.asked.Add(1))).unaskable(BadInput, "%s", err.Error())
	}
	return asked(ctx, p, op, input, read)
}

// asked puts the question, as JSON, and reads the answer.
func asked[T any](ctx context.Context, p *Policy, op string, input []byte, read func([]byte) (answer[T], error)) (T, error) {
	var none T
	c := p.newCall(op, int(p.asked.Add(1)))
	output, err := p.do(ctx, c, input)
	if err != nil {
		return none, err
	}
	a, err := read(output)
	var bad *scoresError
	switch {
	case errors.As(err, &bad):
		return none, c.failure(BadScores, "%s", err.Error())
	case err != nil:
		return none, c.failure(BadOutput, "%s", err.Error())
	case a.failed:
		return none, c.failure(PolicyError, "%s", a.message)
	}
	p.tellUnknown(a.unknown)
	p.tellRounded(a.rounded)
	return a.value, nil
}

// tellUnknown logs each unknown field of answers once: it may be one that is
// spelt wrong.
func (p *Policy) tellUnknown(fields []string) {
	for _, name := range fields {
		if p.log != nil && p.isNew(name) {
			p.log(slog.LevelWarn, "answers have a field that is not known: "+clean(name, maxName))
		}
	}
}

// isNew notes what is told of answers, of which there is only so much.
func (p *Policy) isNew(what string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.logged[what] || len(p.logged) >= maxLogLines {
		return false
	}
	p.logged[what] = true
	return true
}
