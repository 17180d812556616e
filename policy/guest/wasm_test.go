package guest_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
)

func TestModule(t *testing.T) {
	module := guesttest.Build(t, "testdata/odd")
	var logged []string
	log := func(level slog.Level, text string) { logged = append(logged, fmt.Sprint(level, " ", text)) }
	for _, tc := range []struct {
		config string
		want   string // proposed, or what is wrong
	}{
		{`{}`, "parallelism 1; state sx"},
		{`{"do":"answer"}`, "parallelism 1; state sx"},
		{`{"do":"fail"}`, "propose: policy_error: policy_error: nothing comes to mind"},
		{`{"do":"panic"}`, `propose: trap: unreachable, having printed "panic: on purpose"`},
		{`{"do":"exit"}`, "propose: exit: it ended itself with code 3"},
		{`{"do":"log"}`, "parallelism 1; state sx; logged WARN about orders, WARN about orders"},
		{`{"do":1}`, "describe: bad_settings: do: must be a string, not number"},
		{`{"did":""}`, `describe: bad_settings: there is no setting "did": there is do`},
	} {
		logged = nil
		got := ask(t, module, tc.config, log)
		if len(logged) > 0 {
			got += "; logged " + strings.Join(logged, ", ")
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.config, diff)
		}
	}
}

// ask loads the module and asks it twice: no call knows of another.
func ask(t *testing.T, module []byte, config string, log func(slog.Level, string)) string {
	t.Helper()
	p, err := guesttest.Load(t, module, config, log)
	if err != nil {
		return err.Error()
	}
	if propose, score := p.Halves(); !propose || score {
		t.Errorf("it has the halves %v and %v", propose, score)
	}
	if i := p.Info(); i.Name != "odd" || i.Version != "0.1.0" {
		t.Errorf("it says that it is %+v", i)
	}
	r := policy.ProposeRequest{Facts: policy.Facts{Stream: "orders"}, State: "s"}
	answers := map[string]bool{}
	var answer string
	for range 2 {
		a, err := p.Propose(t.Context(), r)
		if err != nil {
			answer = err.Error()
		} else {
			answer = a.Candidates[0].Format([]policy.Knob{{Name: "parallelism"}}) + "; state " + a.State
		}
		answers[answer] = true
	}
	if len(answers) > 1 {
		t.Errorf("%s: two answers to one question: %v", config, answers)
	}
	return answer
}
