package wasm

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rapidbyte/rbt/policy"
)

// Replay asks a question of a trace again: the module gets it to the byte. The
// answer is a [policy.Proposal] or [policy.Scores], as strictly read as in a run;
// the fallback gives that of a half that the module lacks. A failure counts for
// no quarantine, and the module is asked even where it is quarantined, so that
// one answer does not depend on those before it.
func (p *Policy) Replay(ctx context.Context, op string, input []byte) (any, error) {
	switch op {
	case opPropose:
		var r policy.ProposeRequest
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, &Error{Op: op, Reason: BadInput, Detail: err.Error()}
		}
		if !p.proposes {
			return p.fallback.Propose(ctx, r)
		}
		return asked(ctx, p, op, input, readProposal)
	case opScore:
		var r policy.ScoreRequest
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, &Error{Op: op, Reason: BadInput, Detail: err.Error()}
		}
		if !p.scores {
			return p.fallback.Score(ctx, r)
		}
		return asked(ctx, p, op, input, func(output []byte) (answer[policy.Scores], error) {
			return readScores(output, r.Evidence)
		})
	}
	return nil, &Error{Op: op, Reason: BadInput, Detail: fmt.Sprintf("there is no question %q: propose or score", op)}
}
