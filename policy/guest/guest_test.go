package guest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// slow is a policy with both halves and a config.
type slow struct {
	Weight float64           `json:"weight"`
	Within Duration          `json:"within"`
	Lanes  int64             `json:"lanes"`
	Modes  []string          `json:"modes"`
	Strict bool              `json:"strict"`
	More   map[string]string `json:"more"`
	Inner  struct {
		A int `json:"a"`
	} `json:"inner"`
	Hidden string `json:"-"`
	Plain  string
	err    error
}

func newSlow() *slow { return &slow{Weight: 0.5, Lanes: 4} }

func (*slow) Info() policy.Info { return policy.Info{Name: "slow", Version: "1.2.3"} }

func (s *slow) Check() error {
	if s.Weight < 0 {
		return errors.New("weight must not be below 0")
	}
	return nil
}

func (s *slow) Propose(r policy.ProposeRequest) (policy.Proposal, error) {
	if s.Plain == "fail" {
		return policy.Proposal{}, &Error{"no_idea", "none"}
	}
	if s.Plain == "nothing" {
		return policy.Proposal{}, nil
	}
	return policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(s.Lanes)}}, State: r.State + "x"}, s.err
}

func (s *slow) Score(r policy.ScoreRequest) (policy.Scores, error) {
	var out policy.Scores
	for _, e := range r.Evidence {
		out.Scores = append(out.Scores, policy.Score{ID: e.ID, Value: s.Weight / float64(len(e.Windows))})
	}
	return out, nil
}

// bare has no config, and no half at all.
type bare struct{}

func (bare) Info() policy.Info { return policy.Info{Name: "bare"} }

func TestConfigure(t *testing.T) {
	for _, tc := range []struct {
		config string
		want   string // error
	}{
		{``, ``},
		{`{}`, ``},
		{`null`, ``},
		{`{"weight":1,"within":"20m","lanes":3,"modes":["ctid"],"strict":true,"more":{"a":"b"},"inner":{"a":1},"Plain":"x"}`, ``},
		{`[]`, `the config must be an object`},
		{`{"wieght":1}`, `there is no setting "wieght": there is weight, within, lanes, modes, strict, more, inner, Plain`},
		{`{"Weight":1}`, `there is no setting "Weight": there is weight, within, lanes, modes, strict, more, inner, Plain`},
		{`{"Hidden":"x"}`, `there is no setting "Hidden": there is weight, within, lanes, modes, strict, more, inner, Plain`},
		{`{"weight":"1"}`, `weight: must be a number, not string`},
		{`{"within":"20 minutes"}`, `within: "20 minutes" is not a duration such as "30s" or "20m"`},
		{`{"within":20}`, `within: must be a string, not number`},
		{`{"lanes":1.5}`, `lanes: must be a whole number, not number 1.5`},
		{`{"modes":"ctid"}`, `modes: must be a list, not string`},
		{`{"modes":[1]}`, `modes: must be a string, not number`},
		{`{"strict":1}`, `strict: must be true or false, not number`},
		{`{"more":1}`, `more: must be an object, not number`},
		{`{"inner":{"b":1}}`, `inner: unknown field "b"`},
		{`{"weight":-1}`, `weight must not be below 0`},
	} {
		if diff := cmp.Diff(tc.want, text(configure(newSlow(), []byte(tc.config)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.config, diff)
		}
	}
	if got := text(configure(bare{}, []byte(`{"weight":1}`))); got != `there is no setting "weight": this policy has none` {
		t.Errorf("a policy without config: %s", got)
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestConfigureSets(t *testing.T) {
	s := newSlow()
	if err := configure(s, []byte(`{"within":"1h30m","modes":["ctid","mod"]}`)); err != nil {
		t.Fatal(err)
	}
	if s.Within.Duration != 90*time.Minute || len(s.Modes) != 2 || s.Weight != 0.5 {
		t.Errorf("%+v", s)
	}
}

// TestCalls shows what a call gets and answers, to the byte.
func TestCalls(t *testing.T) {
	for _, tc := range []struct {
		name  string
		call  func(input []byte) []byte
		input string
		want  string
	}{
		{"describe", describeSlow, `{"config":{}}`, `{"name":"slow","version":"1.2.3"}`},
		{"describe, wrong config", describeSlow, `{"config":{"weight":true}}`,
			`{"error":{"code":"bad_settings","message":"weight: must be a number, not bool"}}`},
		{"describe, no request", describeSlow, `{`,
			`{"error":{"code":"bad_input","message":"byte 1 should be }"}}`},
		{"propose", proposeSlow, `{"state":"x","config":{"lanes":7},"unknown":1}`, `{"candidates":[{"parallelism":7}],"state":"xx"}`},
		{"propose, wrong config", proposeSlow, `{"config":{"lanes":"7"}}`,
			`{"error":{"code":"bad_settings","message":"lanes: must be a whole number, not string"}}`},
		{"propose, an error with a code", proposeSlow, `{"config":{"Plain":"fail"}}`, `{"error":{"code":"no_idea","message":"none"}}`},
		{"propose, an error without", func(input []byte) []byte { return propose(&slow{err: errors.New("broken")}, input) }, `{}`,
			`{"error":{"code":"policy_error","message":"broken"}}`},
		{"score", scoreSlow, `{"evidence":[{"id":3,"windows":[{}]}],"config":{"weight":2}}`, `{"scores":[{"id":3,"value":2,"stderr":0}]}`},
		{"propose nothing", func(input []byte) []byte { return propose(&slow{Plain: "nothing"}, input) }, `{}`, `{"candidates":[]}`},
		{"score, no number", scoreSlow, `{"evidence":[{"id":3,"windows":[]}],"config":{"weight":2}}`,
			`{"error":{"code":"bad_scores","message":"the score of candidate 3 is no number"}}`},
		{"score, no request", scoreSlow, `[]`,
			`{"error":{"code":"bad_input","message":"byte 0 should be {"}}`},
	} {
		if diff := cmp.Diff(tc.want, string(tc.call([]byte(tc.input)))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.name, diff)
		}
	}
}

func describeSlow(input []byte) []byte { return describe(newSlow(), input) }
func proposeSlow(input []byte) []byte  { return propose(newSlow(), input) }
func scoreSlow(input []byte) []byte    { return score(newSlow(), input) }

// TestMemory plays the host: it writes where Alloc said, and finds the answer
// where the result says.
func TestMemory(t *testing.T) {
	for _, size := range []uint32{0, mostInput + 1} {
		if at := Alloc(size); at != 0 {
			t.Errorf("there is room for %d bytes, at %d", size, at)
		}
	}
	for name, tc := range map[string]struct {
		call        func(at, size uint32) uint64
		input, want string
	}{
		"describe": {func(at, size uint32) uint64 { return Describe(newSlow(), at, size) }, `{"config":{}}`, `{"name":"slow","version":"1.2.3"}`},
		"propose":  {func(at, size uint32) uint64 { return Propose(newSlow(), at, size) }, `{}`, `{"candidates":[{"parallelism":4}],"state":"x"}`},
		"score":    {func(at, size uint32) uint64 { return Score(newSlow(), at, size) }, `{}`, `{"scores":[]}`},
	} {
		at := Alloc(uint32(len(tc.input)))
		copy(memory.in, tc.input)
		result := tc.call(at, uint32(len(tc.input)))
		if want := uint64(addressOf(memory.out))<<32 | uint64(len(tc.want)); result != want || string(memory.out) != tc.want {
			t.Errorf("%s: %#x and %s, want %#x and %s", name, result, memory.out, want, tc.want)
		}
		if !panics(func() { tc.call(at+1, 1) }) || !panics(func() { tc.call(at, uint32(len(tc.input))+1) }) {
			t.Errorf("%s: an input from elsewhere was read", name)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestABI(t *testing.T) {
	if ABI() != 0x10000 {
		t.Errorf("the kit speaks %#x", ABI())
	}
}

func TestNative(t *testing.T) {
	p, err := Native(newSlow, []byte(`{"lanes":2}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Propose(t.Context(), policy.ProposeRequest{State: "y"})
	want := policy.Proposal{Candidates: []policy.Setting{{"parallelism": policy.IntValue(2)}}, State: "yx"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	scores, err := p.Score(t.Context(), policy.ScoreRequest{Evidence: []policy.Evidence{{ID: 1, Windows: make([]policy.Window, 2)}}})
	if diff := cmp.Diff(policy.Scores{Scores: []policy.Score{{ID: 1, Value: 0.25}}}, scores); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if p.Info().Name != "slow" {
		t.Errorf("it says that it is %+v", p.Info())
	}
}

func TestNativeErrors(t *testing.T) {
	if _, err := Native(newSlow, []byte(`{"lanes":"2"}`), nil); text(err) != "lanes: must be a whole number, not string" {
		t.Errorf("wrong config: %v", err)
	}
	p, err := Native(newSlow, []byte(`{"Plain":"fail"}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Propose(t.Context(), policy.ProposeRequest{}); text(err) != "no_idea: none" {
		t.Errorf("the policy's error: %v", err)
	}
}

// TestNativeFallback shows who does the half that a policy lacks.
func TestNativeFallback(t *testing.T) {
	p, err := Native(func() bare { return bare{} }, nil, builtin.New())
	if err != nil {
		t.Fatal(err)
	}
	r := policy.ProposeRequest{
		Knobs:    []policy.Knob{{Name: "parallelism", Min: 1, Max: 16}},
		Baseline: policy.Setting{"parallelism": policy.IntValue(4)}, Leader: policy.Setting{"parallelism": policy.IntValue(4)},
	}
	if got, err := p.Propose(t.Context(), r); len(got.Candidates) != 1 || err != nil {
		t.Errorf("proposed %v, %v", got, err)
	}
	evidence := []policy.Evidence{{ID: 0, Windows: []policy.Window{{Bytes: 10, Seconds: 1}}}}
	if got, err := p.Score(t.Context(), policy.ScoreRequest{Evidence: evidence}); len(got.Scores) != 1 || err != nil {
		t.Errorf("scored %v, %v", got, err)
	}
}
