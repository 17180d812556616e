package wasm_test

import (
	"cmp"
	"context"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
	"github.com/rapidbyte/rbt/policy/wasm"
)

var engines = []string{wasm.Interpreter, wasm.Compiler}

// TestLoadHostile loads every module that cannot be used.
func TestLoadHostile(t *testing.T) {
	wasm.SkipLong(t)
	for _, c := range wasm.LoadCases(t) {
		for _, engine := range engines {
			t.Run(c.Name+"/"+engine, func(t *testing.T) {
				harmless(t, engine, func() {
					began := time.Now()
					p, err := wasm.Load(t.Context(), c.Module, options(engine, c.Limits))
					if p != nil {
						t.Error("there is a policy")
					}
					failedAs(t, err, c, engine, 0)
					inTime(t, began, cmp.Or(c.Limits.Load, ample))
				})
			})
		}
	}
}

// TestCallHostile calls every module that loads and then misbehaves.
func TestCallHostile(t *testing.T) {
	wasm.SkipLong(t)
	for _, c := range wasm.CallCases(t) {
		for _, engine := range engines {
			t.Run(c.Name+"/"+engine, func(t *testing.T) {
				harmless(t, engine, func() {
					p := load(t, c.Module, options(engine, c.Limits))
					defer p.Close()
					began := time.Now()
					note, err := ask(t.Context(), p, c.Op)
					inTime(t, began, cmp.Or(c.Limits.Call, ample))
					if c.Code != "" {
						failedAs(t, err, c, engine, 1)
						return
					}
					if err != nil || !strings.Contains(note, c.Says) {
						t.Errorf("note %q, error %v", note, err)
					}
				})
			})
		}
	}
}

// ample is as much time as a module can want, on a busy machine too.
const ample = 30 * time.Second

// options give a module ample time, unless the limits say how much.
func options(engine string, l wasm.Limits) wasm.Options {
	l.Load, l.Call = cmp.Or(l.Load, ample), cmp.Or(l.Call, ample)
	return wasm.Options{Engine: engine, Limits: l, Fallback: builtin.New()}
}

func load(t testing.TB, module []byte, o wasm.Options) *wasm.Policy {
	t.Helper()
	p, err := wasm.Load(t.Context(), module, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// ask asks about two candidates, and returns the note of a proposal.
func ask(ctx context.Context, p policy.Policy, op string) (note string, err error) {
	propose, score := wasm.Asked(2, 3)
	if op == "score" {
		_, err := p.Score(ctx, score)
		return "", err
	}
	got, err := p.Propose(ctx, propose)
	return got.Note, err
}

// failedAs checks that a failure is the one of the case.
func failedAs(t testing.TB, err error, c wasm.Case, engine string, seq int) {
	t.Helper()
	failed, ok := err.(*wasm.Error) //nolint:errorlint // exactly this one
	if !ok {
		t.Fatalf("%T: %v", err, err)
	}
	code := c.Code
	if engine == wasm.Compiler && c.CompilerCode != "" {
		code = c.CompilerCode
	}
	if failed.Reason != code || failed.Code() != code || failed.Op != c.Op || failed.Seq != seq || !strings.Contains(failed.Detail, c.Detail) {
		t.Errorf("got %s: %s: %s (call %d)\nwant %s: %s: … %s … (call %d)",
			failed.Op, failed.Reason, failed.Detail, failed.Seq, c.Op, code, c.Detail, seq)
	}
	if strings.ContainsAny(failed.Error(), "\n\r\x1b\u202e") {
		t.Errorf("the error is not of one plain line: %q", failed.Error())
	}
}

func inTime(t testing.TB, began time.Time, limit time.Duration) {
	t.Helper()
	if took := time.Since(began); took > limit+late {
		t.Errorf("it took %v, and the limit is %v", took, limit)
	}
}

// Bounds of what a module may do to the process.
const (
	longest  = time.Second      // that another goroutine waits, on the interpreter
	mostLive = 150 << 20        // bytes that are in use at once, on the interpreter
	moreLive = 2 << 20          // bytes that may stay in use
	patience = 10 * time.Second // until all is as it was
	late     = time.Second      // after a deadline
)

// harmless does something with a module, and checks that the process hardly
// notices: other goroutines go on, and nothing stays behind.
func harmless(t *testing.T, engine string, do func()) {
	t.Helper()
	goroutines, live := settled()
	stop := watch()
	began := time.Now()
	do()
	took := time.Since(began)
	stuck, most := stop()
	t.Logf("%v, stuck for %v at most, %d MiB", took.Round(time.Millisecond), stuck.Round(time.Millisecond), most>>20)
	if engine == wasm.Interpreter && stuck > longest {
		t.Errorf("another goroutine waited for %v", stuck)
	}
	if engine == wasm.Interpreter && most > 2*live+mostLive { // the collector lets it double
		t.Errorf("%d MiB were in use, and %d before", most>>20, live>>20)
	}
	deadline := time.Now().Add(patience)
	for {
		nowGoroutines, nowLive := settled()
		if nowGoroutines <= goroutines && nowLive <= live+moreLive {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines and %d bytes before, %d and %d after", goroutines, live, nowGoroutines, nowLive)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// settled are the goroutines, and the bytes that are live, after a collection.
func settled() (goroutines int, live uint64) {
	runtime.GC()
	return runtime.NumGoroutine(), liveBytes()
}

func liveBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// watch has a goroutine tick until stop, which returns how long it was stuck at
// most, and the most bytes that it saw.
func watch() (stop func() (stuck time.Duration, most uint64)) {
	type seen struct {
		stuck time.Duration
		most  uint64
	}
	done, result := make(chan struct{}), make(chan seen)
	go func() {
		var s seen
		for last := time.Now(); ; {
			select {
			case <-done:
				result <- s
				return
			case <-time.After(time.Millisecond):
			}
			now := time.Now()
			s.stuck, last = max(s.stuck, now.Sub(last)), now
			s.most = max(s.most, liveBytes())
		}
	}()
	return func() (time.Duration, uint64) {
		close(done)
		s := <-result
		return s.stuck, s.most
	}
}
