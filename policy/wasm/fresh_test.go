package wasm_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/wasm"
)

// TestFresh holds that no call sees what another one left behind, not even one
// that trapped: row 16.
func TestFresh(t *testing.T) {
	for _, engine := range engines {
		p := load(t, wasm.File(t, "once"), options(engine, wasm.Limits{}))
		defer p.Close()
		for _, question := range []string{"?", "trap", "?", "trap", "?"} {
			got, err := p.Call(t.Context(), "propose", []byte(question))
			if question == "trap" {
				failedAs(t, err, wasm.Case{Op: "propose", Code: wasm.Trap}, engine, seqOf(err))
				continue
			}
			if want := `{"candidates":[],"note":"1"}`; string(got) != want || err != nil {
				t.Errorf("%s: got %s, %v, want %s: no call but its own is counted", engine, got, err, want)
			}
		}
	}
}

func seqOf(err error) int {
	if failed, ok := err.(*wasm.Error); ok {
		return failed.Seq
	}
	return 0
}

// TestPure holds that a call is a function of its question, on every engine:
// row 31. What the clock shows is checked in [wasm.CallCases].
func TestPure(t *testing.T) {
	modules := map[string][]byte{}
	for _, name := range []string{"once", "random", "sleep", "grow", "echo"} {
		modules[name] = wasm.File(t, name)
	}
	for name, module := range modules {
		alike(t, name, module, "?")
	}
}

// alike asks the same question several times.
func alike(t *testing.T, name string, module []byte, question string) (answer string) {
	t.Helper()
	for _, engine := range engines {
		p := load(t, module, options(engine, wasm.Limits{}))
		defer p.Close()
		for i := range 4 {
			got, err := p.Call(t.Context(), "propose", []byte(question))
			if err != nil {
				t.Fatalf("%s on the %s: %v", name, engine, err)
			}
			if answer == "" {
				answer = string(got)
			}
			if diff := cmp.Diff(answer, string(got)); diff != "" {
				t.Errorf("%s on the %s, call %d (-first +this):\n%s", name, engine, i+1, diff)
			}
		}
	}
	return answer
}

// TestOwnBytes holds that a policy does not depend on the bytes that it was
// loaded from, nor on their file: row 36.
func TestOwnBytes(t *testing.T) {
	module := wasm.File(t, "once")
	p := load(t, module, options(wasm.Interpreter, wasm.Limits{}))
	defer p.Close()
	before := p.Info()
	clear(module)
	got, err := p.Call(t.Context(), "propose", []byte("?"))
	if want := `{"candidates":[],"note":"1"}`; string(got) != want || err != nil {
		t.Errorf("got %s, %v", got, err)
	}
	if diff := cmp.Diff(before, p.Info()); diff != "" || before.SHA256 != wasm.Sum(wasm.File(t, "once")) {
		t.Errorf("the policy is another one (-before +after):\n%s", diff)
	}
}

// TestTwo runs two policies of one module at once, each from several
// goroutines: row 37. The race detector watches.
func TestTwo(t *testing.T) {
	module := wasm.File(t, "random")
	propose, score := wasm.Asked(3, 2)
	var both sync.WaitGroup
	defer both.Wait()
	for _, engine := range engines {
		for range 2 {
			p := load(t, module, options(engine, wasm.Limits{}))
			var calls sync.WaitGroup
			for range 3 {
				calls.Go(func() {
					for range 10 {
						got, err := p.Propose(t.Context(), propose)
						if want := (policy.Proposal{Note: "DMPGBEPL"}); err != nil || !cmp.Equal(got, want) {
							t.Errorf("got %v, %v", got, err)
						}
						if _, err := p.Score(t.Context(), score); err != nil { // the fallback
							t.Error(err)
						}
						p.Info()
					}
				})
			}
			both.Go(func() {
				calls.Wait()
				p.Close()
			})
		}
	}
}

// TestGo calls a guest that Go's compiler made: rows 17, 31 and 32.
func TestGo(t *testing.T) {
	guest := wasm.BuildGuest(t, "hostile/guest", "-ldflags=-s -w")
	for _, engine := range engines {
		began := time.Now()
		p := load(t, guest, options(engine, wasm.Limits{Calls: 200_000}))
		defer p.Close()
		t.Logf("%s: loaded in %v", engine, time.Since(began).Round(time.Millisecond))
		for _, tc := range []struct{ does, says, code, detail string }{
			{"panic", "", wasm.Trap, `unreachable, having printed "panic: oh no"`},
			{"memory", "", wasm.Trap, `having printed "fatal error: out of memory"`},
			{"deadlock", "", wasm.Trap, `having printed "fatal error: all goroutines are asleep - deadlock!"`},
			{"exit", "", wasm.Exit, "with code 3"},
			{"sleep", "", wasm.Fuel, "more than 200000 function calls"},
			{"stdin", "0 <nil>", "", ""},
			{"world", "0 0", "", ""},
			{"nothing", "call 1", "", ""},
		} {
			t.Run(tc.does+"/"+engine, func(t *testing.T) {
				harmless(t, engine, func() {
					got, err := p.Call(context.Background(), "propose", []byte("please "+tc.does))
					if tc.code != "" {
						failedAs(t, err, wasm.Case{Op: "propose", Code: tc.code, Detail: tc.detail}, engine, seqOf(err))
					} else if want := `{"candidates":[],"note":"` + tc.says + `"}`; err != nil || string(got) != want {
						t.Errorf("got %s, %v, want %s", got, err, want)
					}
				})
			})
		}
	}
	t.Run("chance", func(t *testing.T) {
		t.Log(alike(t, "guest", guest, "please chance"))
	})
}

// TestOpener holds that a guest in Go that opens files is refused: row 32.
func TestOpener(t *testing.T) {
	_, err := wasm.Load(t.Context(), wasm.BuildGuest(t, "hostile/opener"), wasm.Options{})
	failedAs(t, err, wasm.Case{Op: "load", Code: wasm.BadImport, Detail: "a policy reaches no files"}, wasm.Interpreter, 0)
}
