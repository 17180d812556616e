package sim

import (
	"math"

	"github.com/rapidbyte/rbt/policy"
)

// The knobs of a stream, as the runtime and the PostgreSQL connectors declare
// them.
const (
	knobLanes = "parallelism"
	knobMode  = "partition_mode"
	knobFlush = "copy_flush_bytes"

	workerCap    = 16
	defaultFlush = 8 << 20
	leastFlush   = 1 << 20
	mostFlush    = 32 << 20
)

// followsHeap is the correlation from which the PostgreSQL source prefers key
// ranges to residue classes.
const followsHeap = 0.9

// Knobs are what may be turned in the environment.
func (e *Environment) Knobs() []policy.Knob {
	modes := e.modes()
	return []policy.Knob{
		{Name: knobLanes, Owner: policy.Runtime, Kind: policy.Int, Min: 1, Max: workerCap, Default: policy.IntValue(int64(e.Lanes))},
		{Name: knobMode, Owner: policy.Source, Kind: policy.Enum, Values: modes, Default: policy.EnumValue(modes[0])},
		{Name: knobFlush, Owner: policy.Destination, Kind: policy.Bytes, Min: leastFlush, Max: mostFlush, Default: policy.IntValue(defaultFlush)},
	}
}

// modes are the partition modes that the table supports, the best by the
// catalog first, as the PostgreSQL source orders them.
func (e *Environment) modes() []string {
	modes := []string{modeMod, modeRange}
	if math.Abs(e.Correlation) >= followsHeap {
		modes = []string{modeRange, modeMod}
	}
	if !e.NoBlocks {
		modes = append([]string{modeCtid}, modes...)
	}
	return modes
}

// Baseline is the setting without tuning. With priors its partition mode is
// what the catalog speaks for; without, it is key ranges.
func (e *Environment) Baseline(priors bool) policy.Setting {
	mode := modeRange
	if priors {
		mode = e.modes()[0]
	}
	return setting(e.Lanes, mode, defaultFlush)
}

func setting(lanes int, mode string, flush int) policy.Setting {
	return policy.Setting{
		knobLanes: policy.IntValue(int64(lanes)),
		knobMode:  policy.EnumValue(mode),
		knobFlush: policy.IntValue(int64(flush)),
	}
}
