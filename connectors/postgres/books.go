package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// booksFormat is the version of the tables below. A later rbt that changes
// them raises it, so that an earlier one keeps its hands off.
const booksFormat = 1

// booksSQL creates the books. Their schema may be there already, made for a role
// that must not create any. Names of tables in the books are quoted SQL, as
// they go into statements.
const booksSQL = `
DO $$ BEGIN
	IF to_regnamespace('_rbt') IS NULL THEN
		CREATE SCHEMA _rbt;
		COMMENT ON SCHEMA _rbt IS 'The books of rbt: what its runs copied, and how far they came. Drop it when no run is unfinished.';
	END IF;
END $$;
CREATE TABLE IF NOT EXISTS _rbt.meta (
	format int NOT NULL PRIMARY KEY,
	created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO _rbt.meta (format) SELECT 1 WHERE NOT EXISTS (SELECT FROM _rbt.meta);
CREATE TABLE IF NOT EXISTS _rbt.runs (
	run_id text PRIMARY KEY,
	pipeline text NOT NULL,
	attempt int NOT NULL,
	status text NOT NULL, -- running, done, failed, interrupted, abandoned
	started_at timestamptz NOT NULL DEFAULT now(),
	attempted_at timestamptz NOT NULL DEFAULT now(),
	finished_at timestamptz,
	snapshot text,
	one_moment boolean,
	notes text[],
	error text,
	version text NOT NULL,
	host text NOT NULL,
	pid int NOT NULL
);
CREATE INDEX IF NOT EXISTS runs_pipeline ON _rbt.runs (pipeline, started_at);
CREATE TABLE IF NOT EXISTS _rbt.streams (
	run_id text NOT NULL REFERENCES _rbt.runs ON DELETE CASCADE,
	stream text NOT NULL,
	generation int NOT NULL,
	source text NOT NULL,
	target text NOT NULL,
	staging text NOT NULL,
	method text NOT NULL,
	resume text NOT NULL,
	definition text NOT NULL, -- a digest of what the stream is
	shape text NOT NULL,      -- a digest of what the staging table was made like
	plan jsonb,
	rows bigint,
	bytes bigint,
	staged_at timestamptz NOT NULL DEFAULT now(),
	published_at timestamptz,
	PRIMARY KEY (run_id, stream)
);
-- What a generation's rows are and where they go. It outlives the generation: the
-- next one may be of other columns, and for another table.
CREATE TABLE IF NOT EXISTS _rbt.generations (
	run_id text NOT NULL REFERENCES _rbt.runs ON DELETE CASCADE,
	stream text NOT NULL,
	generation int NOT NULL,
	target text NOT NULL,
	columns text[] NOT NULL,      -- that are copied
	upsert_key text[] NOT NULL,   -- empty where rows are inserted
	cursor_column text NOT NULL,  -- empty where there is none
	PRIMARY KEY (run_id, stream, generation)
);
CREATE TABLE IF NOT EXISTS _rbt.marks (
	run_id text NOT NULL,
	stream text NOT NULL,
	generation int NOT NULL,
	mark bigint NOT NULL,
	rows bigint NOT NULL,
	bytes bigint NOT NULL,
	snapshot text NOT NULL,
	predicate text NOT NULL,
	format text NOT NULL,
	committed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (run_id, stream, generation, mark)
);
-- Foreign keys that the run owes: taken off for a swap, or to be copied.
CREATE TABLE IF NOT EXISTS _rbt.foreign_keys (
	run_id text NOT NULL REFERENCES _rbt.runs ON DELETE CASCADE,
	child text NOT NULL,
	name text NOT NULL,
	head text NOT NULL,       -- FOREIGN KEY (a, b)
	parent text NOT NULL,
	at_source boolean NOT NULL, -- parent is a name at the source
	tail text NOT NULL,       -- (x, y) ON DELETE CASCADE
	PRIMARY KEY (run_id, child, name)
);
-- What became of tuning a stream, the tuner's own record and the columns that one asks for.
CREATE TABLE IF NOT EXISTS _rbt.decisions (
	run_id text NOT NULL REFERENCES _rbt.runs ON DELETE CASCADE,
	stream text NOT NULL,
	number int NOT NULL, -- from 1, in the order in which they came
	generation int NOT NULL,
	attempt int NOT NULL,
	kind text NOT NULL, -- decision, skipped, fault
	reason text NOT NULL,
	detail text,
	policy text,
	baseline jsonb,
	winner jsonb,
	lead float8,
	low float8,
	high float8,
	windows int,
	masked int,
	probe_rows bigint,
	probe_secs float8,
	lost_secs float8,
	record jsonb NOT NULL,
	decided_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (run_id, stream, number)
);
-- Where incremental streams stand.
CREATE TABLE IF NOT EXISTS _rbt.positions (
	pipeline text NOT NULL,
	stream text NOT NULL,
	cursor_column text NOT NULL,
	tie_breaker text NOT NULL,  -- a column; empty where there is none
	cursor_order text NOT NULL, -- its type and collation
	tie_order text NOT NULL,    -- those of the tie breaker
	value text NOT NULL,        -- every row below it is taken
	reached boolean NOT NULL,   -- and of those that have it, all, or those up to tie
	tie text NOT NULL,
	computed text NOT NULL,     -- a digest of the columns that were computed
	target text NOT NULL,
	run_id text NOT NULL,
	noted_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (pipeline, stream)
);
-- Rows that the destination refused.
CREATE TABLE IF NOT EXISTS _rbt.rejects (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	run_id text NOT NULL REFERENCES _rbt.runs ON DELETE CASCADE,
	stream text NOT NULL,
	generation int NOT NULL,
	mark bigint,           -- of the part; NULL where it was refused when it was to become visible
	key text NOT NULL,     -- for people
	key_values bytea[],    -- for a later row of that key; NULL where a value is, or is not all there
	code text NOT NULL,    -- SQLSTATE
	error text NOT NULL,
	row text NOT NULL,     -- as COPY writes it; bytes that are no text are \xHH
	cut boolean NOT NULL,  -- row is the beginning only
	rejected_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS rejects_stream ON _rbt.rejects (run_id, stream, generation);`

// openBooks creates the books where they are missing, and refuses those that a
// later rbt has changed.
func openBooks(ctx context.Context, conn *pgx.Conn) error {
	format, err := readBooksFormat(ctx, conn)
	if err == nil && format == 0 {
		format, err = createBooks(ctx, conn)
	}
	if err != nil {
		return wrap("open the books (schema _rbt)", err)
	}
	if format != booksFormat {
		return fmt.Errorf("the books in schema _rbt have format %d; this rbt reads format %d: use the rbt that wrote them",
			format, booksFormat)
	}
	return nil
}

// consult reads the books over a connection of its own, where there are any.
func (d *Destination) consult(ctx context.Context, read func(*pgx.Conn) error) (err error) {
	defer func() { err = onDestination(err) }()
	conn, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer hangUp(conn)
	format, err := readBooksFormat(ctx, conn)
	if err != nil || format == 0 {
		return wrap("open the books (schema _rbt)", err)
	}
	return read(conn)
}

// readBooksFormat returns 0 where there are no books. It spares a role that
// may write the books but not create schemas from being refused.
func readBooksFormat(ctx context.Context, conn *pgx.Conn) (format int, err error) {
	var exist bool
	if err := conn.QueryRow(ctx, "SELECT to_regclass('_rbt.rejects') IS NOT NULL").Scan(&exist); err != nil || !exist {
		return 0, err
	}
	err = conn.QueryRow(ctx, "SELECT max(format) FROM _rbt.meta").Scan(&format)
	return format, err
}

// createBooks takes a lock first: IF NOT EXISTS does not keep two first runs
// from creating the same schema at the same time.
func createBooks(ctx context.Context, conn *pgx.Conn) (format int, err error) {
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := lockNames(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, booksSQL); err != nil {
			return err
		}
		return tx.QueryRow(ctx, "SELECT max(format) FROM _rbt.meta").Scan(&format)
	})
	return format, err
}

// lockNames keeps other runs from creating schemas, types and books until the
// transaction ends.
func lockNames(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1::bigint)", lockKey("names", ""))
	return err
}

// lockKey is the advisory lock for a thing of a kind, the same in every
// version of rbt.
func lockKey(kind, name string) int64 {
	sum := sha256.Sum256([]byte("rbt " + kind + " " + name))
	return int64(binary.BigEndian.Uint64(sum[:]))
}
