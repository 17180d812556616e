package sim

import (
	"math"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

func run(lanes int, mode string, flush, mb int) *probe.Run {
	return &probe.Run{Setting: setting(lanes, mode, flush<<20), Bytes: int64(mb) << 20, Discard: 0.25}
}

// TestWindowMeasuresTheRate holds that without noise a window that is long
// enough for flushes measures what the setting does in the long run.
func TestWindowMeasuresTheRate(t *testing.T) {
	for _, e := range Named() {
		e.WarmUp = 0
		s := newStream(&e, calm(&e), math.Inf(1))
		w := s.Window(1, run(8, modeCtid, 4, 4*8*16))
		got := w.BytesPerSecond() / (1 << 20)
		if want := e.at(8, modeCtid, 4); math.Abs(got/want-1) > 0.06 {
			t.Errorf("%s: a window measures %.1f MB/s of %.1f", e.Name, got, want)
		}
	}
}

func TestWindowCosts(t *testing.T) {
	e := wan()
	e.WarmUp = 0
	s := newStream(&e, calm(&e), math.Inf(1))
	first := s.Window(1, run(4, modeCtid, 8, 512))
	again := s.Window(2, run(4, modeCtid, 8, 512))
	more := s.Window(3, run(8, modeCtid, 8, 512))
	less := s.Window(4, run(4, modeCtid, 4, 512))
	back := s.Window(5, run(8, modeCtid, 8, 512))
	if math.Abs(first.WarmUp-again.WarmUp) > 1e-6 {
		t.Errorf("the same setting again warms up for %v s, at first %v", again.WarmUp, first.WarmUp)
	}
	stall := (1 - openRate) * (openTime + openTrips*0.040)
	if got := more.WarmUp - back.WarmUp; math.Abs(got-stall) > 1e-6 {
		t.Errorf("lanes that there were not cost %v s, want %v", got, stall)
	}
	if got := less.WarmUp - s.stretch(cell{4, modeCtid, 4}, 0, 128); math.Abs(got) > 1e-6 {
		t.Errorf("fewer lanes cost %v s, want none", got)
	}
	between := more.Start - (again.Start + again.Seconds)
	ends := (cell{4, modeCtid, 8}).spread() * 512 / (e.at(4, modeCtid, 8) / 2)
	if want := ends + 0.002 + cutTime + cutTrips*0.040 + more.WarmUp; math.Abs(between-want) > 1e-6 {
		t.Errorf("%v s from the end of one window to the next one's start, want %v", between, want)
	}
	if again.Bytes >= again.MovedBytes*4/5 || math.Abs(float64(again.MovedBytes-512<<20)) > 1 {
		t.Errorf("%d of %d bytes were measured, want less than four fifths of 512 MiB", again.Bytes, again.MovedBytes)
	}
}

func TestWindowIsMaskedByACheckpoint(t *testing.T) {
	e := checkpointSaw()
	s := newStream(&e, calm(&e), math.Inf(1))
	masked, events := 0.0, int64(0)
	for seq := range 300 {
		w := s.Window(seq, run(8, modeCtid, 8, 100))
		if events += w.Checkpoints; w.Masked == policy.MaskCheckpoint {
			masked += w.WarmUp + w.Seconds
		}
	}
	// A cycle is 3.6 s without and 1.6 s with.
	if share := masked / s.now; share < 0.2 || share > 0.5 || events < 20 {
		t.Errorf("%.2f of the time is masked, with %d events", share, events)
	}
}

func TestWindowMetrics(t *testing.T) {
	e := wan()
	e.WarmUp = 0
	s := newStream(&e, calm(&e), math.Inf(1))
	w := s.Window(1, run(8, modeCtid, 8, 512))
	lanes := w.Seconds * 8
	if sum := w.SourceWait + w.WriteWait + w.FlushWait; math.Abs(sum-lanes) > 1e-6 {
		t.Errorf("%v lane-seconds of waiting, want %v", sum, lanes)
	}
	// 8 MB take 0.093 s, and the flush behind them 0.162 s.
	if share := w.FlushWait / lanes; share < 0.6 || share > 0.67 {
		t.Errorf("%.2f of the time is waiting for flushes", share)
	}
	if w.SourceRoundTrip < 0.040 || w.SourceRoundTrip > 0.041 {
		t.Errorf("an idle source answers in %v s", w.SourceRoundTrip)
	}
	e.Mute = true
	w = s.Window(2, run(8, modeCtid, 8, 512))
	if len(w.Missing) == 0 || w.FlushWait != 0 || w.Bytes == 0 {
		t.Errorf("mute: %+v", w)
	}
	e.Mute, e.Troubled = false, modeMod
	if w = s.Window(3, run(8, modeMod, 8, 512)); w.Retries == 0 || w.Masked != policy.MaskRetry {
		t.Errorf("in trouble: %+v", w)
	}
}

// TestSourceRoundTrip holds that a source answers later the nearer it is to its
// limit, and never not at all.
func TestSourceRoundTrip(t *testing.T) {
	e := base("small source")
	e.WarmUp, e.SourceCPUs = 0, 1
	last := e.RoundTrip / 1000
	for _, lanes := range []int{1, 2, 4} {
		w := newStream(&e, calm(&e), math.Inf(1)).Window(1, run(lanes, modeCtid, 8, 64*lanes))
		if w.SourceRoundTrip <= 1.1*last || w.SourceRoundTrip > 0.1 {
			t.Errorf("%d lanes: the source answers in %v s, with fewer in %v", lanes, w.SourceRoundTrip, last)
		}
		last = w.SourceRoundTrip
	}
	c := cell{4, modeCtid, 8}
	if full := e.sourceRoundTrip(c, 2*e.sourceLimit(c)); math.IsInf(full, 0) || full < last {
		t.Errorf("beyond its limit the source answers in %v s", full)
	}
}
