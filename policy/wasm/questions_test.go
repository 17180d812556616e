package wasm

import (
	"encoding/json"

	"github.com/rapidbyte/rbt/policy"
)

// Asked are questions as a run asks them, about so many candidates, of each of
// which there are so many windows.
func Asked(candidates, windows int) (policy.ProposeRequest, policy.ScoreRequest) {
	knobs := []policy.Knob{
		{Name: "parallelism", Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: 16, Default: policy.IntValue(4), Doc: "How many lanes."},
		{Name: "partition_mode", Owner: policy.Source, Kind: policy.Enum, Values: []string{"ctid", "range", "mod"}, Default: policy.EnumValue("ctid")},
		{Name: "copy_flush_bytes", Owner: policy.Destination, Kind: policy.Bytes, Min: 1 << 20, Max: 32 << 20, Default: policy.IntValue(8 << 20)},
	}
	baseline := policy.Setting{"parallelism": policy.IntValue(4), "partition_mode": policy.EnumValue("ctid"), "copy_flush_bytes": policy.IntValue(8 << 20)}
	facts := policy.Facts{Stream: "public.orders", Rows: 12_000_000, Bytes: 2 << 30, Notes: map[string]string{"source.version": "17"}}
	var evidence []policy.Evidence
	seq := 0
	for id := range candidates {
		e := policy.Evidence{ID: id, Setting: baseline.With(policy.Setting{"parallelism": policy.IntValue(int64(4 + id))})}
		for range windows {
			seq++
			e.Windows = append(e.Windows, window(seq, id))
		}
		evidence = append(evidence, e)
	}
	config := json.RawMessage(`{"max_rtt":"5ms"}`)
	propose := policy.ProposeRequest{
		Facts: facts, Knobs: knobs, Pins: policy.Setting{}, Baseline: baseline, Leader: baseline, Round: 2,
		Evidence: evidence, Left: policy.Left{Seconds: 12.5, Rows: 150_000}, State: "tried mode", Config: config,
	}
	score := policy.ScoreRequest{Facts: facts, Knobs: knobs, Evidence: evidence, Config: config}
	return propose, score
}

func window(seq, id int) policy.Window {
	return policy.Window{
		Seq: seq, Candidate: id, Start: 0.4 * float64(seq), Seconds: 0.31, WarmUp: 0.08,
		Bytes: 31_250_000 + int64(seq%7)*410_000, Rows: 171_000 + int64(seq%5)*1900, MovedBytes: 40_000_000, MovedRows: 218_000,
		Lanes: 4 + id, SourceWait: 0.6, WriteWait: 0.21, FlushWait: 0.18, Flushes: 12, CPU: 0.11, PeakMemory: 71_000_000,
		WALBytes: 33_000_000, RoundTrip: 0.00041,
	}
}
