package policytest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// Replayed is what came of asking a trace's questions again.
type Replayed struct {
	Asked int // calls
	// Stand are recorded calls that ended by the clock: what the policy would
	// have answered is not in the trace, so they are not asked again.
	Stand int
	// Quarantined are the call with which the module failed once too often, and
	// all calls behind it, which the built-in policy answered. They are not asked
	// again either.
	Quarantined int
	Differences []Difference
}

// Difference is a call that the policy answers differently now.
type Difference struct {
	Call
	Path string // of the trace
	Diff string // of the answers, -recorded +now
	now  trace.Call
}

// String tells of the difference in several lines.
func (d Difference) String() string {
	return fmt.Sprintf("%s:%d: %s, call %d, %s: the answer differs (-recorded +now)\n%s",
		filepath.Base(d.Path), d.Line, d.Stream, d.Seq, d.Op, d.Diff)
}

// Replay asks p every question of the trace again, as it was asked, and compares
// the answers with the recorded ones. It tells whether p says the same to the
// same questions; it cannot tell what p would have been asked next.
func (t *Trace) Replay(ctx context.Context, p policy.Policy) (Replayed, error) {
	var out Replayed
	for _, s := range t.Streams {
		for _, c := range s.Calls {
			switch {
			case t.Quarantine > 0 && c.Line >= t.Quarantine:
				out.Quarantined++
				continue
			case stands(c.Call):
				out.Stand++
				continue
			}
			d, err := t.again(ctx, p, c)
			if err != nil {
				return out, err
			}
			out.Asked++
			if d.Diff != "" {
				out.Differences = append(out.Differences, d)
			}
		}
	}
	return out, nil
}

// again asks what a recorded call asked.
func (t *Trace) again(ctx context.Context, p policy.Policy, c Call) (Difference, error) {
	output, err := ask(ctx, p, c.Op, c.Input)
	if ctx.Err() != nil {
		return Difference{}, ctx.Err()
	}
	var bad questionError
	if errors.As(err, &bad) {
		return Difference{}, t.wrong(c, err)
	}
	failure := ""
	if err != nil {
		failure = err.Error()
	}
	now := trace.NewCall(c.Stream, c.Seq, c.Op, json.RawMessage(c.Input), output, failure, 0)
	diff, err := difference(c.Call, now)
	if err != nil {
		return Difference{}, t.wrong(c, err)
	}
	return Difference{Call: c, Path: t.Path, Diff: diff, now: now}, nil
}

func (t *Trace) wrong(c Call, err error) error {
	return fmt.Errorf("%s:%d: %s, call %d: %w", t.Path, c.Line, c.Stream, c.Seq, err)
}

// sameError says whether two errors are the same: a module's error carries where
// it came from in front of what the policy said.
func sameError(op, a, b string) bool {
	said := func(text string) string { return strings.TrimPrefix(text, op+": policy_error: ") }
	return said(a) == said(b)
}
