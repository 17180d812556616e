package runtime

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// act is something that happens to a window of two lanes and 1000 bytes, a
// quarter of which is warm-up, 100 ms after the act before it.
type act func(w *window, s *scene)

func writes(lane int, bytes int64) act {
	return func(w *window, s *scene) {
		w.wrote(lane, flow{bytes: bytes, rows: bytes / 10, writeWait: 10 * time.Millisecond}, held(0))
	}
}

// held is a line in which so many bytes wait.
type held int64

func (h held) Queued() int64 { return int64(h) }

// fills hands over bytes that wait on this side.
func fills(lane int, bytes int64) act {
	return func(w *window, s *scene) { w.wrote(lane, flow{bytes: bytes, rows: bytes / 10}, held(bytes)) }
}

func elsewhere(lanes int32) act     { return func(w *window, s *scene) { s.busy.Add(lanes) } }
func publishes(w *window, s *scene) { s.events.Add(1) }
func fails(w *window, s *scene)     { w.failed("57") }
func runsDry(w *window, s *scene)   { w.close() }

func answers(took ...time.Duration) act {
	return func(w *window, s *scene) {
		for _, t := range took {
			s.echoed(t)
		}
	}
}

func says(v connectors.Vitals) act { return func(w *window, s *scene) { s.vitals.Store(&v) } }

// TestWindow tells what is measured of a window, and when it counts.
func TestWindow(t *testing.T) {
	unknown := []string{"dest_wal_bytes", "dest_checkpoints", "round_trip_secs", "source_round_trip_secs"}
	for name, tc := range map[string]struct {
		acts []act
		want policy.Window
	}{
		"measured from when both lanes stream": {
			[]act{writes(0, 200), writes(0, 100), writes(1, 100), writes(0, 300), writes(1, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.3, Bytes: 600, Rows: 60, WriteWait: 0.02, MovedBytes: 1000, MovedRows: 100, Missing: unknown},
		},
		"without what waits on this side": {
			[]act{fills(0, 300), fills(1, 100), fills(0, 400), fills(1, 300), runsDry}, // 400 waited before, 700 do now
			policy.Window{WarmUp: 0.2, Seconds: 0.3, Bytes: 400, Rows: 40, MovedBytes: 1100, MovedRows: 110, Missing: unknown},
		},
		"not before the warm-up is over": {
			[]act{writes(0, 100), writes(1, 100), writes(0, 100), writes(1, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.2, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 600, MovedRows: 60, Missing: unknown},
		},
		"not while a lane is at work on something else": {
			[]act{elsewhere(1), writes(0, 300), writes(1, 300), elsewhere(-1), writes(0, 100), writes(1, 300), runsDry},
			policy.Window{WarmUp: 0.5, Seconds: 0.2, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 1000, MovedRows: 100, Missing: unknown},
		},
		"a lane that never streamed": {
			[]act{writes(0, 500), runsDry},
			policy.Window{WarmUp: 0.2, MovedBytes: 500, MovedRows: 50, Missing: unknown, Masked: policy.MaskRanDry},
		},
		"a part that failed": {
			[]act{writes(0, 300), writes(1, 100), fails, writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.2, Seconds: 0.3, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70,
				Retries: 1, Errors: map[string]int{"57": 1}, Missing: unknown, Masked: policy.MaskRetry},
		},
		"another stream was published": {
			[]act{writes(0, 300), writes(1, 100), publishes, writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.2, Seconds: 0.3, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70,
				Missing: unknown, Masked: policy.MaskOtherStream},
		},
		"nothing more came": {
			[]act{writes(0, 300), writes(1, 100), runsDry},
			policy.Window{WarmUp: 0.2, Seconds: 0.1, MovedBytes: 400, MovedRows: 40, Missing: unknown, Masked: policy.MaskShort},
		},
		"a checkpoint": {
			[]act{says(connectors.Vitals{WAL: 100, Checkpoints: 7}), writes(0, 300), writes(1, 100),
				says(connectors.Vitals{WAL: 900, Checkpoints: 8, RoundTrip: time.Millisecond, Missing: []string{"cpu_secs"}}), writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.3, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70,
				WALBytes: 800, Checkpoints: 1, RoundTrip: 0.001, Missing: []string{"cpu_secs", "source_round_trip_secs"}, Masked: policy.MaskCheckpoint},
		},
		"a checkpoint under way": {
			[]act{says(connectors.Vitals{Checkpointing: true}), writes(0, 300), writes(1, 100), writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.2, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70,
				Missing: unknown[3:]},
		},
		"a source that answers": {
			[]act{answers(time.Second), writes(0, 300), writes(1, 100), answers(time.Millisecond, 5*time.Millisecond), writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.3, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70,
				SourceRoundTrip: 0.003, Missing: unknown[:3]},
		},
		"a source that answered before": {
			[]act{answers(time.Second), writes(0, 300), writes(1, 100), writes(0, 300), runsDry},
			policy.Window{WarmUp: 0.3, Seconds: 0.2, Bytes: 300, Rows: 30, WriteWait: 0.01, MovedBytes: 700, MovedRows: 70, Missing: unknown},
		},
		"a source that answers and is never measured": {
			[]act{writes(0, 500), answers(time.Second), runsDry},
			policy.Window{WarmUp: 0.3, MovedBytes: 500, MovedRows: 50, Missing: unknown, Masked: policy.MaskRanDry},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &scene{}
				began := time.Now()
				time.Sleep(time.Second)
				w := newWindow(probe.Run{Candidate: 3, Bytes: 1000, Discard: 0.25}, 9, began, s)
				w.shared(2)
				s.busy.Add(2)
				w.enter()
				w.enter()
				for _, a := range tc.acts {
					time.Sleep(100 * time.Millisecond)
					a(w, s)
				}
				tc.want.Seq, tc.want.Candidate, tc.want.Lanes = 9, 3, 2
				tc.want.Start = 1 + tc.want.WarmUp
				if tc.want.Masked == policy.MaskRanDry {
					tc.want.Start = 1
				}
				own := cmpopts.IgnoreFields(policy.Window{}, "CPU", "PeakMemory") // of this process
				if diff := cmp.Diff(tc.want, w.result(), own, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestWindowResultStays holds that a part that fails behind its window's end
// changes nothing of what others may be reading.
func TestWindowResultStays(t *testing.T) {
	w := newWindow(probe.Run{}, 1, time.Now(), &scene{})
	w.failed("57")
	w.close()
	got := w.result()
	w.failed("57")
	if diff := cmp.Diff(map[string]int{"57": 1}, got.Errors); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
