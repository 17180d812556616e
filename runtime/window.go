package runtime

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
	"github.com/rapidbyte/rbt/runtime/probe"
)

// window is a stretch of a stream's work that is measured. It is cut into one
// part for each lane. Measuring begins when all of its lanes stream, and ends
// when all rows of the first of them have arrived and no other part waits: what
// lies before and behind says nothing about its setting. Its methods may be called at once from
// several goroutines.
type window struct {
	run   probe.Run
	seq   int
	began time.Time // of the stream
	scene *scene

	mu     sync.Mutex
	lanes  int // that share it
	atWork int // lanes on its parts now
	// lines are, by lane, where what was handed over may wait on this side.
	// Lanes that have handed over nothing yet are not among them.
	lines   map[int]line
	cut     time.Time
	since   time.Time // when measuring began; zero before
	until   time.Time // when it ended; zero before
	start   reading   // at since
	end     reading   // at until
	total   flow
	told    flow // of total, when result was asked for
	retries int
	errors  map[string]int
	bad     bool // the destination refused a row, which is not the setting's fault
}

// line is a connection that takes bytes before they leave.
type line interface {
	// Queued is how many bytes wait in it.
	Queued() int64
}

// flow is what lanes have moved, and how long they waited for what.
type flow struct {
	bytes, rows, flushes             int64
	sourceWait, writeWait, flushWait time.Duration
}

// reading is everything that is read at both ends of the measured stretch.
type reading struct {
	flow   flow
	queued int64
	usage  usage
	vitals *connectors.Vitals // nil where there are none
	echoes echoes             // of the source
	events int64              // of the scene
}

// newWindow begins a window whose parts are about to be handed out.
func newWindow(run probe.Run, seq int, began time.Time, s *scene) *window {
	return &window{run: run, seq: seq, began: began, scene: s, lines: map[int]line{}, cut: time.Now()}
}

// shared says how many parts the window was cut into, one for each lane.
func (w *window) shared(parts int) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lanes = parts
}

// enter counts a lane in that begins a part of the window.
func (w *window) enter() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.atWork++
}

// leave counts it out.
func (w *window) leave() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.atWork--
}

// waited notes what a lane waited for without handing anything over.
func (w *window) waited(f flow) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total = w.total.plus(f)
}

// wrote notes a block that a lane has handed to the destination.
func (w *window) wrote(lane int, f flow, to line) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total = w.total.plus(f)
	w.lines[lane] = to
	if w.since.IsZero() && w.until.IsZero() && w.ready() {
		w.since = time.Now()
		w.start = w.readAll()
	}
}

// ready reports whether measuring may begin: the warm-up is over, every lane
// of the window streams, and no lane is at work on anything else.
func (w *window) ready() bool {
	warm := float64(w.total.bytes) >= w.run.Discard*float64(w.run.Bytes)
	return warm && len(w.lines) >= w.lanes && int(w.scene.busy.Load()) == w.atWork
}

// readAll reads everything that is read at both ends.
func (w *window) readAll() reading {
	r := reading{flow: w.total, usage: readUsage(), events: w.scene.events.Load(),
		vitals: w.scene.vitals.Load(), echoes: w.scene.soFar()}
	for _, l := range w.lines {
		r.queued += l.Queued()
	}
	return r
}

// close ends measuring. It reports whether this call did it.
func (w *window) close() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.until.IsZero() {
		return false
	}
	w.until = time.Now()
	w.end = w.readAll()
	return true
}

// isOpen reports whether the window is still being measured.
func (w *window) isOpen() bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.until.IsZero()
}

// failed notes that a part of the window has to be tried again.
func (w *window) failed(class string) {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.retries++
	if class != "" {
		if w.errors == nil {
			w.errors = map[string]int{}
		}
		w.errors[class]++
	}
}

// badRow notes that a part of the window has to be copied again without a row.
func (w *window) badRow() {
	if w == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bad = true
}

// result is what was measured. The window is closed.
func (w *window) result() policy.Window {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told = w.total
	r := policy.Window{
		Seq: w.seq, Candidate: w.run.Candidate, Lanes: w.lanes,
		MovedBytes: w.total.bytes, MovedRows: w.total.rows,
		Retries: w.retries, Errors: maps.Clone(w.errors), // parts that straggle may still fail
		PeakMemory: w.end.usage.memory,
	}
	if w.since.IsZero() {
		r.Start, r.WarmUp = w.cut.Sub(w.began).Seconds(), w.until.Sub(w.cut).Seconds()
		r.Missing = w.around(&r)
		r.Masked = w.mask(r)
		return r
	}
	f := w.end.flow.minus(w.start.flow)
	r.Start, r.WarmUp = w.since.Sub(w.began).Seconds(), w.since.Sub(w.cut).Seconds()
	r.Seconds = w.until.Sub(w.since).Seconds()
	r.Bytes, r.Rows = sent(f, w.end.queued-w.start.queued)
	r.Flushes = f.flushes
	r.SourceWait, r.WriteWait, r.FlushWait = f.sourceWait.Seconds(), f.writeWait.Seconds(), f.flushWait.Seconds()
	r.CPU = (w.end.usage.cpu - w.start.usage.cpu).Seconds()
	r.Missing = w.around(&r)
	r.Masked = w.mask(r)
	return r
}

// straggled is what the window's parts moved behind its result.
func (w *window) straggled() flow {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.total.minus(w.told)
}

// sent is what left this side, when so much more waits on it than before: a
// socket takes megabytes at once, at whatever rate they leave.
func sent(f flow, queued int64) (bytes, rows int64) {
	bytes = max(f.bytes-queued, 0)
	if f.bytes > 0 {
		rows = int64(float64(f.rows) * float64(bytes) / float64(f.bytes))
	}
	return bytes, rows
}

// around sets what the servers say of themselves, and returns what is not known.
func (w *window) around(r *policy.Window) (missing []string) {
	return slices.Concat(w.end.usage.missing, w.vitalsOf(r), w.echoesOf(r))
}

// vitalsOf is about the destination.
func (w *window) vitalsOf(r *policy.Window) (missing []string) {
	start, end := w.start.vitals, w.end.vitals
	if start == nil || end == nil {
		return []string{"dest_wal_bytes", "dest_checkpoints", "round_trip_secs"}
	}
	unknown := slices.Concat(start.Missing, end.Missing)
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	if !slices.Contains(unknown, "dest_wal_bytes") {
		r.WALBytes = end.WAL - start.WAL
	}
	if !slices.Contains(unknown, "dest_checkpoints") {
		r.Checkpoints = end.Checkpoints - start.Checkpoints
	}
	r.RoundTrip = end.RoundTrip.Seconds()
	return unknown
}

// echoesOf is about the source. It takes the mean of the answers that came while
// the window was measured. They are about four: a median would hide that one of
// them waited, which is what a loaded source makes some of them do, and the
// latest alone would be chance. None counts that came under another setting.
func (w *window) echoesOf(r *policy.Window) (missing []string) {
	count := w.end.echoes.count - w.start.echoes.count
	if w.since.IsZero() || count == 0 {
		return []string{"source_round_trip_secs"}
	}
	r.SourceRoundTrip = (w.end.echoes.took - w.start.echoes.took).Seconds() / float64(count)
	return nil
}

// shortest is the least time that can be measured: clocks and schedulers have
// hiccups of milliseconds.
const shortest = 20 * time.Millisecond

// mask says why the window counts for nothing.
func (w *window) mask(r policy.Window) string {
	switch {
	case w.bad:
		return policy.MaskBadRow
	case w.retries > 0:
		return policy.MaskRetry
	case w.since.IsZero():
		return policy.MaskRanDry
	case w.start.events != w.end.events:
		return policy.MaskOtherStream
	case r.Seconds < shortest.Seconds() || r.Bytes <= 0:
		return policy.MaskShort
	case r.Checkpoints > 0: // its beginning or its end; one under way disturbs all windows alike
		return policy.MaskCheckpoint
	}
	return ""
}

func (f flow) plus(g flow) flow {
	return flow{
		bytes: f.bytes + g.bytes, rows: f.rows + g.rows, flushes: f.flushes + g.flushes,
		sourceWait: f.sourceWait + g.sourceWait, writeWait: f.writeWait + g.writeWait, flushWait: f.flushWait + g.flushWait,
	}
}

func (f flow) minus(g flow) flow {
	return f.plus(flow{
		bytes: -g.bytes, rows: -g.rows, flushes: -g.flushes,
		sourceWait: -g.sourceWait, writeWait: -g.writeWait, flushWait: -g.flushWait,
	})
}
