package wasm_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// outcome is the code of a failure, "ok" or the name of who answered instead.
func outcome(p *wasm.Policy, err error) string {
	var failed *wasm.Error
	switch {
	case errors.As(err, &failed):
		return failed.Reason
	case err != nil:
		return err.Error()
	case p.Quarantined() != "":
		return p.Info().Name
	}
	return "ok"
}

// TestQuarantine holds that a module which fails three times in a row, or ten
// times in all, is not asked any more: row 34.
func TestQuarantine(t *testing.T) {
	half := wasm.NewPuppet(func(p *wasm.Puppet) { // fails to propose, and scores
		p.Propose = `{"error":{"code":"no_idea","message":"none at all"}}`
		p.Score = `{"scores":[{"id":0,"value":1},{"id":1,"value":1}]}`
	})
	for name, tc := range map[string]struct {
		calls string // p or s
		want  string // what became of the last ones
		since string
	}{
		"three in a row": {"ppp" + "ps", "policy_error quarantined builtin builtin",
			"3 failures in a row, the last: propose: policy_error: no_idea: none at all"},
		"ten of forty": {strings.Repeat("psss", 10)[:38] + "ps", "ok quarantined builtin builtin builtin",
			"10 failures in all, the last: propose: policy_error: no_idea: none at all"},
		"nine of forty": {strings.Repeat("psss", 9) + "ssss", "ok ok ok ok", ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, half, options(wasm.Interpreter, wasm.Limits{}))
			defer p.Close()
			ops := map[rune]string{'p': "propose", 's': "score"}
			var got []string
			var last error
			for _, c := range tc.calls {
				_, err := ask(t.Context(), p, ops[c])
				got = append(got, outcome(p, err))
				if err != nil {
					last = err
				}
			}
			all := strings.Join(got, " ")
			if !strings.HasSuffix(all, tc.want) {
				t.Errorf("got %s\nwant at the end %s", all, tc.want)
			}
			if p.Quarantined() != tc.since {
				t.Errorf("quarantined: %q, want %q", p.Quarantined(), tc.since)
			}
			if want := tc.since + "; from now on builtin decides"; tc.since != "" && last.(*wasm.Error).Detail != want {
				t.Errorf("the last failure is %v, want %s", last, want)
			}
			if p.Module().Name != "puppet" {
				t.Errorf("the module is %v", p.Module())
			}
		})
	}
}

// TestFallback holds that the fallback does the half that a module lacks.
func TestFallback(t *testing.T) {
	propose, score := wasm.Asked(3, 4)
	wantScores, _ := builtin.New().Score(t.Context(), score)
	wantProposal, _ := builtin.New().Propose(t.Context(), propose)
	p := load(t, wasm.Proposes(`{"candidates":[{"parallelism":5}],"note":"why not","state":"s"}`), options("", wasm.Limits{}))
	defer p.Close()
	proposal, err := p.Propose(t.Context(), propose)
	if err != nil {
		t.Fatal(err)
	}
	scores, err := p.Score(t.Context(), score)
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(5)}}, Note: "why not", State: "s"}
	if diff := cmp.Diff([]any{want, wantScores}, []any{proposal, scores}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	q := load(t, wasm.Scores(`{"scores":[]}`), options("", wasm.Limits{}))
	defer q.Close()
	if proposal, err = q.Propose(t.Context(), propose); err != nil || !cmp.Equal(proposal, wantProposal) {
		t.Errorf("got %v, %v", proposal, err)
	}
	for _, p := range []*wasm.Policy{p, q} {
		proposes, scores := p.Halves()
		for op, has := range map[string]bool{"propose": proposes, "score": scores, "describe": false} {
			_, err := p.Call(t.Context(), op, []byte("{}"))
			var failed *wasm.Error
			if lacks := errors.As(err, &failed) && failed.Reason == wasm.MissingExport; lacks == has {
				t.Errorf("has %s: %v, and the call says %v", op, has, err)
			}
		}
	}
}

// TestCancelled holds that who does not want to know any more need not wait, and
// that it is no failure of the module: row 35.
func TestCancelled(t *testing.T) {
	for _, engine := range engines {
		for _, name := range []string{"loop", "fib"} {
			p := load(t, wasm.File(t, name), options(engine, wasm.Limits{Calls: 1 << 40}))
			defer p.Close()
			harmless(t, engine, func() {
				for range 5 {
					ctx, cancel := context.WithCancel(t.Context())
					time.AfterFunc(20*time.Millisecond, cancel)
					began := time.Now()
					if _, err := ask(ctx, p, "propose"); err != context.Canceled { //nolint:errorlint // it is ctx's own
						t.Errorf("%s on the %s: %v", name, engine, err)
					}
					inTime(t, began, 0)
				}
			})
			if p.Quarantined() != "" {
				t.Errorf("%s on the %s: %s", name, engine, p.Quarantined())
			}
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := wasm.Load(ctx, wasm.File(t, "good"), wasm.Options{}); err != context.Canceled { //nolint:errorlint // it is ctx's own
		t.Errorf("loading: %v", err)
	}
}

// TestImpatient holds that a caller's deadline is the module's: one that never
// answers in time is quarantined, however little time there is.
func TestImpatient(t *testing.T) {
	p := load(t, wasm.File(t, "loop"), options(wasm.Interpreter, wasm.Limits{}))
	defer p.Close()
	var got []string
	for range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := ask(ctx, p, "propose")
		cancel()
		got = append(got, outcome(p, err))
		if len(got) == 1 && !strings.HasPrefix(err.Error(), "propose: timeout: no answer within ") {
			t.Error(err)
		}
	}
	if diff := cmp.Diff([]string{wasm.Timeout, wasm.Timeout, wasm.Quarantined, "builtin"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestClose holds that a policy can be closed while it is being asked: nobody
// waits for a call that takes too long, so a run may end meanwhile.
func TestClose(t *testing.T) {
	for _, engine := range engines {
		p := load(t, wasm.File(t, "loop"), options(engine, wasm.Limits{}))
		harmless(t, engine, func() {
			answered := make(chan error)
			for range 3 {
				go func() {
					_, err := ask(t.Context(), p, "propose")
					answered <- err
				}()
			}
			time.Sleep(50 * time.Millisecond)
			began := time.Now()
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			for range 3 {
				if err := <-answered; fmt.Sprint(err) != "the policy is closed" {
					t.Error(err)
				}
			}
			inTime(t, began, 0)
			if _, err := ask(t.Context(), p, "propose"); fmt.Sprint(err) != "the policy is closed" {
				t.Errorf("a call after the end: %v", err)
			}
			if err := p.Close(); err != nil || p.Quarantined() != "" {
				t.Error(err, p.Quarantined())
			}
		})
	}
}

// TestLeftOver holds that loading what cannot be used leaves nothing behind,
// also if it is tried again and again.
func TestLeftOver(t *testing.T) {
	harmless(t, wasm.Interpreter, func() {
		for range 20 {
			for _, name := range []string{"no_half", "params", "settings", "start_traps", "import_name"} {
				if _, err := wasm.Load(t.Context(), wasm.File(t, name), wasm.Options{}); err == nil {
					t.Fatal(name, "can be used")
				}
			}
		}
	})
}
