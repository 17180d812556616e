package postgres

import (
	"fmt"

	"github.com/rapidbyte/rbt/connectors"
)

// insertMark is the statement that records a part as done, in the transaction
// of its rows. A second lane that copied the same part cannot commit: the
// mark is there once.
func insertMark(p connectors.Part, rows, bytes int64) string {
	return fmt.Sprintf("INSERT INTO _rbt.marks (run_id, stream, generation, mark, rows, bytes, snapshot, predicate, format)"+
		" VALUES (%s, %s, %d, %d, %d, %d, %s, %s, %s)",
		literal(p.RunID), literal(p.Stream), p.Generation, p.Mark, rows, bytes,
		literal(p.Snapshot), literal(p.Predicate), literal(formatOf(p)))
}
