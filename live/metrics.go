package live

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/report"
)

// metrics are what Prometheus may ask for. docs/metrics.md lists them; a test
// holds it to what is registered.
type metrics struct {
	run     *prometheus.Registry // what tells of the run
	process *prometheus.Registry // and of the process, which only one that is alive can
	began   time.Time
	ended   bool

	info, started, done                         *prometheus.GaugeVec
	rows, bytes, parts, rejected, laneSeconds   *prometheus.CounterVec
	publishSeconds, retries, windows, faults    *prometheus.CounterVec
	calls, callSeconds                          *prometheus.CounterVec
	runSeconds, runRows, runBytes, runSucceeded prometheus.Gauge
}

// newMetrics makes those of a run of the pipeline. Its name is a label of each, since
// the files of several pipelines may be taken up together.
func newMetrics(pipeline string) *metrics {
	m := &metrics{run: prometheus.NewRegistry(), process: prometheus.NewRegistry()}
	run := prometheus.WrapRegistererWith(prometheus.Labels{"pipeline": pipeline}, m.run)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "rbt", Name: name, Help: help}, labels)
		run.MustRegister(c)
		return c
	}
	gauges := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "rbt", Name: name, Help: help}, labels)
		run.MustRegister(g)
		return g
	}
	gauge := func(name, help string) prometheus.Gauge { return gauges(name, help).WithLabelValues() }
	m.info = gauges("run_info", "1 for the run that is at work.", "run", "version")
	m.started = gauges("run_start_time_seconds", "When the run began, since the epoch.", "run")
	m.runSeconds = gauge("run_duration_seconds", "How long the run took, or has taken so far.")
	m.runRows = gauge("run_rows", "Rows of all streams that the run copied; 0 until it has ended.")
	m.runBytes = gauge("run_bytes", "Bytes of row data of all streams; 0 until the run has ended.")
	m.runSucceeded = gauge("run_succeeded", "1 where the run ended well; 0 until then.")
	m.rows = counter("stream_rows_total", "Rows of committed parts.", "stream")
	m.bytes = counter("stream_bytes_total", "Bytes of row data of committed parts.", "stream")
	m.parts = counter("stream_parts_total", "Committed parts.", "stream")
	m.rejected = counter("stream_rejected_rows_total", "Rows that the destination refused, and that were put aside.", "stream")
	m.laneSeconds = counter("stream_lane_seconds_total", "What lanes spent their time on, in committed parts: together the time that they were at work.", "stream", "phase")
	m.done = gauges("stream_done", "1 for a stream whose rows are visible, else 0.", "stream")
	m.publishSeconds = counter("stream_publish_seconds_total", "Indexes, constraints and the swap, of streams that are done.", "stream")
	m.retries = counter("retries_total", "What failed and was tried again, by the class of the error.", "stream", "class")
	m.windows = counter("probe_windows_total", "Windows of the probe phase, by why they do not count; empty for those that do.", "stream", "skipped")
	m.faults = counter("autotune_faults_total", "Failures of the policy or of what serves it.", "stream", "reason")
	m.calls = counter("policy_calls_total", "Calls of the policy.", "stream", "op")
	m.callSeconds = counter("policy_call_seconds_total", "How long the policy took to answer.", "stream", "op")
	m.process.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) begin(h trace.Header) {
	m.began = h.Started
	m.info.Reset()
	m.started.Reset()
	m.info.WithLabelValues(h.Run, h.Version).Set(1)
	m.started.WithLabelValues(h.Run).Set(float64(h.Started.UnixMilli()) / 1000)
}

// pass lets time pass for a run that is at work.
func (m *metrics) pass(now time.Time) {
	if !m.ended {
		m.runSeconds.Set(now.Sub(m.began).Seconds())
	}
}

func (m *metrics) add(r trace.Record) {
	switch r := r.(type) {
	case trace.Stream:
		m.done.WithLabelValues(r.Stream).Set(0)
	case trace.Part:
		m.rows.WithLabelValues(r.Stream).Add(float64(max(r.Rows, 0)))
		m.bytes.WithLabelValues(r.Stream).Add(float64(max(r.Bytes, 0)))
		m.parts.WithLabelValues(r.Stream).Inc()
		m.rejected.WithLabelValues(r.Stream).Add(float64(max(r.Rejected, 0)))
		spent := report.SpentOn(r)
		for phase, secs := range map[string]float64{"source_wait": spent.Source, "write": spent.Write, "flush_wait": spent.Flush, "commit": spent.Commit, "other": spent.Other} {
			m.laneSeconds.WithLabelValues(r.Stream, phase).Add(secs)
		}
	case trace.Kept:
		m.done.WithLabelValues(r.Stream).Set(1)
	case trace.Done:
		m.done.WithLabelValues(r.Stream).Set(1)
		m.publishSeconds.WithLabelValues(r.Stream).Add(max(r.Publish, 0))
	case trace.Retry:
		m.retries.WithLabelValues(r.Stream, r.Class).Inc()
	case trace.Window:
		m.windows.WithLabelValues(r.Stream, r.Skipped).Inc()
	case trace.Fault:
		m.faults.WithLabelValues(r.Stream, r.Reason).Inc()
	case trace.Call:
		m.calls.WithLabelValues(r.Stream, r.Op).Inc()
		m.callSeconds.WithLabelValues(r.Stream, r.Op).Add(max(r.Millis, 0) / 1000)
	case trace.Summary:
		m.ended = true
		m.runSeconds.Set(r.Seconds)
		m.runRows.Set(float64(r.Rows))
		m.runBytes.Set(float64(r.Bytes))
		if r.Status == "done" {
			m.runSucceeded.Set(1)
		}
	}
}
