package postgres

import "github.com/rapidbyte/rbt/connectors"

// sieve is what a writer knows while it looks for the rows that the server
// refuses. It writes the rows of a block as one COPY that can be taken back, and
// halves those that are refused until single rows are left. A row that does not
// end in its block goes alone, so that no row has to be held in memory.
type sieve struct {
	before string // what comes before the next COPY
	open   bool   // the COPY of a row that began in an earlier block
	row    rejectedRow
}

// Every COPY stands behind a savepoint: what the server has taken is kept, and
// what it has refused is taken back, before the next one.
const (
	siftBegin   = "BEGIN; SAVEPOINT rbt_row"
	siftTaken   = "RELEASE rbt_row; SAVEPOINT rbt_row"
	siftRefused = "ROLLBACK TO rbt_row"
)

func (w *writer) beginSifting() {
	w.sieve = &sieve{before: siftBegin}
	w.pending, w.copying = w.pending[:0], false
}

// siftBlock writes a block: the end of the row that is open, the rows that are
// whole, and the beginning of the next one.
func (w *writer) siftBlock(b *connectors.Block) error {
	w.stats.Rows += int64(len(b.Ends))
	w.stats.Bytes += int64(len(b.Data))
	ends, from := b.Ends, 0
	if w.sieve.open {
		to, ended := len(b.Data), len(ends) > 0
		if ended {
			to, ends = int(ends[0]), ends[1:]
		}
		if err := w.sendOpen(b.Data[:to]); err != nil {
			return err
		}
		if ended {
			if err := w.endOpen(); err != nil {
				return err
			}
		}
		from = to
	}
	if err := w.siftRows(b.Data, from, ends, false); err != nil {
		return err
	}
	if len(ends) > 0 {
		from = int(ends[len(ends)-1])
	}
	if from < len(b.Data) {
		w.sieve.row = rejectedRow{}
		if err := w.sendOpen(b.Data[from:]); err != nil {
			return err
		}
	}
	w.midRow = w.sieve.open
	return nil
}

// siftRows writes whole rows, which begin at from and end at ends. bad says that
// the server is known to refuse one of them.
func (w *writer) siftRows(data []byte, from int, ends []int32, bad bool) error {
	if len(ends) == 0 {
		return nil
	}
	if rows := data[from:ends[len(ends)-1]]; !bad || len(ends) == 1 {
		refused, err := w.tryRows(rows)
		if err != nil || refused == nil {
			return err
		}
		if len(ends) == 1 {
			w.sieve.row = rejectedRow{}
			w.sieve.row.add(rows)
			return w.reject(refused)
		}
	}
	half, before := len(ends)/2, w.stats.Rejected
	if err := w.siftRows(data, from, ends[:half], false); err != nil {
		return err
	}
	return w.siftRows(data, int(ends[half-1]), ends[half:], w.stats.Rejected == before)
}

// tryRows writes rows with a COPY of their own. refused is why the server does
// not take one of them.
func (w *writer) tryRows(rows []byte) (refused, err error) {
	w.pending = appendQuery(w.pending[:0], w.sieve.before+"; "+copyIn(w.part))
	w.pending = appendDataHeader(w.pending, len(rows))
	w.pending = append(w.pending, rows...)
	return w.askRows()
}

// askRows ends a COPY and hears what became of it.
func (w *writer) askRows() (refused, err error) {
	w.pending = append(w.pending, msgCopyDone, 0, 0, 0, 4)
	if err := w.sendPending(); err != nil {
		return nil, err
	}
	copied, err := w.wire.await()
	switch {
	case refusesRow(err):
		w.sieve.before = siftRefused
		return err, nil
	case err != nil:
		return nil, err
	}
	w.copied += copied
	w.sieve.before = siftTaken
	return nil, nil
}

// sendOpen writes a piece of a row that may be long.
func (w *writer) sendOpen(piece []byte) error {
	w.pending = w.pending[:0]
	if !w.sieve.open {
		w.pending = appendQuery(w.pending, w.sieve.before+"; "+copyIn(w.part))
		w.sieve.open = true
	}
	w.sieve.row.add(piece)
	w.pending = appendDataHeader(w.pending, len(piece))
	w.pending = append(w.pending, piece...)
	return w.sendPending()
}

// endOpen ends the COPY of the row that is open.
func (w *writer) endOpen() error {
	w.sieve.open = false
	w.pending = w.pending[:0]
	refused, err := w.askRows()
	if err != nil || refused == nil {
		return err
	}
	return w.reject(refused)
}

// reject puts the row aside, in the transaction of the part.
func (w *writer) reject(refused error) error {
	if w.stats.Rejected++; w.part.Sift.Before+w.stats.Rejected > w.part.Sift.Max {
		return &connectors.TooManyRejectsError{Max: w.part.Sift.Max, Last: describe(refused)}
	}
	w.pending = appendQuery(w.pending[:0], siftRefused+"; "+insertReject(w.part, w.sieve.row, refused, w.encoding))
	if err := w.sendPending(); err != nil {
		return err
	}
	if _, err := w.wire.await(); err != nil {
		return err
	}
	w.sieve.before = siftTaken
	w.stats.Refusal = describe(refused)
	return nil
}
