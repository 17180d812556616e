// Package live shows a run while it is at work: a page, metrics for Prometheus,
// and whether it is healthy. It learns of the run by the records of its trace, and
// never makes the run wait: records are only queued when they come.
package live

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/rapidbyte/rbt/policy/trace"
	"github.com/rapidbyte/rbt/report"
)

// Monitor is what a server knows of a run. Its methods may be called at once from
// several goroutines.
type Monitor struct {
	say     report.Say
	metrics *metrics

	queued sync.Mutex
	queue  []entry

	mu      sync.Mutex // guards the fields below
	builder *report.Builder
	version int // raised by every record
	latest  update
	next    time.Time // before which no other update is made
}

type entry struct {
	at     float64
	record trace.Record
	header *trace.Header // instead of a record: the run has an id
	stream string        // instead of a record: how far it is
	moving report.Moving
}

// New knows of a run what a header can say before it has begun.
func New(h trace.Header, say report.Say) *Monitor {
	m := &Monitor{say: say, metrics: newMetrics(h.Pipeline), builder: report.NewBuilder(h, say)}
	m.metrics.begin(h)
	return m
}

// Begin says which run it is.
func (m *Monitor) Begin(h trace.Header) { m.put(entry{header: &h}) }

// Add takes in a record that was written at a time since the run began.
func (m *Monitor) Add(at time.Duration, r trace.Record) {
	m.put(entry{at: trace.Seconds(at), record: r})
}

// Moving takes in how far a stream is at a time since the run began.
func (m *Monitor) Moving(at time.Duration, stream string, far report.Moving) {
	m.put(entry{at: trace.Seconds(at), stream: stream, moving: far})
}

func (m *Monitor) put(e entry) {
	m.queued.Lock()
	defer m.queued.Unlock()
	m.queue = append(m.queue, e)
}

// catchUp takes in what is queued. m.mu is held.
func (m *Monitor) catchUp() {
	m.queued.Lock()
	queue := m.queue
	m.queue = nil
	m.queued.Unlock()
	for _, e := range queue {
		m.version++
		switch {
		case e.header != nil:
			m.builder.Begin(*e.header)
			m.metrics.begin(*e.header)
		case e.record == nil:
			m.builder.Moving(e.at, e.stream, e.moving)
		default:
			m.builder.Add(e.at, e.record)
			m.metrics.add(e.record)
		}
	}
}

// KeepUp takes in records even where nobody looks, until ctx ends. A server does so
// itself.
func (m *Monitor) KeepUp(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.look()
		}
	}
}

// look takes in what is queued.
func (m *Monitor) look() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	m.metrics.pass(time.Now())
}

// WriteMetrics writes the metrics to a file, in the place of an older one, in the
// form that Prometheus' node exporter takes up from its folder of text files: a run
// that has ended cannot be asked any more.
func (m *Monitor) WriteMetrics(file string) error {
	m.look()
	return prometheus.WriteToTextfile(file, m.metrics.run)
}

// page is the whole page as it is now.
func (m *Monitor) page() ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	var page bytes.Buffer
	err := m.builder.Report().LivePage(&page)
	return page.Bytes(), err
}

// update is what pages that are open hear, the same for all of them.
type update struct {
	version int
	data    []byte
	ended   bool
}

// share is how small a part of the time updates are made in: a run of hundreds of
// streams takes a tenth of a second to show.
const share = 20

// update returns the latest one, and makes a new one where there is something new
// and the last one was not just made.
func (m *Monitor) update() (update, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	r := m.builder.Report()
	if m.latest.data != nil && (m.latest.version == m.version || time.Now().Before(m.next) && r.Status == "running") {
		return m.latest, nil
	}
	began := time.Now()
	u, err := r.Update()
	if err != nil {
		return update{}, err
	}
	data, err := json.Marshal(u)
	if err != nil {
		return update{}, err
	}
	m.latest = update{m.version, data, u.Ended}
	m.next = time.Now().Add(share * time.Since(began))
	return m.latest, nil
}
