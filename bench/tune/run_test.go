package main

import (
	"strings"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// read reads the account of a trace with these records.
func read(t *testing.T, records ...string) (account, error) {
	t.Helper()
	text := strings.Join(append([]string{`{"rbt_trace":1}`}, records...), "\n") + "\n"
	r, err := trace.NewReader(strings.NewReader(text), "test")
	if err != nil {
		t.Fatal(err)
	}
	return readAccount(r)
}

const done = `{"type":"done","at_secs":20,"stream":"public.t","load_secs":1.5,"publish_secs":9}`

func TestAccountOfASearch(t *testing.T) {
	a, err := read(t, `{"type":"window","at_secs":1,"stream":"public.t","seq":1}`,
		`{"type":"decision","at_secs":5,"stream":"public.t","reason":"lead","probe_secs":4.5,"lost_secs":0.5,`+
			`"winner":{"parallelism":8,"copy_flush_bytes":8388608,"partition_mode":"mod","copy_format":"text"}}`, done)
	if err != nil || a.decision == nil || a.skip != nil || a.load != 1500*time.Millisecond {
		t.Fatalf("readAccount = %+v, %v", a, err)
	}
	if got, want := chosen(a.decision.Winner), (setting{8, "mod", 8, "text"}); got != want {
		t.Errorf("chosen = %v, want %v", got, want)
	}
	if d := a.decision; d.ProbeSeconds != 4.5 || d.LostSeconds != 0.5 || d.Reason != policy.BecauseLead {
		t.Errorf("the decision is %+v", d)
	}
}

func TestAccountOfNoSearch(t *testing.T) {
	a, err := read(t, `{"type":"skipped","at_secs":1,"stream":"public.t","reason":"stream-too-small"}`, done)
	if err != nil || a.decision != nil || a.skip == nil || a.skip.Reason != policy.SkippedSmall {
		t.Errorf("readAccount = %+v, %v", a, err)
	}
}

func TestAccountOfHalfARun(t *testing.T) {
	if a, err := read(t, `{"type":"started","at_secs":1,"stream":"public.t"}`); err == nil {
		t.Errorf("a stream that was not done took %s", a.load)
	}
}
