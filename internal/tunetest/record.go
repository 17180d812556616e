package tunetest

import (
	"sync"

	"github.com/rapidbyte/rbt/runtime"
)

// Recorder keeps a run's events.
type Recorder struct {
	mu     sync.Mutex
	events []runtime.Event
}

// Record has the events of the run kept.
func Record(cfg *runtime.Config) *Recorder {
	r := &Recorder{}
	next := cfg.Events
	cfg.Events = func(e runtime.Event) {
		if next != nil {
			next(e)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	}
	return r
}

// Of are the events of one type.
func Of[E runtime.Event](r *Recorder) []E {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []E
	for _, e := range r.events {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}
