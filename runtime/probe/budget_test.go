package probe_test

import (
	"math"
	"testing"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// TestEstimates shows what becomes of a stream of 12 GB of which the source
// says something else. More lanes are better.
func TestEstimates(t *testing.T) {
	const rows, bytes = 12_000_000, 12_000_000_000
	for _, tc := range []struct {
		name        string
		rows, bytes int64
		winner      string
		reason      string
	}{
		{"right", rows, bytes, "parallelism 6", policy.BecauseLead},
		{"100 times too many", 100 * rows, 100 * bytes, "parallelism 6", policy.BecauseLead},
		{"100 times too few", rows / 100, bytes / 100, "baseline", policy.BecauseBudget},
		{"no rows", 0, bytes, "parallelism 6", policy.BecauseLead},
		{"nothing", 0, 0, "parallelism 6", policy.BecauseLead}, // Eligible says no before
		{"rows unknown", -1, bytes, "parallelism 6", policy.BecauseLead},
		{"bytes unknown", rows, -1, "parallelism 6", policy.BecauseLead},
		{"all unknown", -1, -1, "parallelism 6", policy.BecauseLead},
	} {
		t.Run(tc.name, func(t *testing.T) {
			spec := only(orders(), "parallelism")
			spec.Facts.Rows, spec.Facts.Bytes = tc.rows, tc.bytes
			got := world{rate: byLanes(6), size: bytes}.play(t, spec)
			if difference(spec, got.decision.Winner) != tc.winner || got.decision.Reason != tc.reason {
				t.Errorf("got %s: %s, %s", difference(spec, got.decision.Winner), got.decision.Reason, got.decision.Detail)
			}
		})
	}
}

// upTo proposes every parallelism up to a number, in one round.
func upTo(lanes int64) *scripted {
	var all []policy.Setting
	for n := range lanes {
		all = append(all, one("parallelism", policy.IntValue(n+1)))
	}
	return &scripted{rounds: [][]policy.Setting{all}}
}

// TestRows shows when the bound on rows is kept.
func TestRows(t *testing.T) {
	rows := func(most int64, strict bool) int64 {
		spec := only(orders(), "parallelism")
		spec.Facts.Rows, spec.Facts.Bytes = 1e9, 1e12
		spec.Budget.Rows, spec.Budget.StrictRows = most, strict
		return world{policy: upTo(16), noise: 0.1}.play(t, spec).decision.ProbeRows
	}
	free, window := rows(0, false), int64(200_000)
	if got := rows(200_000, false); got != free {
		t.Errorf("200 000 rows hold no two windows for each candidate, so the bound gives way: %d rows, want %d", got, free)
	}
	if got := rows(200_000, true); got > 200_000+window {
		t.Errorf("the bound is strict: %d rows", got)
	}
	if got := rows(1_000_000, false); got >= free {
		t.Errorf("1 000 000 rows would do, so the bound keeps candidates from more than they need: %d rows, without %d", got, free)
	}
}

// TestLostTime shows that slower settings may lose only so much time. All but
// one are slower.
func TestLostTime(t *testing.T) {
	lost := func(share float64) float64 {
		spec := only(orders(), "parallelism")
		spec.Budget.LostTime = share
		return world{policy: upTo(16), rate: func(s policy.Setting) float64 {
			if s["parallelism"].Int == 4 {
				return 100 * mib
			}
			return 40 * mib
		}}.play(t, spec).decision.LostSeconds
	}
	const seconds, window = 115, 0.5
	if got := lost(0.01); got > 0.01*seconds+window {
		t.Errorf("%.1f s were lost of %d s", got, seconds)
	}
	if got := lost(0); got < 0.02*seconds {
		t.Errorf("only %.1f s were lost without a bound", got)
	}
}

// TestFruitless shows that a search that finds nothing takes half of the budget,
// and one that does all of it.
func TestFruitless(t *testing.T) {
	search := func(rate func(lanes int64) float64) policy.Decision {
		spec := orders()
		spec.Facts.Rows, spec.Facts.Bytes, spec.Budget.Seconds = 1e9, 1e12, 10
		return world{rate: func(s policy.Setting) float64 { return rate(s["parallelism"].Int) * mib }}.
			play(t, spec).decision
	}
	if got := search(func(int64) float64 { return 100 }); got.ProbeSeconds > 0.5*10 || got.Reason != policy.BecauseBudget {
		t.Errorf("%.1f s were spent on nothing: %s", got.ProbeSeconds, got.Reason)
	}
	if got := search(func(lanes int64) float64 { return 20 * float64(lanes) }); got.ProbeSeconds < 0.6*10 {
		t.Errorf("only %.1f s were spent on what pays", got.ProbeSeconds)
	}
}

// TestWindowSizes shows how many bytes windows have.
func TestWindowSizes(t *testing.T) {
	size := func(change func(*probe.Spec), w world) (first, second int64) {
		spec := only(orders(), "parallelism")
		change(&spec)
		got := w.play(t, spec)
		return got.runs[0].Bytes, got.runs[1].Bytes
	}
	first, second := size(func(*probe.Spec) {}, world{})
	if first != 25*mib/4 { // 20 buffers of 64 KiB on each of 4 lanes, and a fifth of the window is not measured
		t.Errorf("the first window has %d bytes", first)
	}
	if near := 5.0 / 4 * 0.229 * 100 * mib; math.Abs(float64(second)-near) > 0.01*near { // 0.229 s at 100 MiB/s, and a fifth
		t.Errorf("the second window has %d bytes", second)
	}
	_, second = size(func(s *probe.Spec) { s.Facts.Rows, s.Facts.Bytes = 1e12, 1e15 }, world{})
	if second != 40*mib { // 0.35 s, in whole flushes of 4 times 8 MiB: one of them
		t.Errorf("a window of a very long stream has %d bytes", second)
	}
	_, second = size(func(*probe.Spec) {}, world{touch: func(_ int, w *policy.Window) { w.RoundTrip = 0.1 }})
	if second != 120*mib { // ten round trips are 1 s
		t.Errorf("a window over a link with 100 ms has %d bytes", second)
	}
}

// TestFlushWindows shows that windows of different flush sizes hold each its
// own on each lane, and so a flush.
func TestFlushWindows(t *testing.T) {
	got := world{touch: func(_ int, w *policy.Window) { w.FlushWait = 0.3 * w.Seconds * float64(w.Lanes) }}.
		play(t, only(orders(), "copy_flush_bytes"))
	for _, r := range got.runs[2:] {
		measured := int64(float64(r.Bytes) * (1 - r.Discard))
		if least := 4 * r.Setting["copy_flush_bytes"].Int; measured < least-1 {
			t.Errorf("a window measures %d bytes, at least %d", measured, least)
		}
	}
}
