package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// settleRejects holds the ceiling for all rows of the stream, and takes away what
// earlier runs had put aside: a run that reads all rows has tried them again, and
// one that upserts has those with the same key.
func (p *publication) settleRejects(ctx context.Context, tx pgx.Tx) error {
	spec := p.target.Stream.Spec
	if spec.Rejects != nil {
		loading, publishing, err := p.load.rejected(ctx, tx.Conn(), spec.Name, p.row.generation)
		if err != nil {
			return err
		}
		if loading+publishing > spec.Rejects.Max {
			return &connectors.TooManyRejectsError{Max: spec.Rejects.Max}
		}
	}
	switch {
	case readsEverything(spec):
		return p.dropRejects(ctx, tx, "")
	case spec.WriteMode == connectors.Upsert:
		return p.dropRejects(ctx, tx, `
	FROM _rbt.rejects n
	WHERE n.run_id = $3 AND n.stream = $2 AND n.generation = $4 AND NOT n.cut AND (n.row = j.row OR `+p.sameKeyAs("n.key_values")+")")
	}
	return nil
}

// readsEverything reports whether a run reads all rows of a stream, and so tries
// those again that were put aside.
func readsEverything(spec connectors.StreamSpec) bool {
	return spec.WriteMode != connectors.Append && (spec.Cursor == nil || spec.Cursor.After == nil)
}

// settleMended takes away what earlier runs had put aside and this one brings
// again: such a row is upserted now, or put aside once more.
func (p *publication) settleMended(ctx context.Context, tx pgx.Tx) error {
	if readsEverything(p.target.Stream.Spec) {
		return nil // all of them will go
	}
	var older bool
	sql := "SELECT EXISTS (SELECT" + olderRejects + ")"
	if err := tx.QueryRow(ctx, sql, p.rejectsOfStream()...).Scan(&older); err != nil || !older {
		return err // the texts of all keys are not worth it
	}
	var key []string
	for _, name := range p.target.Stream.Spec.PrimaryKey {
		value := "s." + ident(name) // its output function says what a cast to text need not
		key = append(key, "CASE WHEN "+value+" IS NOT NULL THEN textsend(format('%s', "+value+")) END")
	}
	return p.dropRejects(ctx, tx, "\n\tFROM "+p.staging.sql()+" s WHERE "+p.sameKeyAs("ARRAY["+strings.Join(key, ", ")+"]"))
}

// olderRejects are the rows, j, that earlier runs of the stream have put aside,
// with the books' generation, o, of each.
const olderRejects = `
FROM _rbt.rejects j JOIN _rbt.runs r USING (run_id) JOIN _rbt.generations o USING (run_id, stream, generation)
WHERE r.pipeline = $1 AND j.stream = $2 AND NOT (j.run_id = $3 AND j.generation = $4)`

func (p *publication) rejectsOfStream() []any {
	return []any{p.load.run.Pipeline, p.target.Stream.Spec.Name, p.load.attempt.RunID, p.row.generation}
}

// dropRejects takes away the older rejects, or those that an EXISTS finds.
func (p *publication) dropRejects(ctx context.Context, tx pgx.Tx, exists string) error {
	sql := "DELETE FROM _rbt.rejects WHERE id IN (SELECT j.id" + olderRejects
	if exists != "" {
		sql += " AND NOT j.cut AND EXISTS (SELECT" + exists + ")"
	}
	_, err := tx.Exec(ctx, sql+")", p.rejectsOfStream()...)
	return err
}

// sameKeyAs is the condition that an older reject has the key with the values, as
// the client sees them.
func (p *publication) sameKeyAs(values string) string {
	var key []string
	for _, name := range p.target.Stream.Spec.PrimaryKey {
		key = append(key, literal(name))
	}
	return "o.upsert_key = ARRAY[" + strings.Join(key, ", ") + "] AND j.key_values = " + values
}

// rejectNullKeys puts rows aside that have no value in the key that they are
// upserted by.
func (p *publication) rejectNullKeys(ctx context.Context, tx pgx.Tx) error {
	null, _ := p.nullKeys()
	if len(null) == 0 {
		return nil
	}
	sql := "SELECT ctid::text FROM " + p.staging.sql() + " WHERE " + strings.Join(null, " OR ") + " LIMIT $1"
	rows, err := tx.Query(ctx, sql, p.target.Stream.Spec.Rejects.Max+1)
	if err != nil {
		return err
	}
	ctids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(ctids) == 0 {
		return err
	}
	refused := &pgconn.PgError{Code: "23502", Message: fmt.Sprintf("null value in %s, by which rows are upserted", columnsText(p.target.Stream.Spec.PrimaryKey))}
	for _, ctid := range ctids {
		if err := p.rejectStaged(ctx, tx, ctid, refused); err != nil {
			return err
		}
	}
	_, err = tx.Exec(ctx, "DELETE FROM "+p.staging.sql()+span{rows: ctids}.where())
	return err
}

// stagedRejects counts the rows of a run's ($1) stream ($2) and generation ($3)
// that were put aside after they were staged. They have no mark.
const stagedRejects = `
	SELECT count(*) AS rows FROM _rbt.rejects WHERE run_id = $1 AND stream = $2 AND generation = $3 AND mark IS NULL`

// Rejected counts the rows of a generation that were put aside.
func (l *load) Rejected(ctx context.Context, stream string, generation int) (loading, publishing int64, err error) {
	err = l.use(ctx, func(conn *pgx.Conn) error {
		loading, publishing, err = l.rejected(ctx, conn, stream, generation)
		return wrap("count the rejects of "+stream, err)
	})
	return loading, publishing, onDestination(err)
}

func (l *load) rejected(ctx context.Context, conn *pgx.Conn, stream string, generation int) (loading, publishing int64, err error) {
	const sql = `
SELECT count(mark), count(*) FILTER (WHERE mark IS NULL) FROM _rbt.rejects WHERE run_id = $1 AND stream = $2 AND generation = $3`
	err = conn.QueryRow(ctx, sql, l.attempt.RunID, stream, generation).Scan(&loading, &publishing)
	return loading, publishing, err
}
