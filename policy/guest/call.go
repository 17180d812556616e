package guest

import (
	"encoding/json"
	"errors"
	"fmt"
)

// describe says who p is, or what is wrong with its config.
func describe(p Policy, input []byte) []byte {
	r := reader{in: input}
	var config json.RawMessage
	if r.open('{') {
		for r.field() {
			if string(r.name) == "config" {
				config = r.raw()
			} else {
				r.skip()
			}
		}
	}
	if err := prepare(p, config, r.err); err != nil {
		return failure(err)
	}
	b := appendString([]byte(`{"name":`), p.Info().Name)
	b = appendString(append(b, `,"version":`...), p.Info().Version)
	return append(b, '}')
}

func propose(p Proposer, input []byte) []byte {
	r, err := readProposeRequest(input)
	if err := prepare(p, r.Config, err); err != nil {
		return failure(err)
	}
	answer, err := p.Propose(r)
	if err != nil {
		return failure(err)
	}
	return appendProposal(nil, answer)
}

func score(p Scorer, input []byte) []byte {
	r, err := readScoreRequest(input)
	if err := prepare(p, r.Config, err); err != nil {
		return failure(err)
	}
	answer, err := p.Score(r)
	if err != nil {
		return failure(err)
	}
	if id, found := noNumber(answer); found {
		return failure(&Error{Code: codeScores, Message: fmt.Sprintf("the score of candidate %d is no number", id)})
	}
	return appendScores(nil, answer)
}

// prepare reads the config into the policy, if the request could be read.
func prepare(p Policy, config json.RawMessage, err error) error {
	if err != nil {
		return &Error{Code: codeInput, Message: err.Error()}
	}
	if err := configure(p, config); err != nil {
		return &Error{Code: codeSettings, Message: err.Error()}
	}
	return nil
}

// failure is the answer of a call that failed.
func failure(err error) []byte {
	e := &Error{Code: codePolicy, Message: err.Error()}
	errors.As(err, &e)
	b := appendString([]byte(`{"error":{"code":`), e.Code)
	b = appendString(append(b, `,"message":`...), e.Message)
	return append(b, `}}`...)
}
