package policytest

import (
	"context"

	"github.com/rapidbyte/rbt/policy"
)

// T is what the helpers need of a *testing.T.
type T interface {
	Helper()
	Context() context.Context
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// Replay fails the test where p answers a question of the trace at path
// differently than the trace has it. See [Trace.Replay].
func Replay(t T, p policy.Policy, path string) {
	t.Helper()
	tr, err := Load(path)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	if why := tr.Untested(); why != "" {
		t.Fatalf("%s: there is nothing to replay: %s", path, why)
		return
	}
	got, err := tr.Replay(t.Context(), p)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, d := range got.Differences {
		t.Errorf("%s", d)
	}
	if got.Stand > 0 {
		t.Logf("%s: %d recorded timeouts stand as they are", path, got.Stand)
	}
	if got.Quarantined > 0 {
		t.Logf("%s: %d calls stand as they are: the module was quarantined in line %d, and what followed the built-in policy answered",
			path, got.Quarantined, tr.Quarantine)
	}
}

// Expect fails the test where p decides for a stream of the trace at path what
// the file of expectations beside it does not allow. See [Trace.Decide] and
// [Expectations].
func Expect(t T, p policy.Policy, path string) {
	t.Helper()
	tr, err := Load(path)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	want, err := LoadExpectations(ExpectationsPath(path))
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	outcomes, err := tr.Decide(t.Context(), p)
	if err != nil {
		t.Fatalf("%v", err)
		return
	}
	failures, err := want.Check(outcomes)
	if err != nil {
		t.Fatalf("%v", err)
	}
	for _, f := range failures {
		t.Errorf("%s", f)
	}
	for _, o := range outcomes {
		if text := o.Counterfactual(); text != "" {
			t.Logf("%s: %s", o.Stream, text)
		}
	}
}
