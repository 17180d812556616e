package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// aPlan is the plan of a stream that can be divided by blocks or residues, with
// its flush size pinned.
func aPlan() runtime.StreamPlan {
	pins := policy.Setting{"copy_flush_bytes": policy.IntValue(8 << 20)}
	return runtime.StreamPlan{
		Stream: &connectors.Stream{Spec: connectors.StreamSpec{Name: "public.orders"}, Rows: 2e6, Bytes: 180e6},
		Target: &connectors.Target{Schema: "raw", Name: "orders", Method: "create"},
		Knobs: []policy.Knob{
			{Name: "parallelism", Min: 1, Max: 5},
			{Name: "partition_mode", Kind: policy.Enum, Values: []string{"ctid", "mod"}},
			{Name: "copy_flush_bytes", Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20},
			{Name: "copy_format", Kind: policy.Enum, Values: []string{"text"}},
		},
		Pins:     pins,
		Baseline: pins.With(policy.Setting{"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid"), "copy_format": policy.EnumValue("text")}),
	}
}

// TestPlanOfModule holds that a module's choice is not told as the built-in
// policy's.
func TestPlanOfModule(t *testing.T) {
	who := tunedBy(t, "examples/policies/ladder/policy.wasm")
	want := "tuning    as policy " + policyText(who.policy.Info()) + " proposes while the rows move\n"
	if text := planText(aPlan(), who); !strings.Contains(text, want) {
		t.Errorf("%s\nlacks %s", text, want)
	}
	for _, k := range jsonOf(aPlan(), who).Setting {
		if k.Candidates != nil {
			t.Errorf("%s: %v", k.Knob, k.Candidates)
		}
	}
}

func TestPlanOfTuning(t *testing.T) {
	tuning := func(p runtime.StreamPlan) string {
		_, text, _ := strings.Cut(planText(p, tuner{}), "  tuning")
		return strings.Join(strings.Fields(text), " ")
	}
	p := aPlan()
	if got, want := tuning(p), "parallelism 2, 4, 5 partition_mode ctid, mod"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p.Skip = &policy.Skip{Reason: policy.SkippedDisabled, Detail: "by --no-autotune"}
	if got, want := tuning(p), "none: disabled (by --no-autotune)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	p = aPlan()
	p.Pins = p.Baseline
	if got, want := tuning(p), "none: no knob has a second value to try"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlanJSONOfTuning(t *testing.T) {
	text, err := json.Marshal(jsonOf(aPlan(), tuner{}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Tuned   bool
		Setting []struct {
			Knob       string
			Candidates []policy.Value
		}
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	tried := map[string]int{}
	for _, k := range got.Setting {
		tried[k.Knob] = len(k.Candidates)
	}
	want := map[string]int{"parallelism": 3, "partition_mode": 2, "copy_flush_bytes": 0, "copy_format": 0}
	if diff := cmp.Diff(want, tried); diff != "" || !got.Tuned {
		t.Errorf("tuned %v, -want +got:\n%s", got.Tuned, diff)
	}
}
