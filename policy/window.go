package policy

// Window is one short bounded stretch of real work under one setting, with its
// metrics. Waits are summed over the lanes, so that a window of 1 s with four
// lanes has 4 lane-seconds to wait.
type Window struct {
	Seq       int     `json:"seq"`         // from 1, in the order in which they ran
	Candidate int     `json:"candidate"`   // the id of the candidate whose setting it ran under
	Start     float64 `json:"start_secs"`  // when measuring began, since the stream did
	Seconds   float64 `json:"seconds"`     // measured
	WarmUp    float64 `json:"warmup_secs"` // before Start, discarded
	// Bytes and Rows are what was handed to the destination while it was
	// measured.
	Bytes int64 `json:"bytes"`
	Rows  int64 `json:"rows"`
	// MovedBytes and MovedRows are all that the window took from the stream,
	// its warm-up included, in which lanes may finish the window before: what it
	// costs of the budget.
	MovedBytes int64 `json:"moved_bytes"`
	MovedRows  int64 `json:"moved_rows"`
	Lanes      int   `json:"lanes"` // at work

	SourceWait float64 `json:"source_wait_secs"` // lane-seconds waiting for rows
	WriteWait  float64 `json:"write_wait_secs"`  // handing them to the destination's socket
	FlushWait  float64 `json:"dest_flush_secs"`  // until the destination had taken them
	Flushes    int64   `json:"flushes"`

	CPU        float64 `json:"cpu_secs"`          // of rbt
	PeakMemory int64   `json:"peak_memory_bytes"` // of rbt, so far

	Retries int            `json:"retries,omitempty"`
	Errors  map[string]int `json:"errors,omitempty"` // by class, as the connector names it

	WALBytes    int64   `json:"dest_wal_bytes"`   // that the destination wrote meanwhile
	Checkpoints int64   `json:"dest_checkpoints"` // that it began or completed meanwhile
	RoundTrip   float64 `json:"round_trip_secs"`  // to the destination
	// SourceRoundTrip is how long the source took, on average, for its answers
	// to a question that asks nothing. It rises with the load on the source.
	SourceRoundTrip float64 `json:"source_round_trip_secs"`

	// Missing names the metrics, as in JSON, that could not be read; they are 0.
	Missing []string `json:"missing,omitempty"`
	// Masked says why the window counts for nothing; empty where it counts.
	Masked string `json:"masked,omitempty"`
}

// Reasons to mask a window.
const (
	MaskCheckpoint  = "checkpoint"   // the destination wrote its buffers to disk
	MaskRetry       = "retry"        // a part failed and was tried again
	MaskBadRow      = "bad-row"      // the destination refused a row, and a part was copied again without it
	MaskRanDry      = "ran-dry"      // a lane had nothing to do while it was measured
	MaskOtherStream = "other-stream" // another stream started or was published meanwhile
	MaskShort       = "too-short"    // there was too little to measure
	MaskClock       = "clock"        // time stood still or ran backwards
)

// BytesPerSecond is the rate of the window; 0 where nothing was measured.
func (w Window) BytesPerSecond() float64 {
	if w.Seconds <= 0 {
		return 0
	}
	return float64(w.Bytes) / w.Seconds
}
