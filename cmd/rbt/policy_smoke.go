package main

import (
	"encoding/json"
	"math"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// smokeQuestion is one that rbt policy check asks.
type smokeQuestion struct {
	op, about string
	request   any
	knobs     []policy.Knob
}

// smokeQuestions are both questions as a run asks them, from those with the
// least to those with the most to go by.
func smokeQuestions(config json.RawMessage) []smokeQuestion {
	knobs := smokeKnobs()
	base := policy.Setting{
		"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid"),
		"copy_flush_bytes": policy.IntValue(8 << 20), "copy_format": policy.EnumValue("binary"),
	}
	known := policy.Facts{Stream: "public.orders", Rows: 12_000_000, Bytes: 12_000_000_000,
		Notes: map[string]string{"source.version": "15", "destination.version": "16"}}
	unknown := policy.Facts{Stream: `shop."Odd <names> & such"`, Rows: -1, Bytes: -1}
	alone, all, mute := smokeEvidence(base, 1), smokeEvidence(base, 12), smokeEvidence(base, 3)
	for i := range mute {
		mute[i].Windows = withoutMetrics(mute[i].Windows)
	}
	all[7].Invalid, all[7].Windows = "retries and errors 3 > 2", all[7].Windows[:1]
	budget := probe.DefaultBudget()
	full, little := policy.Left{Seconds: budget.Seconds, Rows: budget.Rows}, policy.Left{Seconds: 3.5, Rows: 20_000}
	propose := func(about string, f policy.Facts, round int, e []policy.Evidence, left policy.Left) smokeQuestion {
		return smokeQuestion{"propose", about, policy.ProposeRequest{
			Facts: f, Knobs: knobs, Baseline: base, Leader: base, Round: round, Evidence: e, Left: left, Config: config}, knobs}
	}
	score := func(about string, f policy.Facts, e []policy.Evidence) smokeQuestion {
		return smokeQuestion{"score", about, policy.ScoreRequest{Facts: f, Knobs: knobs, Evidence: e, Config: config}, knobs}
	}
	return []smokeQuestion{
		propose("without evidence", known, 1, nil, full),
		propose("of a stream of unknown size", unknown, 1, alone, policy.Left{Seconds: budget.Seconds, Rows: -1}),
		propose("without metrics", known, 2, mute, full),
		propose("with 12 candidates of 4 windows", known, 5, all, little),
		score("without evidence", known, nil),
		score("of the baseline alone", unknown, alone),
		score("without metrics", known, mute),
		score("of 12 candidates of 4 windows", known, all),
	}
}

// smokeKnobs are those of a PostgreSQL stream.
func smokeKnobs() []policy.Knob {
	knobs := allKnobs()
	for i := range knobs {
		if knobs[i].Name == "parallelism" {
			knobs[i].Max = 16
		}
	}
	return knobs
}

// smokeEvidence is of so many candidates, each with four windows beside the
// baseline's.
func smokeEvidence(base policy.Setting, candidates int) []policy.Evidence {
	var out []policy.Evidence
	for id := range candidates {
		set := base
		if id > 0 {
			set = base.With(policy.Setting{
				"parallelism":      policy.IntValue(int64(4 + id)),
				"copy_flush_bytes": policy.IntValue(int64(1+id%4) << 22),
			})
		}
		e := policy.Evidence{ID: id, Setting: set, Masked: id % 3}
		for n := range 4 {
			e.Windows = append(e.Windows, smokeWindow(id, n, set["parallelism"].Int, candidates))
		}
		out = append(out, e)
	}
	return out
}

// smokeWindow is the nth one of a candidate. Its noise is that of a fixed
// sequence.
func smokeWindow(id, n int, lanes int64, candidates int) policy.Window {
	const seconds = 0.347218
	seq := 1 + n*candidates + id
	rate := 25e6 * math.Sqrt(float64(lanes)) * (1 + 0.04*math.Sin(float64(7*seq)))
	bytes := int64(rate * seconds)
	waits := seconds * float64(lanes)
	return policy.Window{
		Seq: seq, Candidate: id, Start: 0.45*float64(seq) + 0.091345, Seconds: seconds, WarmUp: 0.083127,
		Bytes: bytes, Rows: bytes / 97, MovedBytes: bytes * 5 / 4, MovedRows: bytes / 97 * 5 / 4, Lanes: int(lanes),
		SourceWait: 0.31 * waits, WriteWait: 0.42 * waits, FlushWait: 0.27 * waits, Flushes: 2 * lanes,
		CPU: 0.214563, PeakMemory: 90 << 20, WALBytes: bytes * 11 / 10, Checkpoints: int64(n % 2), RoundTrip: 0.000412, SourceRoundTrip: 0.000389,
	}
}

// withoutMetrics is what is left where nothing but time and rows can be read.
func withoutMetrics(windows []policy.Window) []policy.Window {
	var out []policy.Window
	for _, w := range windows {
		out = append(out, policy.Window{
			Seq: w.Seq, Candidate: w.Candidate, Start: w.Start, Seconds: w.Seconds, WarmUp: w.WarmUp,
			Bytes: w.Bytes, Rows: w.Rows, MovedBytes: w.MovedBytes, MovedRows: w.MovedRows, Lanes: w.Lanes,
			Missing: []string{"source_wait_secs", "write_wait_secs", "dest_flush_secs", "cpu_secs", "peak_memory_bytes",
				"dest_wal_bytes", "dest_checkpoints", "round_trip_secs", "source_round_trip_secs"},
		})
	}
	return out
}
