package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/internal/measure"
	"github.com/rapidbyte/rbt/internal/slowlink"
	"github.com/rapidbyte/rbt/policy"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// best is what the sample race's tuned arm should find.
func best() setting { return setting{12, "ctid", 8, "binary"} }

// slowRoad is one with a link before the destination.
func slowRoad() road {
	return road{name: "slow link", link: slowlink.Link{Delay: 20 * time.Millisecond, Window: 512 << 10}, destination: true}
}

// sampleRace is a race of three rounds, and what came of it.
func sampleRace() (race, []result) {
	r := race{title: "Tuning, slow link", road: slowRoad(), sample: sample{"metrics", 100_000_000, 9_000_000_000}}
	took := func(load float64) run {
		u := measure.Usage{Wall: time.Duration(load*1e9) + 2*time.Second, CPU: 9 * time.Second}
		return run{u, account{load: time.Duration(load * 1e9)}}
	}
	searched := func(load float64, lanes int, reason string) run {
		out := took(load)
		out.decision = &policy.Decision{Reason: reason, ProbeSeconds: load / 4, LostSeconds: load / 50, Winner: policy.Setting{
			knobLanes: policy.IntValue(int64(lanes)), knobMode: policy.EnumValue("ctid"),
			knobFlush: policy.IntValue(8 << 20), knobFormat: policy.EnumValue("binary"),
		}}
		return out
	}
	skipped := took(65)
	skipped.skip = &policy.Skip{Reason: policy.SkippedPinned}
	return r, []result{
		{fixed(best()), []run{took(60), took(50), took(70)}},
		{untuned(2), []run{took(240), took(200), took(280)}},
		{tuned(2), []run{searched(63, 12, policy.BecauseLead), searched(55, 8, policy.BecauseBudget), searched(77, 12, policy.BecauseLead)}},
		{pinned(best()), []run{skipped, skipped, skipped}},
	}
}

func sampleReport() report {
	r, results := sampleRace()
	t := r.trial(results)
	t.compare(regret, tuned(2).name, t.best())
	t.compare(gain, tuned(2).name, untuned(2).name)
	out := report{
		Machine:  measure.Machine{Cores: 2, CPU: "Fast", Memory: 8 << 30, Kernel: "6.1"},
		Servers:  "15.1",
		Settings: settings(),
		Version:  "rbt v1",
		Seed:     7,
	}
	out.add(t)
	return out
}

func TestMarkdown(t *testing.T) {
	var got bytes.Buffer
	sampleReport().markdown(&got)
	golden := filepath.Join("testdata", "report.md")
	if *update {
		if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("the report is not that of %s (-want +got):\n%s", golden, diff)
	}
}

func TestJSON(t *testing.T) {
	var text strings.Builder
	if err := sampleReport().json(&text); err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal([]byte(text.String()), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sampleReport(), back, cmpopts.IgnoreUnexported(figures{})); diff != "" {
		t.Errorf("the report came back different:\n%s", diff)
	}
}

func TestNoRoundNoTrial(t *testing.T) {
	r, results := sampleRace()
	for i := range results {
		results[i].runs = nil
	}
	tr := r.trial(results)
	tr.compare(regret, tuned(2).name, tr.best())
	var rep report
	rep.add(tr)
	if len(rep.Trials) > 0 {
		t.Errorf("a race that was not run is reported: %+v", rep.Trials)
	}
}

func TestBestDoesNotTune(t *testing.T) {
	r, results := sampleRace()
	for i := range results[2].runs {
		results[2].runs[i].load = time.Second
		results[3].runs[i].load = time.Second
	}
	tr := r.trial(results)
	if got := tr.best(); got != best().String() {
		t.Errorf("best = %q, want %q", got, best())
	}
}

func TestSort(t *testing.T) {
	r, results := sampleRace()
	tr := r.trial(results)
	tr.sort()
	var got []string
	for _, f := range tr.Arms {
		got = append(got, f.Arm)
	}
	if diff := cmp.Diff([]string{best().String(), "tuned from 2 lanes", "pinned", "untuned from 2 lanes"}, got); diff != "" {
		t.Errorf("the fastest are not first (-want +got):\n%s", diff)
	}
}
