package probe_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

func TestEligible(t *testing.T) {
	sized := func(rows, bytes int64) probe.Spec {
		s := orders()
		s.Facts.Rows, s.Facts.Bytes = rows, bytes
		return s
	}
	single := orders()
	for i := range single.Knobs {
		single.Knobs[i].Values, single.Knobs[i].Max = []string{"only"}, single.Knobs[i].Min
	}
	rest := single
	rest.Knobs = slices.Clone(single.Knobs)
	rest.Knobs[0].Max = 16 // pinned, and the only one with a choice
	rest.Pins = policy.Setting{"parallelism": policy.IntValue(4)}
	for _, tc := range []struct {
		name   string
		spec   probe.Spec
		reason string
		detail string
	}{
		{"large", orders(), "", ""},
		{"all knobs pinned", only(orders()), policy.SkippedPinned,
			"pinned: parallelism, partition_mode, copy_flush_bytes, copy_format"},
		{"nothing to tune", single, policy.SkippedUnsupported, "no knob has more than one value for this stream"},
		{"nothing to tune but what is pinned", rest, policy.SkippedPinned, "pinned: parallelism"},
		{"too small", sized(1000, 100*mib), policy.SkippedSmall, "15 % of about 100.0 MiB cannot hold 6 windows of 5.0 MiB"},
		{"just large enough", sized(1000, 200*mib), "", ""},
		{"empty", sized(0, 0), policy.SkippedSmall, "15 % of about 0.0 MiB cannot hold 6 windows of 5.0 MiB"},
		{"of unknown size", sized(-1, -1), "", ""},
		{"of unknown size but few rows", sized(10, -1), "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			skip, ok := probe.Eligible(tc.spec)
			if ok != (tc.reason == "") || skip.Reason != tc.reason || skip.Detail != tc.detail {
				t.Errorf("got %v, %q, %q, want %q, %q", ok, skip.Reason, skip.Detail, tc.reason, tc.detail)
			}
			if diff := cmp.Diff(tc.spec.Pins, skip.Pins); !ok && diff != "" {
				t.Errorf("pins (-want +got):\n%s", diff)
			}
		})
	}
}
