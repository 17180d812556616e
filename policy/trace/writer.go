package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	// maxPending is how much may wait for the disk. A part is 300 bytes and a
	// policy call some 20 KB, so this is a disk that has stood still for minutes.
	maxPending = 16 << 20
	// closeWithin is how long Close waits for such a disk.
	closeWithin = 2 * time.Second
)

// Writer writes a trace. Its methods may be called at the same time.
type Writer struct {
	wake chan struct{} // something is pending, or closed
	done chan struct{} // the goroutine that writes is gone

	mu      sync.Mutex
	pending bytes.Buffer // whole lines that wait for the disk
	lost    Lost         // records that are left out, and not yet told of
	last    time.Duration
	closed  bool
	err     error // of the disk; nothing is written behind it
}

// NewWriter begins a trace with its header. The caller closes out, behind
// [Writer.Close].
func NewWriter(out io.Writer, h Header) *Writer {
	w := &Writer{wake: make(chan struct{}, 1), done: make(chan struct{})}
	h.Format = Format
	line, _ := json.Marshal(h) // text, numbers and a time: it cannot fail
	w.pending.Write(append(line, '\n'))
	go w.drain(out)
	w.signal()
	return w
}

// Write adds a record that belongs to a time since the header's. It does not
// wait for the disk. What cannot be written is told of by a [Lost] record.
func (w *Writer) Write(at time.Duration, r Record) {
	line, err := encode(at, r)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last = at
	switch {
	case w.closed || w.err != nil:
		return
	case w.pending.Len() > maxPending:
		w.lost = Lost{w.lost.Records + 1, "the disk was too slow"}
		return
	case err != nil:
		w.lost = Lost{w.lost.Records + 1, fmt.Sprintf("%s: %v", r.Type(), err)}
	}
	w.tellLost()
	w.pending.Write(line)
	w.signal()
}

// tellLost writes down that records are left out. The lock is held.
func (w *Writer) tellLost() {
	if w.lost.Records > 0 {
		line, _ := encode(w.last, w.lost) // a number and a text: it cannot fail
		w.pending.Write(line)
		w.lost = Lost{}
	}
}

// encode writes a record as a line.
func encode(at time.Duration, r Record) ([]byte, error) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false) // a call's input stays what the policy was given, to the byte
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	head := fmt.Appendf(nil, `{"type":%q,"at_secs":%.6f`, r.Type(), at.Seconds())
	body := line.Bytes()[1:] // without its opening brace
	if body[0] != '}' {
		head = append(head, ',')
	}
	return append(head, body...), nil
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
}

// drain writes what is pending until the writer is closed or the disk fails.
func (w *Writer) drain(out io.Writer) {
	defer close(w.done)
	var batch bytes.Buffer
	for range w.wake {
		w.mu.Lock()
		batch, w.pending = w.pending, batch
		closed := w.closed
		w.mu.Unlock()
		if _, err := batch.WriteTo(out); err != nil {
			w.mu.Lock()
			w.err = err
			w.mu.Unlock()
			return
		}
		batch.Reset()
		if closed {
			return
		}
	}
}

// Close writes what is pending. Its error is the first one of the disk.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.tellLost()
	w.closed = true
	w.mu.Unlock()
	w.signal()
	select {
	case <-w.done:
	case <-time.After(closeWithin):
		return errors.New("the disk does not answer")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}
