package trace

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// A run of 30 s that copies 10 000 parts, which is more than most runs make in
// that time, and probes with 60 policy calls has 1 % of its time, 300 ms, for
// its trace. That leaves 10 µs for a part and 3 ms for a call.

func BenchmarkPart(b *testing.B) {
	benchmark(b, Part{Stream: "public.orders", Mark: 123456, Lane: 3, Rows: 65432, Bytes: 12345678, Seconds: 0.987654,
		SourceWait: 0.123456, WriteWait: 0.234567, FlushWait: 0.345678, Commit: 0.012345, Flushes: 2})
}

func BenchmarkWindow(b *testing.B) {
	benchmark(b, Window{Stream: "public.orders", Setting: aSetting(), Window: aWindow(7)})
}

// BenchmarkCall is one of the last calls of a probe phase: 12 candidates with
// four windows each.
func BenchmarkCall(b *testing.B) {
	r := policy.ScoreRequest{Facts: policy.Facts{Stream: "public.orders"}, Knobs: []policy.Knob{
		{Name: "parallelism", Kind: policy.Int, Max: 16, Doc: strings.Repeat("x", 80)},
		{Name: "copy_flush_bytes", Kind: policy.Bytes, Max: 32 << 20, Doc: strings.Repeat("x", 80)},
	}}
	var scores policy.Scores
	for id := range 12 {
		e := policy.Evidence{ID: id, Setting: aSetting()}
		for range 4 {
			e.Windows = append(e.Windows, aWindow(id))
		}
		r.Evidence = append(r.Evidence, e)
		scores.Scores = append(scores.Scores, policy.Score{ID: id, Value: 5e7, StdErr: 1e6, Ties: []float64{1, 2, 3}})
	}
	w := NewWriter(io.Discard, Header{})
	b.ReportAllocs()
	for b.Loop() {
		w.Write(time.Second, NewCall("public.orders", 7, "score", r, scores, "", time.Millisecond))
	}
	w.Close()
}

func benchmark(b *testing.B, r Record) {
	w := NewWriter(io.Discard, Header{})
	b.ReportAllocs()
	for b.Loop() {
		w.Write(time.Second, r)
	}
	w.Close()
}

func aSetting() policy.Setting {
	return policy.Setting{"parallelism": policy.IntValue(8), "partition_mode": policy.EnumValue("ctid"),
		"copy_flush_bytes": policy.IntValue(8 << 20), "copy_format": policy.EnumValue("binary")}
}

func aWindow(candidate int) policy.Window {
	return policy.Window{Seq: 12, Candidate: candidate, Start: 3.123456, Seconds: 0.345678, WarmUp: 0.05, Bytes: 12345678,
		Rows: 123456, MovedBytes: 23456789, MovedRows: 234567, Lanes: 8, SourceWait: 0.1234, WriteWait: 0.2345,
		FlushWait: 0.3456, Flushes: 3, CPU: 0.1, PeakMemory: 30 << 20, WALBytes: 1234567, RoundTrip: 0.0002,
		SourceRoundTrip: 0.0003, Missing: []string{"dest_checkpoints"}}
}
