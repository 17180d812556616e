package wasm

import (
	"strings"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

func TestLimits(t *testing.T) {
	if got, want := (Limits{}).orDefaults(), (Limits{Memory: 32 << 20, Load: 5 * time.Second, Call: 500 * time.Millisecond, Calls: 2_000_000}); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	given := Limits{Memory: 1, Load: 2, Call: 3, Calls: 4}
	if got := given.orDefaults(); got != given {
		t.Errorf("got %v, want %v", got, given)
	}
	for memory, want := range map[int64]uint32{1: 1, pageSize - 1: 1, pageSize: 1, 3*pageSize - 1: 2, 32 << 20: 512, 1 << 40: 1 << 16} {
		if got := (Limits{Memory: memory}).pages(); got != want {
			t.Errorf("%d bytes are %d pages, want %d", memory, got, want)
		}
	}
}

// TestMeter holds that the meter counts every function, those of rbt too, and
// stops a guest at the same call each time.
func TestMeter(t *testing.T) {
	SkipLong(t)
	for _, tc := range []struct {
		module string
		calls  int64 // rbt_alloc, rbt_propose, and what that calls
	}{
		{"good", 2},
		{"deep", 2 + 1901},
		{"log_many", 2 + 100_000},
		{"sleep", 2 + 1},
		{"start_slow", 3}, // the start function comes first
	} {
		for _, engine := range []string{Interpreter, Compiler} {
			for _, most := range []int64{tc.calls, tc.calls - 1} {
				p, err := Load(t.Context(), File(t, tc.module), Options{Engine: engine, Limits: Limits{Load: time.Minute, Call: time.Minute}})
				if err != nil {
					t.Fatal(err)
				}
				p.limits.Calls = most
				_, err = p.Call(t.Context(), opPropose, []byte("?"))
				if fits := most == tc.calls; fits != (err == nil) {
					t.Errorf("%s on the %s, of %d calls at most: %v", tc.module, engine, most, err)
				}
				if failed, ok := err.(*Error); ok && failed.Reason != Fuel {
					t.Error(err)
				}
				p.Close()
			}
		}
	}
}

// TestMemory holds that a module gets as much memory as the limit says.
func TestMemory(t *testing.T) {
	for _, tc := range []struct {
		memory int64
		code   string
	}{{6 * pageSize, ""}, {6*pageSize - 1, Limit}, {1, Limit}, {0, ""}} {
		p, err := Load(t.Context(), File(t, "good"), Options{Limits: Limits{Memory: tc.memory}})
		code := ""
		if failed, ok := err.(*Error); ok {
			code = failed.Reason
		}
		if code != tc.code {
			t.Errorf("%d bytes: %v", tc.memory, err)
		}
		if err == nil {
			p.Close()
		}
	}
}

// TestMuchMemory holds that a caller gets its answer in time even where the engine
// cannot stop the module, which goes on for about a second here.
func TestMuchMemory(t *testing.T) {
	c := MuchMemory()
	p, err := Load(t.Context(), c.Module, Options{Limits: c.Limits})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_, err = p.Call(t.Context(), c.Op, []byte("?"))
	if failed, ok := err.(*Error); !ok || failed.Reason != c.Code || failed.Detail != c.Detail {
		t.Errorf("got %v", err)
	}
	if p.use.TryLock() {
		p.use.Unlock()
		t.Error("the module was waited for")
	}
}

// TestQuestions holds that what is asked stays within its bound, and that a
// question that cannot be written is a failure.
func TestQuestions(t *testing.T) {
	p, err := Load(t.Context(), File(t, "good"), Options{Fallback: builtin.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	propose, _ := Asked(12, 4)
	propose.State = strings.Repeat("s", maxInput)
	_, err = p.Propose(t.Context(), propose)
	failed, ok := err.(*Error)
	if !ok || failed.Reason != TooLarge || !strings.HasSuffix(failed.Detail, "bytes, more than 262144") {
		t.Errorf("got %v", err)
	}
	propose.State, propose.Config = "", []byte("{")
	_, err = p.Propose(t.Context(), propose)
	if failed, ok := err.(*Error); !ok || failed.Reason != BadInput || failed.Seq != 2 {
		t.Errorf("got %v", err)
	}
	if got, err := p.Call(t.Context(), opPropose, make([]byte, maxInput)); err != nil || string(got) != `{"candidates":[]}` {
		t.Errorf("the largest question: %s, %v", got, err)
	}
}

// TestOptions shows what a module is told of its config, and who it says it is.
func TestOptions(t *testing.T) {
	for config, want := range map[string]string{
		"": `{"config":{}}`, "null": `{"config":{}}`, " null ": `{"config":{}}`, "{}": `{"config":{}}`, `{ "a" : [1] }`: `{"config":{"a":[1]}}`,
	} {
		p := newPolicy(nil, Options{Config: []byte(config)})
		got, err := p.describeRequest()
		if string(got) != want || err != nil {
			t.Errorf("config %q: %s, %v, want %s", config, got, err, want)
		}
	}
	module := NewPuppet(func(p *Puppet) { p.ABI, p.Propose = 1<<16|9, "{}" }) // row 9: a later minor version
	for engine, want := range map[string]policy.Info{
		"": {Engine: "interpreter"}, Interpreter: {Engine: "interpreter"}, Compiler: {Engine: "compiler"},
	} {
		want.Name, want.Version, want.SHA256 = "puppet", "1", Sum(module)
		p, err := Load(t.Context(), module, Options{Engine: engine})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		if p.Info() != want || p.Module() != want {
			t.Errorf("got %v, want %v", p.Info(), want)
		}
	}
	_, err := Load(t.Context(), module, Options{Engine: "wasmtime"})
	if failed, ok := err.(*Error); !ok || failed.Reason != BadSettings || failed.Detail != `there is no engine "wasmtime", but "interpreter" and "compiler"` {
		t.Error(err)
	}
	_, err = Load(t.Context(), module, Options{Config: []byte("{")})
	if failed, ok := err.(*Error); !ok || failed.Reason != BadInput {
		t.Error(err)
	}
}
