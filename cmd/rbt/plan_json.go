package main

import (
	"slices"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime"
)

// planJSON is what plan --json prints. Unknown estimates are null.
type planJSON struct {
	Pipeline string           `json:"pipeline"`
	Policy   *policy.Info     `json:"policy,omitempty"` // of a module
	Fault    *policy.Fault    `json:"fault,omitempty"`  // of one that cannot be used
	TakesUp  *takesUpJSON     `json:"takes_up,omitempty"`
	Streams  []streamPlanJSON `json:"streams"`
}

// takesUpJSON is the unfinished run that the next one takes up. It skips the streams
// that are done, if they are as they were.
type takesUpJSON struct {
	Run     string   `json:"run"`
	Attempt int      `json:"attempt"`
	Done    []string `json:"done"`
}

type streamPlanJSON struct {
	Stream    string         `json:"stream"`
	Target    string         `json:"target"`
	Exists    bool           `json:"target_exists"`
	Rows      *int64         `json:"rows_estimate"`
	Bytes     *int64         `json:"bytes_estimate"`
	Columns   []string       `json:"columns"`
	Where     string         `json:"where,omitempty"`
	WriteMode string         `json:"write_mode"`
	Method    string         `json:"method"`
	Reads     []string       `json:"reads"` // of an incremental stream: which rows
	Steps     []string       `json:"steps"`
	Changes   []string       `json:"changes"` // the statements that change what exists
	Key       string         `json:"partition_key,omitempty"`
	Setting   []knobPlanJSON `json:"setting"`
	Tuned     bool           `json:"tuned"`
	Skip      *policy.Skip   `json:"skip,omitempty"` // why it is not tuned
	Problems  []string       `json:"problems"`
}

// knobPlanJSON is one knob as it holds for a stream.
type knobPlanJSON struct {
	Knob         string            `json:"knob"`
	Value        *policy.Value     `json:"value"` // null where there is no choice
	Reason       string            `json:"reason,omitempty"`
	Pinned       bool              `json:"pinned"`
	Candidates   []policy.Value    `json:"candidates,omitempty"` // to begin with, where it is tuned and no module proposes
	Values       []string          `json:"values,omitempty"`
	Min          int64             `json:"min,omitempty"`
	Max          int64             `json:"max,omitempty"`
	NotSupported map[string]string `json:"not_supported,omitempty"`
}

func printPlanJSON(u *ui, pipeline string, left *connectors.Attempt, plans []runtime.StreamPlan, t tuner) error {
	out := planJSON{Pipeline: pipeline, Fault: t.fault, Streams: []streamPlanJSON{}}
	if t.module != nil {
		info := t.module.Info()
		out.Policy = &info
	}
	if left != nil {
		out.TakesUp = &takesUpJSON{left.RunID, left.Number, orEmpty(published(*left))}
	}
	for _, p := range plans {
		out.Streams = append(out.Streams, jsonOf(p, t))
	}
	return u.printJSON(out)
}

func jsonOf(p runtime.StreamPlan, who tuner) streamPlanJSON {
	s, t := p.Stream, p.Target
	return streamPlanJSON{
		Stream:    s.Spec.Name,
		Target:    streamName(t.Schema, t.Name),
		Exists:    t.Exists,
		Rows:      known(s.Rows),
		Bytes:     known(s.Bytes),
		Columns:   orEmpty(t.Columns),
		Where:     s.Spec.Where,
		WriteMode: string(s.Spec.WriteMode),
		Method:    t.Method,
		Reads:     orEmpty(slices.Concat(p.Stream.Steps, p.Stream.Caveats)),
		Steps:     orEmpty(t.Steps),
		Changes:   orEmpty(t.Changes),
		Key:       s.Key,
		Setting:   settingJSON(p, who),
		Tuned:     p.Skip == nil,
		Skip:      p.Skip,
		Problems:  orEmpty(problems(p)),
	}
}

func settingJSON(p runtime.StreamPlan, who tuner) []knobPlanJSON {
	knobs := []knobPlanJSON{}
	for _, k := range p.Knobs {
		_, pinned := p.Pins[k.Name]
		knob := knobPlanJSON{Knob: k.Name, Reason: p.Reasons[k.Name], Pinned: pinned,
			Candidates: who.toTry(p, k), Values: k.Values, Min: k.Min, Max: k.Max}
		if v, ok := p.Baseline[k.Name]; ok {
			knob.Value = &v
		}
		for _, c := range slices.Concat(p.Stream.Choices, p.Target.Choices) {
			if c.Knob.Name == k.Name {
				knob.NotSupported = c.WhyNot
			}
		}
		knobs = append(knobs, knob)
	}
	return knobs
}

func known(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// orEmpty makes a missing list an empty one, so that scripts can count on it.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
