package guest

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/rapidbyte/rbt/policy"
)

// Native is a policy of this kit as rbt would run it from its module, but run
// directly: fresh makes one for each call, requests and answers go through
// JSON, config is that of a pipeline file, and fallback does the half that the
// policy lacks. A panic is not recovered. It is for tests and simulators.
func Native[P Policy](fresh func() P, config json.RawMessage, fallback policy.Policy) (policy.Policy, error) {
	n := native{fresh: func() Policy { return fresh() }, config: config, fallback: fallback}
	return n, configure(fresh(), config)
}

type native struct {
	fresh    func() Policy
	config   json.RawMessage
	fallback policy.Policy
}

func (n native) Info() policy.Info { return n.fresh().Info() }

func (n native) Propose(ctx context.Context, r policy.ProposeRequest) (a policy.Proposal, err error) {
	p, ok := n.fresh().(Proposer)
	if !ok {
		return n.fallback.Propose(ctx, r)
	}
	r.Config = n.config
	err = through(r, func(input []byte) []byte { return propose(p, input) }, &a)
	return a, err
}

func (n native) Score(ctx context.Context, r policy.ScoreRequest) (a policy.Scores, err error) {
	p, ok := n.fresh().(Scorer)
	if !ok {
		return n.fallback.Score(ctx, r)
	}
	r.Config = n.config
	err = through(r, func(input []byte) []byte { return score(p, input) }, &a)
	return a, err
}

// through takes a request through a call, and reads the answer.
func through(request any, call func([]byte) []byte, answer any) error {
	input, err := json.Marshal(request)
	if err != nil {
		return err
	}
	output := call(input)
	var f struct {
		Error *Error `json:"error"`
	}
	if err := json.Unmarshal(output, &f); err != nil {
		return err
	}
	if f.Error != nil {
		return errors.New(f.Error.Code + ": " + f.Error.Message)
	}
	return json.Unmarshal(output, answer)
}
