package main

import (
	"slices"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/connectors/postgres"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"-sweep", "-lanes", "1,16", "-links", "slow", "-delay", "40ms", "-window", "256", "-place", "both"})
	if err != nil || !o.sweep || o.profiles || len(o.roads) != 1 {
		t.Fatalf("parse = %+v, %v", o, err)
	}
	r := o.roads[0]
	if r.link.Delay != 40*time.Millisecond || r.link.Window != 256<<10 || !r.source || !r.destination {
		t.Errorf("the slow link is %+v", r)
	}
	if got, want := len(o.grid.settings()), 2*3*3; got != want {
		t.Errorf("the grid has %d settings, want %d", got, want)
	}
	for _, args := range [][]string{{"-rounds", "0"}, {"more"}, {"-lanes", "0"}, {"-lanes", "2,x"}, {"-links", "long"}, {"-place", "here"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("parse(%q) found no mistake", args)
		}
	}
}

func TestNoPartIsAllParts(t *testing.T) {
	for _, c := range []struct {
		args []string
		want int
	}{{nil, 3}, {[]string{"-profiles"}, 1}, {[]string{"-sweep", "-overhead"}, 2}} {
		o, err := parse(c.args)
		if err != nil || len(o.parts()) != c.want {
			t.Errorf("%q: %d parts, %v; want %d", c.args, len(o.parts()), err, c.want)
		}
	}
}

// TestGridIsLegal holds the names and values here to the knobs that rbt declares.
func TestGridIsLegal(t *testing.T) {
	knobs := slices.Concat(runtime.Knobs(16), postgres.NewSource(postgres.Config{}, postgres.SourceOptions{}).Knobs(),
		postgres.NewDestination(postgres.Config{}, postgres.DestinationOptions{}).Knobs())
	for _, s := range append(defaultGrid().settings(), defaultSetting()) {
		values := policy.Setting{
			knobLanes: policy.IntValue(int64(s.Lanes)), knobMode: policy.EnumValue(s.Mode),
			knobFlush: policy.IntValue(int64(s.Flush) << 20), knobFormat: policy.EnumValue(s.Format),
		}
		if len(knobs) != len(values) {
			t.Fatalf("there are %d knobs, and %d are measured", len(knobs), len(values))
		}
		for _, k := range knobs {
			if err := k.Check(values[k.Name]); err != nil {
				t.Errorf("%s: %v", s, err)
			}
		}
		if chosen(values) != s {
			t.Errorf("chosen(%v) = %s, want %s", values, chosen(values), s)
		}
	}
}
