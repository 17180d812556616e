package main

import (
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/guest/guesttest"
)

// BenchmarkModule is one of the last calls of a probe phase: twelve candidates
// with four windows each, 22 KB of JSON. A call may take 500 ms; the aim is 60 ms,
// of which the start of a program in Go takes a fifth.
func BenchmarkModule(b *testing.B) {
	p, err := guesttest.Load(b, guesttest.Build(b, "."), `{}`, nil)
	if err != nil {
		b.Fatal(err)
	}
	r := request()
	for b.Loop() {
		if _, err := p.Score(b.Context(), r); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNative is the same without a module.
func BenchmarkNative(b *testing.B) {
	r := request()
	for b.Loop() {
		if _, err := New().Score(r); err != nil {
			b.Fatal(err)
		}
	}
}

func request() (r policy.ScoreRequest) {
	for id := range 12 {
		r.Evidence = append(r.Evidence, policy.Evidence{ID: id, Setting: policy.Setting{
			"parallelism": policy.IntValue(8), "partition_mode": policy.EnumValue("ctid"),
			"copy_flush_bytes": policy.IntValue(8 << 20), "copy_format": policy.EnumValue("binary"),
		}})
	}
	for i := range 48 {
		e := &r.Evidence[i%12]
		e.Windows = append(e.Windows, policy.Window{
			Seq: i + 1, Candidate: e.ID, Start: 3.123456, Seconds: 0.345678, WarmUp: 0.05, Bytes: 12345678, Rows: 123456,
			MovedBytes: 23456789, MovedRows: 234567, Lanes: 8, SourceWait: 0.1234, WriteWait: 0.2345, FlushWait: 0.3456,
			Flushes: 3, CPU: 0.1, PeakMemory: 30 << 20, WALBytes: 1234567, RoundTrip: 0.0002, SourceRoundTrip: 0.0003,
			Missing: []string{"dest_checkpoints"},
		})
	}
	return r
}
