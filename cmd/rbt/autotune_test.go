package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// TestDefaultBudget holds the defaults of pipeline files to those of the probe
// phase.
func TestDefaultBudget(t *testing.T) {
	p, err := hcl.Parse([]byte(`pipeline "p" {}
source "postgres" { dsn = "host=h" }
destination "postgres" { dsn = "host=h" }
stream "public.t" {}`), "p.hcl", hcl.Options{Knobs: allKnobs()})
	if err != nil {
		t.Fatal(err)
	}
	j, err := newJob(p)
	if err != nil {
		t.Fatal(err)
	}
	a := j.autotune("01M847WPY8SVS2950CR0SXJ1PT")
	if a == nil {
		t.Fatal("tuning is off by default")
	}
	if diff := cmp.Diff(probe.DefaultBudget(), a.Budget); diff != "" {
		t.Errorf("-probe +pipeline file:\n%s", diff)
	}
	if a.CallTimeout != 750*time.Millisecond || a.Policy.Info().Name != "builtin" {
		t.Errorf("%+v", a)
	}
	if again, other := seed("a"), seed("b"); again != seed("a") || again == other {
		t.Error("a seed does not belong to its run")
	}
}
