package wasm

import (
	"errors"
	"fmt"
)

// quarantine counts failures, and ends the module's part after too many.
type quarantine struct {
	row, all int
	since    string // why it began; empty before
}

// Quarantined says why the module is not asked any more; empty where it is.
func (p *Policy) Quarantined() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.quarantine.since
}

// note counts the outcome of a call, unless that is rbt's own fault. The failure that is one too many comes back
// with a code of its own.
func (p *Policy) note(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.quarantine
	var failed *Error
	if !errors.As(err, &failed) {
		q.row = 0
		return err
	}
	if failed.ours {
		return err
	}
	q.row++
	q.all++
	switch {
	case q.since != "":
		return err
	case q.row >= maxInARow:
		q.since = fmt.Sprintf("%d failures in a row", q.row)
	case q.all >= maxInAll:
		q.since = fmt.Sprintf("%d failures in all", q.all)
	default:
		return err
	}
	q.since += ", the last: " + failed.Error()
	return &Error{Op: failed.Op, Reason: Quarantined, Seq: failed.Seq,
		Detail: q.since + "; from now on " + p.fallback.Info().Name + " decides"}
}
