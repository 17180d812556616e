package postgres

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Reject is a row that the destination refused, as its books have it.
type Reject struct {
	ID          int64
	RunID       string
	Stream      string
	Target      string // quoted SQL
	Key         string // for people: id=7
	Code, Error string // the SQLSTATE, and what the server said
	At          time.Time
	Columns     []string
	Row         string // as COPY writes it in text; bytes that are no text are \xHH
	Cut         bool   // Row is the beginning only
	Published   bool   // the rows beside it are visible; else the run that put it aside is not done with its stream

	upsertKey []string // empty where rows are inserted
	cursor    string   // empty where there is none
}

// RejectFilter says which rejects are meant. What is empty leaves nothing out.
type RejectFilter struct{ RunID, Stream string }

const rejectsSQL = `
SELECT j.id, j.run_id, j.stream, g.target, j.key, j.code, j.error, j.rejected_at, g.columns, j.row, j.cut, (s.published_at IS NOT NULL OR j.generation < s.generation),
	g.upsert_key, g.cursor_column
FROM _rbt.rejects j JOIN _rbt.runs r USING (run_id) JOIN _rbt.streams s USING (run_id, stream)
	JOIN _rbt.generations g ON (g.run_id, g.stream, g.generation) = (j.run_id, j.stream, j.generation)
WHERE r.pipeline = $1 AND $2 IN ('', j.run_id) AND $3 IN ('', j.stream)
ORDER BY j.id`

// Rejects returns the rows of a pipeline that were put aside, in the order in
// which they were.
func (d *Destination) Rejects(ctx context.Context, pipeline string, f RejectFilter) (_ []Reject, err error) {
	defer func() { err = onDestination(err) }()
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	return readRejects(ctx, conn, pipeline, f)
}

func readRejects(ctx context.Context, conn *pgx.Conn, pipeline string, f RejectFilter) ([]Reject, error) {
	format, err := readBooksFormat(ctx, conn)
	if err != nil || format == 0 {
		return nil, wrap("open the books (schema _rbt)", err)
	}
	rows, err := conn.Query(ctx, rejectsSQL, pipeline, f.RunID, f.Stream)
	if err != nil {
		return nil, wrap("read the rejects", err)
	}
	var rejects []Reject
	var r Reject
	_, err = pgx.ForEachRow(rows, []any{&r.ID, &r.RunID, &r.Stream, &r.Target, &r.Key, &r.Code, &r.Error, &r.At,
		&r.Columns, &r.Row, &r.Cut, &r.Published, &r.upsertKey, &r.cursor}, func() error {
		rejects = append(rejects, r)
		r.Columns, r.upsertKey = nil, nil
		return nil
	})
	return rejects, wrap("read the rejects", err)
}

// Values are the row's values by column, NULL as nil; nil where it is cut.
func (r Reject) Values() map[string]*string {
	fields := strings.Split(r.Row, "\t")
	if r.Cut || len(fields) != len(r.Columns) {
		return nil
	}
	values := map[string]*string{}
	for i, name := range r.Columns {
		if fields[i] == `\N` {
			values[name] = nil
			continue
		}
		text := bookText(copyEscapes.Replace(rawBytes(fields[i])), "UTF8")
		values[name] = &text
	}
	return values
}

// copyEscapes are those that COPY writes in text.
var copyEscapes = strings.NewReplacer(`\\`, `\`, `\b`, "\b", `\f`, "\f", `\n`, "\n", `\r`, "\r", `\t`, "\t", `\v`, "\v")

// hexByte reads xHH, which COPY's output never has: bookText wrote it.
func hexByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != 'x' {
		return 0, false
	}
	raw, err := hex.DecodeString(s[1:3])
	if err != nil {
		return 0, false
	}
	return raw[0], true
}

// RetryRejects tries to put rejects into their targets, each in a transaction of
// its own that takes it off the books, and tells done about each: with the error
// of one that is refused again, which stays. Those of streams that are not published
// are left alone. It holds the pipeline's lock, and
// returns a *connectors.LockedError where a run has it.
func (d *Destination) RetryRejects(ctx context.Context, pipeline string, f RejectFilter, done func(Reject, error)) (err error) {
	defer func() { err = onDestination(err) }()
	lock := pipelineLock{pipeline: pipeline, connect: d.connect}
	if err := lock.take(ctx); err != nil {
		return err
	}
	defer lock.release()
	rejects, err := readRejects(ctx, lock.conn, pipeline, f)
	if err != nil {
		return err
	}
	for _, r := range rejects {
		if !r.Published {
			continue
		}
		err := r.retry(ctx, lock.conn)
		if err != nil && (ctx.Err() != nil || lock.conn.IsClosed() || connectors.Retryable(wrap("", err))) {
			return wrap("try the rejects again", err)
		}
		done(r, err)
	}
	return nil
}

var errRowCut = fmt.Errorf("only the first %d KiB of the row were kept: copy it by its key", keptOfRow>>10)

// retry puts the row into its target.
func (r Reject) retry(ctx context.Context, conn *pgx.Conn) error {
	if r.Cut {
		return errRowCut
	}
	err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, usualSettings()); err != nil {
			return err
		}
		if err := r.insert(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "DELETE FROM _rbt.rejects WHERE id = $1", r.ID)
		return err
	})
	if err == nil || !refusesRow(err) {
		return err
	}
	code, text := refusal(err)
	encoding := conn.PgConn().ParameterStatus("server_encoding")
	const sql = "UPDATE _rbt.rejects SET code = $2, error = $3 WHERE id = $1"
	if _, noted := conn.Exec(ctx, sql, r.ID, code, bookText(text, encoding)); noted != nil {
		return noted
	}
	return err
}

// insert copies the row into the target, or upserts it: unless the target has a
// later one by now, or the one of that cursor, which was mended at the source.
func (r Reject) insert(ctx context.Context, tx pgx.Tx) error {
	target, rest, ok := cutRelation(r.Target)
	if !ok || rest != "" {
		return fmt.Errorf("%q is no table", r.Target)
	}
	if len(r.upsertKey) == 0 {
		return r.copyTo(ctx, tx, target.sql())
	}
	const staged = "pg_temp.rbt_retry"
	if _, err := tx.Exec(ctx, "CREATE TEMP TABLE rbt_retry ON COMMIT DROP AS SELECT "+idents(r.Columns)+" FROM "+target.sql()+" WITH NO DATA"); err != nil {
		return err
	}
	if err := r.copyTo(ctx, tx, staged); err != nil {
		return err
	}
	found, err := readTables(ctx, tx.Conn(), []relName{target})
	if err != nil {
		return err
	}
	rel := found[target]
	if rel == nil {
		return fmt.Errorf("there is no table %s any more", target)
	}
	unless := ""
	if r.cursor != "" {
		there, put := "t."+ident(r.cursor), "excluded."+ident(r.cursor)
		unless = put + " IS NULL OR " + there + " >= " + put // NULL is earlier than anything
	}
	spec := connectors.StreamSpec{PrimaryKey: r.upsertKey}
	if rel.column(deletedColumn) != nil {
		spec.Deleted = connectors.MarkDeleted
	}
	_, err = tx.Exec(ctx, upsertSQL(spec, rel, r.Columns, staged, unless))
	return err
}

// copyTo has the server read the row as it did when it refused it.
func (r Reject) copyTo(ctx context.Context, tx pgx.Tx, table string) error {
	columns := ""
	if len(r.Columns) > 0 {
		columns = " (" + idents(r.Columns) + ")"
	}
	tag, err := tx.Conn().PgConn().CopyFrom(ctx, strings.NewReader(rawBytes(r.Row)+"\n"), "COPY "+table+columns+" FROM STDIN")
	if err == nil && tag.RowsAffected() != 1 {
		return errors.New("the table did not take it: a trigger there drops it")
	}
	return err
}

// rawBytes is the row as it came from the source: with the bytes that bookText
// wrote as \xHH.
func rawBytes(row string) string {
	var b strings.Builder
	for i := 0; i < len(row); i++ {
		if row[i] != '\\' || i+1 == len(row) {
			b.WriteByte(row[i])
			continue
		}
		if raw, ok := hexByte(row[i+1:]); ok {
			b.WriteByte(raw)
			i += 3
			continue
		}
		b.WriteString(row[i : i+2])
		i++
	}
	return b.String()
}
