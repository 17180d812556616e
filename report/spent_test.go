package report

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rapidbyte/rbt/policy/trace"
)

// TestSpentOn holds that the shares of a part's time add up to it, whatever was
// measured, and are those that were measured where they do not overlap.
func TestSpentOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secs := rapid.Float64Range(0, 10)
		p := trace.Part{Seconds: secs.Draw(t, "seconds"), SourceWait: secs.Draw(t, "source"), WriteWait: secs.Draw(t, "write"),
			FlushWait: secs.Draw(t, "flush"), Commit: secs.Draw(t, "commit")}
		s := SpentOn(p)
		for what, v := range map[string]float64{"source": s.Source, "write": s.Write, "flush": s.Flush, "commit": s.Commit, "other": s.Other} {
			if v < 0 {
				t.Fatalf("%s took %g s", what, v)
			}
		}
		if sum := s.Source + s.Write + s.Flush + s.Commit + s.Other; math.Abs(sum-p.Seconds) > 1e-9 {
			t.Fatalf("the shares are %g s of %g", sum, p.Seconds)
		}
		if p.SourceWait+p.WriteWait+p.FlushWait+p.Commit <= p.Seconds && (s.Source != p.SourceWait || s.Flush != p.FlushWait || s.Commit != p.Commit) {
			t.Fatalf("%+v of %+v", s, p)
		}
	})
}

// TestLinks holds that what is put down to the links is taken from what the sides
// took, and is nothing where either side alone may have been slow.
func TestLinks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secs := rapid.Float64Range(0, 10)
		s := SpentOn(trace.Part{Seconds: secs.Draw(t, "seconds"), SourceWait: secs.Draw(t, "source"), WriteWait: secs.Draw(t, "write"),
			FlushWait: secs.Draw(t, "flush"), Commit: secs.Draw(t, "commit")})
		looks := rapid.Int64Range(0, 1000).Draw(t, "looks")
		some := rapid.Int64Range(0, looks)
		seen := trace.Loaded{Looks: looks, SourceWaited: some.Draw(t, "waited"), SourceIdle: some.Draw(t, "idle"),
			DestWaited: some.Draw(t, "waited there"), DestIdle: some.Draw(t, "idle there")}
		source, dest := links(seen)
		if source < 0 || source > 1 || dest < 0 || dest > 1 {
			t.Fatalf("shares %g and %g", source, dest)
		}
		if both := seen.SourceWaited + seen.SourceIdle - looks; source > 0 && float64(both) < source*float64(seen.SourceWaited) {
			t.Fatalf("a share of %g, and both waited in %d looks at least", source, both)
		}
		sum := 0.0
		for _, slice := range s.slices(seen) {
			sum += slice.Secs
		}
		if want := s.Source + s.Write + s.Flush + s.Commit + s.Other; math.Abs(sum-want) > 0.005 {
			t.Fatalf("the slices are %g s of %g", sum, want)
		}
	})
	for _, tc := range []struct {
		what                              string
		looks                             int64
		waited, idle, waitedDest, idleDst int64
		source, dest                      float64 // at least; 0 is nothing
	}{
		{"a slow source", 400, 392, 8, 8, 390, 0, 0},
		{"a slow destination", 400, 12, 380, 385, 8, 0, 0},
		{"both about as fast, on one machine", 400, 200, 180, 160, 200, 0, 0},
		{"a slow link from the source", 400, 390, 390, 8, 395, 0.9, 0},
		{"a slow link to the destination", 400, 8, 395, 390, 390, 0, 0.9},
		{"a slow link, for four seconds", 20, 20, 20, 0, 20, 0.7, 0},
		{"two looks", 2, 2, 2, 0, 2, 0, 0},
	} {
		source, dest := links(trace.Loaded{Looks: tc.looks, SourceWaited: tc.waited, SourceIdle: tc.idle, DestWaited: tc.waitedDest, DestIdle: tc.idleDst})
		if source < tc.source || tc.source == 0 && source > 0 || dest < tc.dest || tc.dest == 0 && dest > 0 {
			t.Errorf("%s: shares %.2f and %.2f", tc.what, source, dest)
		}
	}
}

// TestManyParts holds that a stream of very many parts keeps so many at most, and
// loses nothing of what they say.
func TestManyParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := NewBuilder(trace.Header{}, nil)
		lanes := rapid.IntRange(1, 7).Draw(t, "lanes")
		at := make([]float64, lanes)
		var rows, bytes int64
		var waited float64
		for i := range rapid.IntRange(1, 3*mostParts).Draw(t, "parts") {
			lane := i * i % lanes
			at[lane]++
			rows, bytes, waited = rows+int64(i), bytes+2*int64(i), waited+0.25
			b.Add(at[lane], trace.Part{Stream: "t", Lane: lane, Rows: int64(i), Bytes: 2 * int64(i), Seconds: 1, SourceWait: 0.25})
		}
		s := b.Report().Streams[0]
		if len(s.Parts) > mostParts {
			t.Fatalf("%d parts are kept", len(s.Parts))
		}
		end := make([]float64, lanes)
		for _, p := range s.Parts {
			rows, bytes, waited = rows-p.Rows, bytes-p.Bytes, waited-p.Time.Source
			if p.From < end[p.Lane]-1e-9 || p.To <= p.From {
				t.Fatalf("a part of lane %d lasts from %g to %g, behind one to %g", p.Lane, p.From, p.To, end[p.Lane])
			}
			end[p.Lane] = p.To
		}
		if rows != 0 || bytes != 0 || math.Abs(waited) > 1e-6 {
			t.Fatalf("%d rows, %d bytes and %g s are lost", rows, bytes, waited)
		}
	})
}

// TestKnobText holds what a comparison says of a knob.
func TestKnobText(t *testing.T) {
	tried := []Tried{{Value: "8", Lead: 0.125, Low: 0.05, High: 0.2, Windows: 4}, {Value: "16"}}
	for want, k := range map[string]Knob{
		"pinned to 4": {Pinned: "4", Baseline: "4", Winner: "4"},
		"4 stayed":    {Baseline: "4", Winner: "4"},
		"4 → 8; 8: +12.5 % (+5.0 % … +20.0 %)": {Baseline: "4", Winner: "8", Tried: tried},
	} {
		if got := k.text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestMovingLate holds that what comes after a stream was loaded says nothing of it.
func TestMovingLate(t *testing.T) {
	b := NewBuilder(trace.Header{}, nil)
	b.Add(0, trace.Started{Stream: "t"})
	b.Moving(1, "t", Moving{Fraction: 0.5})
	if b.Report().Streams[0].Moving == nil {
		t.Error("a stream that moves says nothing")
	}
	b.Add(1, trace.Loaded{Stream: "t", Rows: 10})
	b.Moving(1, "t", Moving{Fraction: 0.98})
	b.Add(2, trace.Step{Stream: "t", Step: "swap"})
	b.Moving(2, "t", Moving{Fraction: 0.98})
	b.Add(3, trace.Done{Stream: "t"})
	if s := b.Report().Streams[0]; s.Moving != nil {
		t.Errorf("%s, %s", s.Status, s.Moving)
	}
}

// TestPublishing holds that each moment of publishing counts once, and up to what is
// known: a step that is under way, or was cut off, until the end of the trace.
func TestPublishing(t *testing.T) {
	step := func(what string) trace.Step { return trace.Step{Stream: "t", Step: what} }
	type entry struct {
		at     float64
		record trace.Record
	}
	for what, tc := range map[string]struct {
		entries []entry
		want    []slice
	}{
		"parts are lost and copied again": {[]entry{{10, step("swap")}, {111, trace.Part{Stream: "t", Seconds: 100}}, {112, step("swap")}, {113, trace.Done{Stream: "t"}}},
			[]slice{{"publishing", "making rows visible", 2}}},
		"under way": {[]entry{{10, step("build index a")}, {14, trace.Note{}}}, []slice{{"publishing", "indexes and constraints", 4}}},
		"cut off":   {[]entry{{10, step("verify the count")}, {15, trace.Summary{Streams: []trace.StreamSummary{{Stream: "t", Status: "loaded"}}}}}, []slice{{"publishing", "verify", 5}}},
		"side by side": {[]entry{{10, step("build index a")}, {10, step("build index b")}, {13, step("analyze")}, {14, trace.Done{Stream: "t"}}, {20, trace.Summary{}}},
			[]slice{{"publishing", "indexes and constraints", 3}, {"publishing", "analyze", 1}}},
	} {
		b := NewBuilder(trace.Header{}, nil)
		for _, e := range tc.entries {
			b.Report()
			b.Add(e.at, e.record)
		}
		if diff := cmp.Diff(tc.want, published(b.Report().Streams[0].Steps)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", what, diff)
		}
	}
}

// TestThroughput holds that a curve has what the parts moved, when they did, and
// nothing before and behind.
func TestThroughput(t *testing.T) {
	parts := []Part{{From: 40, To: 42, Bytes: 200}, {From: 45, To: 46, Bytes: 300}}
	want := chartCurve{First: 40, Width: 1, Speeds: []float64{100, 100, 0, 0, 0, 300}}
	if diff := cmp.Diff(want, throughput(parts, bins)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
