package policytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

const (
	opPropose = "propose"
	opScore   = "score"
)

// Replayer is a policy that takes a question as a trace has it, to the byte, as
// a module does. Its answer is a [policy.Proposal] or [policy.Scores], and does
// not depend on other calls.
type Replayer interface {
	policy.Policy
	Replay(ctx context.Context, op string, input []byte) (output any, err error)
}

// questionError is a question that the policy cannot be asked.
type questionError struct{ error }

// ask asks p a question as a trace has it. A panic is an error, as in a run.
func ask(ctx context.Context, p policy.Policy, op string, input []byte) (output any, err error) {
	defer func() {
		if v := recover(); v != nil {
			output, err = nil, fmt.Errorf("%w: %v", policy.ErrPanic, v)
		}
	}()
	if r, ok := p.(Replayer); ok {
		return r.Replay(ctx, op, input)
	}
	switch op {
	case opPropose:
		var r policy.ProposeRequest
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, questionError{fmt.Errorf("it asks for no proposal: %w", err)}
		}
		return p.Propose(ctx, r)
	case opScore:
		var r policy.ScoreRequest
		if err := json.Unmarshal(input, &r); err != nil {
			return nil, questionError{fmt.Errorf("it asks for no scores: %w", err)}
		}
		return p.Score(ctx, r)
	}
	return nil, questionError{fmt.Errorf("there is no question %q: propose or score", op)}
}

// reasonOf is the reason of a fault, as a run has it.
func reasonOf(err error) string {
	var coded interface{ Code() string }
	switch {
	case errors.Is(err, policy.ErrPanic):
		return policy.FaultPanic
	case errors.Is(err, context.DeadlineExceeded):
		return policy.FaultTimeout
	case errors.As(err, &coded):
		return coded.Code()
	}
	return policy.FaultError
}

// stands says whether a recorded error says nothing of the policy's answer, so
// that asking again could not show the same: time was up, or the run was stopped.
func stands(c trace.Call) bool {
	return c.Error == policy.ErrLate.Error() ||
		strings.Contains(c.Error, context.DeadlineExceeded.Error()) || strings.Contains(c.Error, context.Canceled.Error()) ||
		strings.HasPrefix(c.Error, c.Op+": timeout: ")
}

// quarantines says whether the call is the one with which the module failed once
// too often. Its error is about the calls before it as well.
func quarantines(c trace.Call) bool { return strings.HasPrefix(c.Error, c.Op+": quarantined: ") }
