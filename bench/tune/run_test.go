package main

import (
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

func TestLoad(t *testing.T) {
	var e events
	e.text.WriteString(`{"level":"INFO","msg":"run-started","event":{"streams":1}}
{"level":"INFO","msg":"stream-done","event":{"stream":"public.t","load_secs":1.5,"publish_secs":9}}
{"level":"INFO","msg":"run-done","event":{}}
`)
	if got, err := e.load(); err != nil || got != 1500*time.Millisecond {
		t.Errorf("load = %s, %v", got, err)
	}
	if _, err := e.load(); err == nil {
		t.Error("a run that did not say when its stream was done is taken for one that did")
	}
}

func TestFindDecision(t *testing.T) {
	const trace = `{"rbt_trace":1}
{"type":"window","stream":"public.t","seq":1}
{"type":"decision","stream":"public.t","winner":{"parallelism":8,"copy_flush_bytes":8388608,"partition_mode":"mod","copy_format":"text"},"reason":"lead","probe_secs":4.5,"lost_secs":0.5}
`
	d, err := findDecision([]byte(trace))
	if err != nil || d == nil {
		t.Fatalf("findDecision = %v, %v", d, err)
	}
	if got, want := chosen(d.Winner), (setting{8, "mod", 8, "text"}); got != want {
		t.Errorf("chosen = %v, want %v", got, want)
	}
	if d.ProbeSeconds != 4.5 || d.LostSeconds != 0.5 || d.Reason != policy.BecauseLead {
		t.Errorf("findDecision = %+v", d)
	}
}

func TestFindNoDecision(t *testing.T) {
	for trace, valid := range map[string]bool{"": true, `{"type":"skipped","reason":"disabled"}`: true, "no JSON": false} {
		if d, err := findDecision([]byte(trace)); d != nil || (err == nil) != valid {
			t.Errorf("findDecision(%q) = %v, %v", trace, d, err)
		}
	}
}
