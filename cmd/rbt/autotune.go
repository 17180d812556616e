package main

import (
	"fmt"
	"hash/fnv"
	"os"
	"strings"

	"github.com/rapidbyte/rbt/hcl"
	"github.com/rapidbyte/rbt/runtime"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// autotuneVariable switches tuning on or off where the command line does not.
const autotuneVariable = "RBT_AUTOTUNE"

// autotuneOff says why a run is not tuned, in words for people; empty where it
// is. The environment goes before the file.
func autotuneOff(p *hcl.Pipeline) (string, error) {
	switch value := os.Getenv(autotuneVariable); strings.ToLower(value) {
	case "on", "1", "true":
		return "", nil
	case "off", "0", "false":
		return "by " + autotuneVariable + "=" + value, nil
	case "":
	default:
		return "", usage(fmt.Errorf("%s is %q, neither on nor off", autotuneVariable, value),
			autotuneVariable+"=off", autotuneVariable+"=on")
	}
	if !p.Autotune.Enabled {
		return "by autotune { enabled = false }", nil
	}
	return "", nil
}

// A window has to move enough per lane to be more than what buffers on the way
// can swallow, and to last long enough for the link's delay not to matter.
const (
	windowBytesPerLane = 20 * 256 << 10 // twenty blocks
	windowRoundTrips   = 10
)

// autotune is how the runtime shall tune; nil where it shall not.
func (j *job) autotune(runID string) *runtime.Autotune {
	if j.untuned != "" {
		return nil
	}
	a := j.pipeline.Autotune
	return &runtime.Autotune{
		Policy: newPolicy(a.Policy),
		Config: a.Policy.Config,
		Budget: probe.Budget{
			Seconds:         a.Probe.MaxDuration.Seconds(),
			Rows:            a.Probe.MaxRows,
			StrictRows:      a.Probe.StrictRows,
			MaxFraction:     a.Probe.MaxFraction,
			MinWindows:      a.Probe.MinWindows,
			Lead:            a.Probe.Lead,
			MinBytesPerLane: windowBytesPerLane,
			MinRoundTrips:   windowRoundTrips,
		},
		Seed:        seed(runID),
		CallTimeout: a.Policy.Timeout,
	}
}

// seed makes the order of windows differ between runs, and the same when a
// trace is gone through again.
func seed(runID string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(runID)) // it never fails
	return h.Sum64()
}
