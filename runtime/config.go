package runtime

import (
	"encoding/json"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// Config is a run: what to copy, from where to where, within which limits.
type Config struct {
	Source      connectors.Source
	Destination connectors.Destination
	Run         connectors.Run
	Streams     []Stream
	// FromStart has incremental streams read all rows again, as their first run
	// did.
	FromStart bool
	// Pins hold for every stream that supports them; a stream's own pins win.
	Pins policy.Setting
	// Parallelism is P0, the number of lanes without tuning; 0 lets the
	// runtime choose.
	Parallelism int
	// WorkerCap is the most lanes there will ever be, whoever asks.
	WorkerCap int
	// MaxMemory bounds the buffers of all lanes together, in bytes.
	MaxMemory int64
	// PartBytes is the largest part, as the source stores it: what one
	// transaction commits and what a retry repeats.
	PartBytes int64
	// RetryFor is how long a part is tried again after an error that may pass.
	RetryFor time.Duration
	// Autotune says how streams are tuned; nil is not at all, and Untuned then
	// says why, in words for people.
	Autotune *Autotune
	Untuned  string
	// Events receives what happens, one call at a time. It must not block for
	// long: the lanes wait for it. Nil is no listener.
	Events func(Event)
}

// Autotune is how streams are tuned while they are copied.
type Autotune struct {
	Policy policy.Policy
	// Fault is why Policy is not the one that was asked for; nil where it is.
	Fault *policy.Fault
	// Config is the policy's own, from the pipeline file.
	Config json.RawMessage
	// Budget bounds the probe phase of each stream.
	Budget probe.Budget
	// Seed draws the order in which candidates take turns.
	Seed uint64
	// CallTimeout is how long an answer of the policy is waited for. Copying
	// goes on meanwhile.
	CallTimeout time.Duration
}

// Stream is a stream of the pipeline with its own pins. A pin that the stream
// does not support is a problem here, where one of Config.Pins gives way.
type Stream struct {
	connectors.StreamSpec
	Pins policy.Setting
}

// StreamPlan is what a run would do with a stream.
type StreamPlan struct {
	Stream *connectors.Stream
	Target *connectors.Target
	// Knobs are the specs as they hold for this stream: an enum lists only
	// what the stream supports.
	Knobs []policy.Knob
	Pins  policy.Setting
	// Baseline is the setting without tuning: pins, else resolved defaults.
	Baseline policy.Setting
	// Reasons say by knob why the baseline has its value, Bounds where the
	// knob's upper bound comes from.
	Reasons, Bounds map[string]string
	// Skip says why the stream will not be tuned; nil where it will.
	Skip *policy.Skip
	// Problems keep the stream from being copied, on top of the target's.
	Problems []string
}
