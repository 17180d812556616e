package probe_test

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/builtin"
)

// scripted proposes what a test wants, round by round, then nothing. It scores
// as the built-in policy does.
type scripted struct {
	builtin.Policy
	rounds [][]policy.Setting
}

func (s *scripted) Propose(_ context.Context, r policy.ProposeRequest) (policy.Proposal, error) {
	if r.Round > len(s.rounds) {
		return policy.Proposal{}, nil
	}
	return policy.Proposal{Candidates: s.rounds[r.Round-1]}, nil
}

func one(knob string, v policy.Value) policy.Setting { return policy.Setting{knob: v} }

func TestClamps(t *testing.T) {
	many := make([]policy.Setting, 10_000)
	for i := range many {
		many[i] = one("parallelism", policy.IntValue(int64(i)+1))
	}
	for _, tc := range []struct {
		name     string
		proposed []policy.Setting
		clamps   []string
		ran      []string // settings that were run beside the baseline
	}{
		{"in bounds", []policy.Setting{one("parallelism", policy.IntValue(5))}, nil, []string{"parallelism 5"}},
		{"above a bound that has a name", []policy.Setting{one("parallelism", policy.IntValue(64))},
			[]string{"parallelism 64 → 16: worker_cap"}, []string{"parallelism 16"}},
		{"above a bound without", []policy.Setting{one("copy_flush_bytes", policy.IntValue(64*mib))},
			[]string{"copy_flush_bytes 64MiB → 32MiB: at most 32MiB"}, []string{"copy_flush_bytes 32MiB"}},
		{"below", []policy.Setting{one("parallelism", policy.IntValue(-3))},
			[]string{"parallelism -3 → 1: at least 1"}, []string{"parallelism 1"}},
		{"a value that is not supported, and why", []policy.Setting{one("partition_mode", policy.EnumValue("mod")), one("parallelism", policy.IntValue(5))},
			[]string{"partition_mode mod → ctid: the table has no integer key"}, []string{"parallelism 5"}},
		{"a value that does not exist", []policy.Setting{{"partition_mode": policy.EnumValue("hash"), "parallelism": policy.IntValue(5)}},
			[]string{"partition_mode hash → ctid: not one of ctid, range"}, []string{"parallelism 5"}},
		{"a name for a number", []policy.Setting{{"parallelism": policy.EnumValue("lots"), "copy_flush_bytes": policy.IntValue(4 * mib)}},
			[]string{"parallelism lots → 4: not a number"}, []string{"copy_flush_bytes 4MiB"}},
		{"a text that looks like a number", []policy.Setting{
			{"parallelism": policy.EnumValue("8"), "copy_flush_bytes": policy.IntValue(4 * mib)},
			{"parallelism": policy.EnumValue("0x1p3"), "copy_flush_bytes": policy.IntValue(2 * mib)},
		}, []string{"parallelism 8 → 4: not a number", "parallelism 0x1p3 → 4: not a number"}, []string{"copy_flush_bytes 2MiB", "copy_flush_bytes 4MiB"}},
		{"a number beyond all", []policy.Setting{one("parallelism", policy.IntValue(math.MaxInt64))},
			[]string{"parallelism 9223372036854775807 → 16: worker_cap"}, []string{"parallelism 16"}},
		{"a number for a name", []policy.Setting{{"partition_mode": policy.IntValue(7), "parallelism": policy.IntValue(5)}},
			[]string{"partition_mode 7 → ctid: not one of ctid, range"}, []string{"parallelism 5"}},
		{"a pinned knob", []policy.Setting{{"copy_format": policy.EnumValue("text"), "parallelism": policy.IntValue(5)}},
			[]string{"copy_format text → binary: pinned"}, []string{"parallelism 5"}},
		{"a pinned knob at its pin", []policy.Setting{{"copy_format": policy.EnumValue("binary"), "parallelism": policy.IntValue(5)}},
			nil, []string{"parallelism 5"}},
		{"an unknown knob", []policy.Setting{{"turbo": policy.IntValue(11), "parallelism": policy.IntValue(5)}},
			[]string{"turbo 11 → nothing: not a knob of this stream"}, []string{"parallelism 5"}},
		{"the same twice", []policy.Setting{one("parallelism", policy.IntValue(64)), one("parallelism", policy.IntValue(16))},
			[]string{"parallelism 64 → 16: worker_cap"}, []string{"parallelism 16"}},
		{"the leader itself", []policy.Setting{{}, one("parallelism", policy.IntValue(4))}, nil, nil},
		{"far too many", many, []string{"candidates 10000 → 16: the most of a round"}, []string{
			"parallelism 1", "parallelism 10", "parallelism 11", "parallelism 12", "parallelism 13", "parallelism 14",
			"parallelism 15", "parallelism 16", "parallelism 2", "parallelism 3", "parallelism 5", "parallelism 6",
			"parallelism 7", "parallelism 8", "parallelism 9",
		}},
		{"a very long name", []policy.Setting{{strings.Repeat("x", 1<<20): policy.IntValue(1), "parallelism": policy.IntValue(5)}},
			[]string{strings.Repeat("x", 40) + "… 1 → nothing: not a knob of this stream"}, []string{"parallelism 5"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := orders()
			spec.Facts.Rows, spec.Facts.Bytes, spec.Budget.Seconds = 1e9, 1e12, 100
			spec.Pins = policy.Setting{"copy_format": policy.EnumValue("binary")}
			spec.Knobs[1].Values = []string{"ctid", "range"}
			spec.Guards.WhyNot = map[string]map[string]string{"partition_mode": {"mod": "the table has no integer key"}}
			got := world{policy: &scripted{rounds: [][]policy.Setting{tc.proposed}}}.play(t, spec)
			if diff := cmp.Diff(tc.clamps, got.clamps); diff != "" {
				t.Errorf("clamps (-want +got):\n%s", diff)
			}
			ran := map[string]bool{}
			for _, r := range got.runs {
				ran[difference(spec, r.Setting)] = true
			}
			delete(ran, "baseline")
			if diff := cmp.Diff(tc.ran, sorted(ran)); diff != "" {
				t.Errorf("ran (-want +got):\n%s", diff)
			}
			if got.fault.Reason != "" {
				t.Errorf("fault: %s", got.fault.Detail)
			}
			var told []string
			for _, c := range got.decision.Clamps {
				told = append(told, c.String())
			}
			if diff := cmp.Diff(tc.clamps, told); diff != "" {
				t.Errorf("the decision's clamps (-want +got):\n%s", diff)
			}
		})
	}
}

func sorted(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }
