package policytest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// decided are outcomes to have expectations of.
func decided() []Outcome {
	knobs := []policy.Knob{
		{Name: "parallelism", Kind: policy.Int, Min: 1, Max: 16},
		{Name: "partition_mode", Kind: policy.Enum, Values: []string{"ctid", "mod"}},
		{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20},
		{Name: "copy_format", Kind: policy.Enum},
	}
	outcome := func(stream, reason string, lanes int64, lead float64) Outcome {
		return Outcome{Stream: stream, Knobs: knobs, Decision: policy.Decision{
			Reason: reason, Lead: lead,
			Winner: policy.Setting{
				"parallelism": policy.IntValue(lanes), "partition_mode": policy.EnumValue("ctid"), "copy_flush_bytes": policy.IntValue(8 << 20),
			},
		}}
	}
	small := outcome("public.countries", policy.SkippedSmall, 4, 0)
	small.Skip = &policy.Skip{Reason: policy.SkippedSmall}
	broken := outcome("audit.log", policy.BecauseFault, 4, 0)
	broken.Fault = &policy.Fault{Reason: "fuel"}
	kept := Outcome{Stream: "public.kept", Knobs: knobs, Unknown: "the trace has no window of it"}
	return []Outcome{
		outcome("public.orders", policy.BecauseLead, 8, 0.382), outcome("public.items", policy.BecauseNoLead, 4, 0), small, broken, kept,
		outcome(`odd."a:b, [c"`, policy.BecauseLead, 8, 0.1),
	}
}

// expected writes expectations into a file.
func expected(t *testing.T, text string) (*Expectations, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "orders.expect")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := LoadExpectations(path)
	if err != nil {
		return nil, fmt.Errorf("%s", strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""))
	}
	x.Path = "orders.expect"
	return x, nil
}

func TestExpectations(t *testing.T) {
	for _, tc := range []struct {
		text string
		want []string // failures, or errors
	}{
		{"stream public.orders: parallelism = 8, parallelism != 4, parallelism < 9, parallelism <= 8, parallelism > 7, parallelism >= 8", nil},
		{"stream public.orders: parallelism != 8", []string{"orders.expect:1: public.orders: parallelism is 8, expected != 8"}},
		{"stream public.orders: parallelism < 8", []string{"orders.expect:1: public.orders: parallelism is 8, expected < 8"}},
		{"stream public.orders: parallelism > 8", []string{"orders.expect:1: public.orders: parallelism is 8, expected > 8"}},
		{"stream public.orders: parallelism <= 7", []string{"orders.expect:1: public.orders: parallelism is 8, expected <= 7"}},
		{"# all\n\n  stream  public.orders :parallelism>=9 # too much\n", []string{"orders.expect:3: public.orders: parallelism is 8, expected >= 9"}},
		{"stream public.orders: copy_flush_bytes = 8 MiB, copy_flush_bytes >= 8388608", nil},
		{"stream public.orders: copy_flush_bytes > 8MiB", []string{"orders.expect:1: public.orders: copy_flush_bytes is 8MiB, expected > 8MiB"}},
		{"stream public.orders: partition_mode = ctid, partition_mode != mod", nil},
		{"stream public.orders: partition_mode = mod", []string{"orders.expect:1: public.orders: partition_mode is ctid, expected = mod"}},
		{"stream public.orders: lead >= 38%, lead < 38.3 %, reason = lead, fault = none", nil},
		{"stream public.orders: lead >= 40%", []string{"orders.expect:1: public.orders: lead is +38.2 %, expected >= 40%"}},
		{"stream public.items: reason = lead", []string{"orders.expect:1: public.items: reason is no-lead, expected = lead"}},
		{"stream audit.log: fault = fuel, fault != none, reason = fault", nil},
		{"stream audit.log: fault = none", []string{"orders.expect:1: audit.log: fault is fuel, expected = none"}},
		{"stream public.countries: reason = stream-too-small, parallelism = 4", nil},
		{`stream odd."a:b, [c": parallelism = 8`, nil},
		// Patterns are about the streams that were tuned.
		{"stream public.*: parallelism >= 4, fault = none", nil},
		{"stream *: reason = lead", []string{
			"orders.expect:1: public.items: reason is no-lead, expected = lead", "orders.expect:1: audit.log: reason is fault, expected = lead"}},
		{"stream [ap]*: parallelism = 8\nstream public.orders: parallelism = 9", []string{
			"orders.expect:1: public.items: parallelism is 4, expected = 8", "orders.expect:1: audit.log: parallelism is 4, expected = 8",
			"orders.expect:2: public.orders: parallelism is 8, expected = 9"}},
		// Mistakes.
		{"", []string{"orders.expect expects nothing: write a line such as stream public.orders: parallelism >= 8"}},
		{"# nothing\n", []string{"orders.expect expects nothing: write a line such as stream public.orders: parallelism >= 8"}},
		{"streams: all\n\npublic.orders: parallelism = 8", []string{
			`orders.expect:1: "streams: all" is no expectation: write it as stream public.orders: parallelism >= 8`,
			`orders.expect:3: "public.orders: parallelism = 8" is no expectation: write it as stream public.orders: parallelism >= 8`}},
		{"stream public.orders parallelism = 8", []string{
			`orders.expect:1: "stream public.orders parallelism = 8" is no expectation: write it as stream public.orders: parallelism >= 8`}},
		{"stream : parallelism = 8", []string{`orders.expect:1: the stream's name is missing: write it as stream public.orders: parallelism >= 8`}},
		{"stream public.orders:", []string{`orders.expect:1: "" is no condition: write it as parallelism >= 8`}},
		{"stream public.orders: parallelism", []string{`orders.expect:1: "parallelism" is no condition: write it as parallelism >= 8`}},
		{"stream public.orders: = 8", []string{`orders.expect:1: "= 8" is no condition: write it as parallelism >= 8`}},
		{"stream public.orders: parallelism => 8", []string{`orders.expect:1: => is no operator: they are = != < <= > >=`}},
		{"stream public.orders: parallelism == 8", []string{`orders.expect:1: == is no operator: they are = != < <= > >=`}},
		{"stream public.orders: parallelism >=", []string{`orders.expect:1: behind parallelism >= a value is missing`}},
		{"stream public.order: parallelism >= 8", []string{`orders.expect:1: the trace has no stream public.order; did you mean public.orders?`}},
		{"stream [public: parallelism >= 8", []string{`orders.expect:1: the trace has no stream [public: there is public.orders, public.items, public.countries, audit.log, public.kept, odd."a:b, [c"`}},
		{"stream public.c*: parallelism >= 8", []string{`orders.expect:1: public.c* matches no stream that was tuned: public.countries was skipped (stream-too-small)`}},
		{"stream public.[ck]*: parallelism >= 8", []string{`orders.expect:1: public.[ck]* matches no stream that was tuned: public.countries was skipped (stream-too-small), public.kept: the trace has no window of it`}},
		{"stream public.kept: parallelism >= 8", []string{`orders.expect:1: nothing can be said of public.kept: the trace has no window of it`}},
		{"stream public.orders: paralellism >= 8", []string{`orders.expect:1: public.orders has no knob paralellism; did you mean parallelism?`}},
		{"stream public.orders: speed >= 8", []string{
			`orders.expect:1: public.orders has no knob speed: there is parallelism, partition_mode, copy_flush_bytes, copy_format, reason, fault, lead`}},
		{"stream public.orders: parallelism >= 8MiB", []string{`orders.expect:1: parallelism: "8MiB" is not a whole number`}},
		{"stream public.orders: copy_flush_bytes >= lots", []string{`orders.expect:1: copy_flush_bytes: "lots" is not a size such as "8MiB" or "64kb"`}},
		{"stream public.orders: partition_mode = ctld", []string{`orders.expect:1: partition_mode cannot be ctld; did you mean ctid?`}},
		{"stream public.orders: partition_mode = sideways", []string{`orders.expect:1: partition_mode cannot be sideways: there is ctid, mod`}},
		{"stream public.orders: partition_mode > ctid", []string{`orders.expect:1: partition_mode is a name: compare it with = or !=, not with >`}},
		{"stream public.orders: copy_format = binary", []string{`orders.expect:1: public.orders has no choice of copy_format`}},
		{"stream public.orders: reason = leads", []string{`orders.expect:1: reason cannot be leads; did you mean lead?`}},
		{"stream public.orders: lead >= 5", []string{`orders.expect:1: lead: "5" is not a percentage such as 5%`}},
		{"stream public.orders: lead >= x%, fault > fuel", []string{
			`orders.expect:1: lead: "x%" is not a percentage such as 5%`, `orders.expect:1: fault is a name: compare it with = or !=, not with >`}},
	} {
		var got []string
		x, err := expected(t, tc.text)
		if err == nil {
			var failures []Failure
			failures, err = x.Check(decided())
			for _, f := range failures {
				got = append(got, f.String())
			}
		}
		if err != nil {
			got = append(got, strings.Split(err.Error(), "\n")...)
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s\n-want +got:\n%s", tc.text, diff)
		}
	}
}

// told is a test that notes what it is told, and goes on.
type told struct {
	t     *testing.T
	lines []string
}

func (n *told) Helper()                           {}
func (n *told) Context() context.Context          { return n.t.Context() }
func (n *told) Logf(format string, args ...any)   { n.note("log", format, args...) }
func (n *told) Errorf(format string, args ...any) { n.note("error", format, args...) }
func (n *told) Fatalf(format string, args ...any) { n.note("fatal", format, args...) }

func (n *told) note(kind, format string, args ...any) {
	first, _, _ := strings.Cut(fmt.Sprintf(format, args...), "\n")
	n.lines = append(n.lines, kind+": "+first)
}

func TestHelpers(t *testing.T) {
	few := changed{Policy: builtin.New(), propose: func(p policy.Proposal) (policy.Proposal, error) {
		for _, s := range p.Candidates {
			delete(s, "copy_flush_bytes")
			s["parallelism"] = policy.IntValue(9)
		}
		return p, nil
	}}
	for _, tc := range []struct {
		name string
		do   func(T)
		want []string
	}{
		{"the same", func(t T) { Replay(t, builtin.New(), orders) }, nil},
		{"as expected", func(t T) { Expect(t, builtin.New(), orders) }, nil},
		{"no trace", func(t T) { Replay(t, builtin.New(), "testdata/none.jsonl") },
			[]string{"fatal: open testdata/none.jsonl: no such file or directory"}},
		{"no trace to decide", func(t T) { Expect(t, builtin.New(), "testdata/none.jsonl") },
			[]string{"fatal: open testdata/none.jsonl: no such file or directory"}},
		{"no calls", func(t T) { Replay(t, builtin.New(), "../../cmd/rbt/testdata/explain/off.jsonl") },
			[]string{"fatal: ../../cmd/rbt/testdata/explain/off.jsonl: there is nothing to replay: the policy was not asked: tuning was off by --no-autotune"}},
		{"no expectations", func(t T) { Expect(t, builtin.New(), "../../cmd/rbt/testdata/explain/off.jsonl") },
			[]string{"fatal: open ../../cmd/rbt/testdata/explain/off.expect: no such file or directory"}},
		{"not as expected", func(t T) { Expect(t, few, orders) }, []string{
			"error: orders.expect:2: public.orders: parallelism is 8, expected >= 12",
			"error: orders.expect:2: public.orders: copy_flush_bytes is 8MiB, expected >= 16MiB",
			"error: orders.expect:3: public.orders: reason is budget, expected = lead",
			"error: orders.expect:3: public.orders: lead is +0.0 %, expected >= 50%",
		}},
		{"not the same", func(t T) { Replay(t, failing(fmt.Errorf("no idea")), orders) },
			[]string{"error: orders.jsonl:9: public.orders, call 1, propose: the answer differs (-recorded +now)"}},
	} {
		n := &told{t: t}
		tc.do(n)
		got := n.lines
		if len(got) > len(tc.want) && len(tc.want) > 0 { // what follows is more of the same, or a note
			got = got[:len(tc.want)]
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want +got:\n%s", tc.name, diff)
		}
	}
}
