package main

import (
	"time"

	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/policy/trace"
)

// explainJSON is what explain --json prints.
type explainJSON struct {
	Run       string              `json:"run"`
	Attempt   int                 `json:"attempt"`
	Pipeline  string              `json:"pipeline"`
	Version   string              `json:"version"`
	StartedAt time.Time           `json:"started_at"`
	Status    string              `json:"status"` // empty where the trace does not hold the end
	Error     string              `json:"error,omitempty"`
	Cut       string              `json:"cut,omitempty"` // why the trace is not whole
	Lost      int                 `json:"lost_records"`
	Off       string              `json:"autotune_off,omitempty"`
	Policy    *policy.Info        `json:"policy,omitempty"`
	Fault     *policy.Fault       `json:"fault,omitempty"` // of the policy that was asked for
	Budget    *trace.Budget       `json:"budget,omitempty"`
	Streams   []explainStreamJSON `json:"streams"`
}

type explainStreamJSON struct {
	Stream      string           `json:"stream"`
	Status      string           `json:"status"`
	Rows        int64            `json:"rows"`
	Bytes       int64            `json:"bytes"`
	Load        float64          `json:"load_secs"`
	Publish     float64          `json:"publish_secs"`
	Baseline    policy.Setting   `json:"baseline"`
	Setting     policy.Setting   `json:"setting"` // the last one in force
	Pins        policy.Setting   `json:"pins"`
	Skip        *policy.Skip     `json:"skip,omitempty"`
	Kept        string           `json:"kept,omitempty"`
	Fault       *policy.Fault    `json:"fault,omitempty"`
	Decision    *policy.Decision `json:"decision,omitempty"`
	Clamps      []policy.Clamp   `json:"clamps,omitempty"`
	Windows     []trace.Window   `json:"windows,omitempty"`
	PolicyCalls int              `json:"policy_calls"`
	PolicySecs  float64          `json:"policy_secs"`
}

func storyJSON(s *story) explainJSON {
	h := s.header
	out := explainJSON{
		Run: h.Run, Attempt: h.Attempt, Pipeline: h.Pipeline, Version: h.Version, StartedAt: h.Started,
		Cut: s.cut, Lost: s.lost, Off: s.run.Off, Policy: s.run.Policy, Fault: s.fault, Budget: s.run.Budget,
		Streams: []explainStreamJSON{},
	}
	if s.summary != nil {
		out.Status, out.Error = s.summary.Status, s.summary.Error
	}
	for _, st := range s.streams {
		out.Streams = append(out.Streams, streamStoryJSON(st))
	}
	return out
}

func streamStoryJSON(st *streamStory) explainStreamJSON {
	return explainStreamJSON{
		Stream: st.Stream.Stream, Status: st.end.Status, Rows: st.end.Rows, Bytes: st.end.Bytes,
		Load: st.end.Load, Publish: st.end.Publish,
		Baseline: st.Baseline, Setting: st.setting, Pins: st.Pins, Skip: st.Skip, Kept: st.kept,
		Fault: st.fault, Decision: st.decision, Clamps: st.clamps, Windows: st.windows,
		PolicyCalls: st.calls, PolicySecs: st.callSecs,
	}
}
