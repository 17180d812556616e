package main

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
)

func TestTakenUpText(t *testing.T) {
	a := connectors.Attempt{RunID: "01A", Number: 2, Streams: map[string]connectors.StreamState{
		"public.z": {Published: true}, "public.b": {}, "public.a": {Published: true},
	}}
	want := "takes up run 01A, attempt 2; skips what it has done, if that is as it was: public.a, public.z; --restart begins again\n"
	if got := takenUpText(a); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
