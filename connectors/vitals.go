package connectors

import "time"

// Vitals is what a destination says of itself at one moment. Those in front of
// a window and those behind it say what happened meanwhile.
type Vitals struct {
	// WAL is where the destination's log ends, in bytes. It only grows.
	WAL int64
	// Checkpoints counts the beginnings and the ends of checkpoints that came to
	// light since the load's first Vitals. A server may tell of a beginning some
	// time later, and to some roles of short checkpoints only when they end.
	Checkpoints int64
	// Checkpointing says that a checkpoint is being written, as far as the role
	// may know. A busy server writes one most of the time: it disturbs no
	// comparison of two windows that both ran beside it. Its beginning and its
	// end do.
	Checkpointing bool
	// RoundTrip is how long the destination took to answer a question that asks
	// nothing.
	RoundTrip time.Duration
	// Missing names the metrics of a policy.Window, as in JSON, that could not
	// be read; their fields are 0 or false.
	Missing []string
}
