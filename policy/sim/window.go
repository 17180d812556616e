package sim

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// What a window costs besides moving rows, in seconds and round trips: how the
// runtime does it, and what a trace of rbt over a link of 40 ms shows.
const (
	// Between windows the lanes end their COPY and commit, a round trip each; the
	// next parts are cut meanwhile, and their statements leave with the first rows.
	// In the trace 0.043 s pass, and the end of the COPY is within the window.
	cutTime  = 0.01
	cutTrips = 2
	// Lanes that there were not yet open connections; the rate meanwhile is
	// openRate of what it will be. Connections stay open.
	openTime  = 0.05
	openTrips = 4
	openRate  = 0.4
	// laneSpread is the standard deviation of the lanes' speeds. The fastest
	// ends a window that much earlier, the slowest that much later, times what
	// the largest of that many normal numbers is.
	laneSpread = 0.04
	// slowLaneTail is for how long the others wait for one slow lane, as a share
	// of what was measured.
	slowLaneTail = 0.5
)

// Window plays a window of the probe phase, and says what the runtime would
// have measured. It is cut short where the stream ends.
func (s *Stream) Window(seq int, r *probe.Run) policy.Window {
	c := cellOf(r.Setting)
	mb := float64(r.Bytes) / (1 << 20)
	discard := r.Discard * mb
	spread := c.spread()

	began, from, events := s.now, s.moved, s.checkpoints
	quiet := !s.checkpointing()
	s.change(c)
	s.stretch(c, 0, discard)
	w := policy.Window{Seq: seq, Candidate: r.Candidate, Start: s.now, WarmUp: s.now - began, Lanes: int(c.lanes)}
	measuredFrom := s.moved
	measured := mb - discard - spread*mb
	w.Seconds = s.stretch(c, discard, measured)
	w.Bytes = bytes(s.moved - measuredFrom)
	w.Rows = s.rows(s.moved - measuredFrom)
	s.fill(&w, c, discard, measured)

	// The lanes end one after the other: half of them are at work.
	s.move(c, c.flush, 0.5, spread*mb, math.Inf(1))
	if s.env.SlowLane {
		s.idle(slowLaneTail * w.Seconds)
	}
	s.idle((s.env.FlushTime+cutTrips*s.env.RoundTrip)/1000 + cutTime)

	w.MovedBytes = bytes(s.moved - from)
	w.MovedRows = s.rows(s.moved - from)
	if w.Checkpoints = s.checkpoints - events; w.Checkpoints > 0 || !quiet {
		w.Masked = policy.MaskCheckpoint
	}
	return w
}

// change sets the lanes up for a cell. What the first one takes every stream
// takes.
func (s *Stream) change(c cell) {
	if s.opened > 0 && c.lanes > s.opened {
		stall := openTime + openTrips*s.env.RoundTrip/1000
		s.idle((1 - openRate) * stall)
	}
	s.opened = max(s.opened, c.lanes)
}

// stretch moves mb of a window of which before were moved already. All lanes
// began with the window, so they wait for flushes at the same moments: in a
// short stretch not at all, or once too often.
func (s *Stream) stretch(c cell, before, mb float64) float64 {
	return s.move(c, mb/c.lanes/flushes(c, before, mb), 1, mb, math.Inf(1))
}

// flushes is how many times each lane waits for a flush.
func flushes(c cell, before, mb float64) float64 {
	return math.Floor((before+mb)/c.lanes/c.flush) - math.Floor(before/c.lanes/c.flush)
}

// spread is by how much the first lane of a window ends before the mean, and
// the last one after it, as a share of the window.
func (c cell) spread() float64 {
	return laneSpread * math.Sqrt(2*math.Log(c.lanes))
}

// flushSeconds is how long one lane waits for one flush.
func (e *Environment) flushSeconds() float64 {
	return (e.FlushTrips*e.RoundTrip + e.FlushTime) / 1000
}

// fill adds the metrics that explain the rate.
func (s *Stream) fill(w *policy.Window, c cell, before, mb float64) {
	if s.env.Mute {
		w.Missing = []string{"source_wait_secs", "write_wait_secs", "dest_flush_secs", "cpu_secs", "peak_memory_bytes",
			"dest_wal_bytes", "dest_checkpoints", "round_trip_secs", "source_round_trip_secs"}
		return
	}
	w.Flushes = int64(c.lanes * flushes(c, before, mb))
	_, flushing := s.env.later(s.phase()).flow(c, mb/c.lanes/flushes(c, before, mb))
	w.FlushWait = flushing * w.Seconds * c.lanes
	w.SourceWait = s.env.sourceShare(c, mb/w.Seconds) * w.Seconds * c.lanes
	w.WriteWait = max(w.Seconds*c.lanes-w.FlushWait-w.SourceWait, 0)
	w.CPU = float64(w.Rows) * s.env.RelayCost / 1e6
	w.PeakMemory = bytes(c.memory())
	w.WALBytes = w.Bytes
	w.RoundTrip = s.env.RoundTrip / 1000
	w.SourceRoundTrip = s.env.sourceRoundTrip(c, mb/w.Seconds)
	if c.mode == s.env.Troubled {
		w.Retries = 3
		w.Masked = policy.MaskRetry
	}
}

func bytes(mb float64) int64 { return int64(mb * (1 << 20)) }

func (s *Stream) rows(mb float64) int64 { return int64(1000 * mb / s.env.Row) }
