package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// noteTuningSQL takes the columns from the record. A call that is repeated,
// because nobody heard that it was committed, adds nothing.
const noteTuningSQL = `
INSERT INTO _rbt.decisions (run_id, stream, number, generation, attempt, kind, reason, detail, policy, baseline, winner,
	lead, low, high, windows, masked, probe_rows, probe_secs, lost_secs, record)
SELECT $1, $2, (SELECT count(*) + 1 FROM _rbt.decisions WHERE run_id = $1 AND stream = $2),
	$3::int, $4::int, $5, r->>'reason', r->>'detail', r->'policy'->>'name', r->'baseline', r->'winner',
	(r->>'lead')::float8, (r->>'low')::float8, (r->>'high')::float8, (r->>'windows')::int,
	coalesce((SELECT sum(n::int) FROM jsonb_each_text(r->'masked') AS m (reason, n)), CASE WHEN r ? 'windows' THEN 0 END),
	(r->>'probe_rows')::int8, (r->>'probe_secs')::float8, (r->>'lost_secs')::float8, r
FROM (SELECT $6::jsonb) AS given (r)
WHERE NOT EXISTS (
	SELECT FROM _rbt.decisions
	WHERE run_id = $1 AND stream = $2 AND generation = $3::int AND attempt = $4::int AND kind = $5 AND record = r)`

// NoteTuning writes what became of tuning streams into the books, in one round
// trip besides the transaction's.
func (l *load) NoteTuning(ctx context.Context, tunings ...connectors.Tuning) error {
	return onDestination(l.prepare(ctx, "note the tuning", func(tx pgx.Tx) error {
		encoding := tx.Conn().PgConn().ParameterStatus("server_encoding")
		var batch pgx.Batch
		for _, t := range tunings {
			kind, what := outcomeOf(t)
			record, err := json.Marshal(what)
			if err != nil { // a number that is none
				return fmt.Errorf("%s: %w", t.Stream, err)
			}
			batch.Queue(noteTuningSQL, l.attempt.RunID, t.Stream, t.Generation, l.attempt.Number, kind,
				storable(record, encoding))
		}
		return tx.SendBatch(ctx, &batch).Close()
	}))
}

// outcomeOf names what a tuning holds.
func outcomeOf(t connectors.Tuning) (kind string, what any) {
	switch {
	case t.Decision != nil:
		return "decision", t.Decision
	case t.Skip != nil:
		return "skipped", t.Skip
	default:
		return "fault", t.Fault
	}
}

// escapes are what a JSON text has in place of a character.
var escapes = regexp.MustCompile(`\\(u[0-9a-f]{4}|.)`)

// storable makes a JSON text one that the server can hold, since a policy may
// have put anything into it: without the character that no server holds, and
// in ASCII where the database's encoding may lack the others.
func storable(record []byte, encoding string) string {
	ascii := encoding != "UTF8"
	record = escapes.ReplaceAllFunc(record, func(e []byte) []byte {
		if string(e) == `\u0000` || ascii && len(e) == 6 && !bytes.HasPrefix(e, []byte(`\u00`)) {
			return []byte("?")
		}
		return e
	})
	return string(bytes.Map(func(r rune) rune {
		if ascii && r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, record))
}
