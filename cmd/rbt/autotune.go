package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"time"

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

// callTimeout is how long the built-in policy may take for an answer: as long as
// a module of which the file does not say. A module keeps its own time, and then
// says itself what it did not do; callGrace is what that may take.
const (
	callTimeout = 500 * time.Millisecond
	callGrace   = 250 * time.Millisecond
)

// autotune is how the runtime shall tune; nil where it shall not.
func (j *job) autotune(runID string) *runtime.Autotune {
	if j.untuned != "" {
		return nil
	}
	a := j.pipeline.Autotune
	return &runtime.Autotune{
		Policy:      j.tuner.policy,
		Fault:       j.tuner.fault,
		Config:      a.Policy.Config,
		Budget:      budget(a.Probe),
		Seed:        seed(runID),
		CallTimeout: cmp.Or(a.Policy.Timeout, callTimeout) + callGrace,
	}
}

// budget is what the pipeline file allows, within what it does not speak of.
func budget(p hcl.Probe) probe.Budget {
	b := probe.DefaultBudget()
	b.Seconds, b.MinWindows, b.Lead = p.MaxDuration.Seconds(), p.MinWindows, p.Lead
	b.Rows, b.StrictRows, b.MaxFraction = p.MaxRows, p.StrictRows, p.MaxFraction
	return b
}

// seed makes the order of windows differ between runs, and the same when a
// trace is gone through again.
func seed(runID string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(runID)) // it never fails
	return h.Sum64()
}
