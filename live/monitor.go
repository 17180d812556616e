// Package live shows a run while it is at work: a page, metrics for Prometheus,
// and whether it is healthy. It learns of the run by the records of its trace, and
// never makes the run wait: records are only queued when they come.
package live

import (
	"context"
	"sync"
	"time"

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
}

type entry struct {
	at     float64
	record trace.Record
	header *trace.Header // instead of a record: the run has an id
}

// New knows of a run what a header can say before it has begun.
func New(h trace.Header, say report.Say) *Monitor {
	m := &Monitor{say: say, metrics: newMetrics(), builder: report.NewBuilder(h, say)}
	m.metrics.begin(h)
	return m
}

// Begin says which run it is.
func (m *Monitor) Begin(h trace.Header) { m.put(entry{header: &h}) }

// Add takes in a record that was written at a time since the run began.
func (m *Monitor) Add(at time.Duration, r trace.Record) {
	m.put(entry{at: trace.Seconds(at), record: r})
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
		if e.header != nil {
			m.builder.Begin(*e.header)
			m.metrics.begin(*e.header)
			continue
		}
		m.builder.Add(e.at, e.record)
		m.metrics.add(e.record)
	}
}

// keepUp takes in records even where nobody looks, until ctx ends.
func (m *Monitor) keepUp(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.mu.Lock()
			m.catchUp()
			m.mu.Unlock()
		}
	}
}

// update is the run as a page shows it; ok is false where nothing is new since
// seen.
func (m *Monitor) update(seen int) (u report.Update, version int, ok bool, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catchUp()
	if m.version == seen {
		return u, seen, false, nil
	}
	u, err = m.builder.Report().Update()
	return u, m.version, true, err
}
