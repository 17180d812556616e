package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// streamRow is what the books say of a stream.
type streamRow struct {
	generation                         int
	staging, method, definition, shape string
	published                          bool
}

// readStream returns nil where the books do not know the stream. It waits for
// a publication that an earlier call left under way.
func (l *load) readStream(ctx context.Context, conn *pgx.Conn, stream string) (*streamRow, error) {
	const sql = `
SELECT generation, staging, method, definition, shape, published_at IS NOT NULL
FROM _rbt.streams WHERE run_id = $1 AND stream = $2 FOR UPDATE`
	r := &streamRow{}
	err := conn.QueryRow(ctx, sql, l.attempt.RunID, stream).Scan(
		&r.generation, &r.staging, &r.method, &r.definition, &r.shape, &r.published)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return r, err
}

// Stage readies a stream's staging table.
func (l *load) Stage(ctx context.Context, t *connectors.Target, keep bool) (generation int, into string, err error) {
	defer func() { err = onDestination(err) }()
	f, err := factsOf(t)
	if err != nil {
		return 0, "", err
	}
	if err := l.evolve(ctx, t, f); err != nil {
		return 0, "", err
	}
	var name relName
	err = l.change(ctx, "ready a staging table for "+f.name.String(), func(tx pgx.Tx) error {
		generation, name, err = l.stage(ctx, tx, t, f, keep)
		return err
	})
	if err != nil {
		return 0, "", err
	}
	into = name.sql()
	if len(t.Columns) > 0 {
		into += " (" + idents(t.Columns) + ")"
	}
	return generation, into, nil
}

// factsOf refuses targets that must not be copied to.
func factsOf(t *connectors.Target) (*targetFacts, error) {
	f, ok := t.Facts.(*targetFacts)
	if !ok {
		return nil, errors.New("the target was not planned by this destination")
	}
	if len(t.Problems) > 0 {
		return nil, fmt.Errorf("%s cannot be copied to: %s", f.name, strings.Join(t.Problems, "; "))
	}
	return f, nil
}

func (l *load) stage(ctx context.Context, tx pgx.Tx, t *connectors.Target, f *targetFacts, keep bool) (int, relName, error) {
	d, err := l.design(ctx, tx, t, f)
	if err != nil {
		return 0, relName{}, err
	}
	stream := t.Stream.Spec.Name
	old, err := l.readStream(ctx, tx.Conn(), stream)
	if err != nil {
		return 0, relName{}, err
	}
	generation := 1
	if old != nil {
		generation = old.generation + 1
		name := relName{f.name.Schema, stagingName(f.name.Name, l.attempt.RunID, stream, old.generation)}
		kept, err := l.keepStaging(ctx, tx, old, f, d, name, keep)
		if err != nil || kept {
			return old.generation, name, err
		}
		if err := l.forget(ctx, tx, stream, old); err != nil {
			return 0, relName{}, err
		}
	}
	name := relName{f.name.Schema, stagingName(f.name.Name, l.attempt.RunID, stream, generation)}
	err = execAll(ctx, tx, d.create(name))
	if hasState(err, "3F000") {
		// Another stream has just created it: its row can be seen a moment before other
		// sessions hear that it is there.
		err = errTryAgain{fmt.Sprintf("schema %s was created a moment ago", f.name.Schema)}
	}
	if err != nil {
		return 0, relName{}, err
	}
	pieces, err := d.pieces(name)
	if err != nil {
		return 0, relName{}, err
	}
	if err := rehearse(ctx, tx, pieces); err != nil {
		return 0, relName{}, err
	}
	if err := l.record(ctx, tx, t, f, d, name, generation); err != nil {
		return 0, relName{}, err
	}
	l.drafts.Store(stream, &draft{generation: generation, at: time.Now(), before: d.before, pieces: pieces})
	return generation, name, nil
}

// keepStaging takes up the staging table of an earlier attempt where it is
// still what would be made today. It waits for the last part that may be on
// its way, so that the marks are complete.
func (l *load) keepStaging(ctx context.Context, tx pgx.Tx, old *streamRow, f *targetFacts, d *design, name relName, keep bool) (bool, error) {
	if !keep || old.published || old.definition != f.definition || old.shape != d.shape || old.staging != name.sql() {
		return false, nil
	}
	exists, err := relationExists(ctx, tx.Conn(), old.staging)
	if err != nil || !exists {
		return false, err
	}
	if err := l.endOrphans(ctx, tx, old.staging); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, "LOCK TABLE "+old.staging+" IN ACCESS EXCLUSIVE MODE")
	return true, err
}

func relationExists(ctx context.Context, conn *pgx.Conn, quoted string) (exists bool, err error) {
	err = conn.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", quoted).Scan(&exists)
	return exists, err
}

// forget takes away what a generation left.
func (l *load) forget(ctx context.Context, tx pgx.Tx, stream string, old *streamRow) error {
	if err := l.dropStaging(ctx, tx, old.staging); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "DELETE FROM _rbt.marks WHERE run_id = $1 AND stream = $2", l.attempt.RunID, stream); err != nil || old.published {
		return err // the rejects of rows that are visible are nowhere else
	}
	_, err := tx.Exec(ctx, "DELETE FROM _rbt.rejects WHERE run_id = $1 AND stream = $2 AND generation = $3", l.attempt.RunID, stream, old.generation)
	return err
}

func (l *load) dropStaging(ctx context.Context, tx pgx.Tx, quoted string) error {
	if err := l.endOrphans(ctx, tx, quoted); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DROP TABLE IF EXISTS "+quoted)
	return err
}

// endOrphans ends the pipeline's other connections that have a table in use.
// This load has the pipeline's lock, so they belong to an attempt that is dead,
// or to lanes that have given up.
func (l *load) endOrphans(ctx context.Context, tx pgx.Tx, quoted string) error {
	const sql = `
SELECT pg_terminate_backend(l.pid)
FROM pg_locks l JOIN pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.relation = to_regclass($1)
	AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND l.pid <> pg_backend_pid() AND a.usename = current_user
	AND a.application_name = current_setting('application_name')`
	_, err := tx.Exec(ctx, sql, quoted)
	return err
}

// record writes the stream into the books, and what the rows of its generation are,
// which its rejects need to be read and tried again: in one round trip.
func (l *load) record(ctx context.Context, tx pgx.Tx, t *connectors.Target, f *targetFacts, d *design, name relName, generation int) error {
	const sql = `
WITH rows AS (
	INSERT INTO _rbt.generations (run_id, stream, generation, target, columns, upsert_key, cursor_column)
	VALUES ($1, $2, $3, $5, $11, $12, $13)
)
INSERT INTO _rbt.streams (run_id, stream, generation, source, target, staging, method, resume, definition, shape)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (run_id, stream) DO UPDATE SET generation = excluded.generation, source = excluded.source,
	target = excluded.target, staging = excluded.staging, method = excluded.method, resume = excluded.resume,
	definition = excluded.definition, shape = excluded.shape,
	plan = NULL, rows = NULL, bytes = NULL, staged_at = now(), published_at = NULL`
	source := relName{t.Stream.Table.Schema, t.Stream.Table.Name}
	cursor := ""
	if t.Stream.Spec.Cursor != nil {
		cursor = t.Stream.Spec.Cursor.Column
	}
	if _, err := tx.Exec(ctx, sql, l.attempt.RunID, t.Stream.Spec.Name, generation, source.sql(), f.name.sql(),
		name.sql(), d.method, string(t.Stream.Spec.Resume), f.definition, d.shape,
		notNull(t.Columns), notNull(t.Stream.Spec.PrimaryKey), cursor); err != nil {
		return err
	}
	if !l.dest.options.ForeignKeys {
		return nil
	}
	keys := slices.DeleteFunc(slices.Clone(t.Stream.Table.ForeignKeys), func(k connectors.ForeignKey) bool {
		return slices.ContainsFunc(k.Columns, func(c string) bool { return findColumn(t.Stream.Table.Columns, c) == nil })
	})
	return l.oweSourceKeys(ctx, tx, f.name, keys)
}

// notNull is a list as SQL wants it where NULL is none.
func notNull(list []string) []string { return append([]string{}, list...) }

// design is how a staging table is made and what becomes of it.
type design struct {
	method string
	shape  string   // a digest: staging tables of one shape are alike
	before *present // what the target was
	create func(name relName) []string
	pieces func(name relName) ([]piece, error)
}

// newDesign adds to the shape what the staging table is made with.
func newDesign(d design) *design {
	d.shape = digest(append(d.create(relName{}), d.method, d.shape)...)
	return &d
}

// design decides by what there is now, which may differ from what was planned.
func (l *load) design(ctx context.Context, tx pgx.Tx, t *connectors.Target, f *targetFacts) (*design, error) {
	now, err := l.asPlanned(ctx, tx.Conn(), t, f)
	if err != nil {
		return nil, err
	}
	var d *design
	switch {
	case now.rel == nil:
		d, err = createDesign(ctx, tx, t)
	case t.Stream.Spec.WriteMode == connectors.Append:
		d, err = bareDesign(methodInsert, t, now.rel)
	case t.Stream.Spec.WriteMode == connectors.Upsert:
		d, err = bareDesign(methodUpsert, t, now.rel)
	default:
		var role string
		if err := tx.QueryRow(ctx, "SELECT current_user::text").Scan(&role); err != nil {
			return nil, err
		}
		if f.evolution.changesTable() && fingerprint(now.rel) != f.shape {
			return nil, errChanged(f.name)
		}
		if now.whyNoSwap(role) != "" {
			d, err = bareDesign(methodTruncate, t, f.evolution.apply(now.rel))
		} else {
			d, err = swapDesign(ctx, tx, t, f, now)
		}
	}
	if err != nil {
		return nil, err
	}
	d.before = now
	return d, nil
}

// asPlanned is what the target is now, if it is still there, or still not. Of
// hundreds of tables that are not, it asks no more than that.
func (l *load) asPlanned(ctx context.Context, conn *pgx.Conn, t *connectors.Target, f *targetFacts) (*present, error) {
	now, changed := &present{name: f.name}, false
	var err error
	if t.Exists {
		now, err = l.inspectOne(ctx, conn, f.name)
		changed = err == nil && now.rel == nil
	} else {
		// to_regclass would have the session remember that there is no such schema.
		const sql = "SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = $1 AND relname = $2)"
		err = conn.QueryRow(ctx, sql, f.name.Schema, f.name.Name).Scan(&changed)
	}
	if changed {
		return nil, errChanged(f.name)
	}
	return now, err
}

func errChanged(name relName) error {
	return fmt.Errorf("somebody created, dropped or changed %s meanwhile: start the run again", name)
}

func (l *load) inspectOne(ctx context.Context, conn *pgx.Conn, name relName) (*present, error) {
	found, err := inspect(ctx, conn, []relName{name})
	return found[name], err
}

// createDesign makes the staging table by the source's definition.
func createDesign(ctx context.Context, tx pgx.Tx, t *connectors.Target) (*design, error) {
	if err := prepareNames(ctx, tx, t, t.Stream.Table.Types); err != nil {
		return nil, err
	}
	b, err := drawTarget(ctx, tx.Conn(), t)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(b.copied(), t.Columns) {
		return nil, errChanged(targetName(t.Stream.Spec))
	}
	version := version(tx.Conn())
	return newDesign(design{
		method: methodCreate,
		create: func(name relName) []string { return append(b.create(name, version), markSQL(t, name)) },
		pieces: func(name relName) ([]piece, error) { return pieces(b.Table, nil, name) },
	}), nil
}

// swapDesign makes the staging table like the target will be.
func swapDesign(ctx context.Context, tx pgx.Tx, t *connectors.Target, f *targetFacts, now *present) (*design, error) {
	if len(f.evolution.types) > 0 {
		if err := prepareNames(ctx, tx, t, f.evolution.types); err != nil {
			return nil, err
		}
	}
	details, err := readIndexDetails(ctx, tx.Conn(), now.rel.OID)
	if err != nil {
		return nil, err
	}
	return newDesign(design{
		method: methodSwap,
		shape:  fingerprint(now.rel),
		create: func(name relName) []string { return append(createLike(name, now), f.evolution.sql(name)...) },
		pieces: func(name relName) ([]piece, error) {
			return pieces(f.evolution.apply(now.rel).Table, details, name)
		},
	}), nil
}

// like are the columns of a table, with all that says how they are stored and what
// they are where no value is given.
func like(table relName) string {
	return "LIKE " + table.sql() + " INCLUDING ALL EXCLUDING CONSTRAINTS EXCLUDING INDEXES EXCLUDING IDENTITY EXCLUDING STATISTICS"
}

func createLike(name relName, now *present) []string {
	parts := []string{like(now.name)}
	parts = append(parts, checks(now.rel.Constraints)...)
	sql := "CREATE TABLE " + name.sql() + " (" + strings.Join(parts, ", ") + ")"
	if now.rel.AccessMethod != "" {
		sql += " USING " + ident(now.rel.AccessMethod)
	}
	if now.tablespace != "" {
		sql += " TABLESPACE " + ident(now.tablespace)
	}
	return []string{sql}
}

// bareDesign makes a staging table of the copied columns only: its rows are
// inserted into the target.
func bareDesign(method string, t *connectors.Target, rel *relation) (*design, error) {
	var columns []string
	for _, name := range t.Columns {
		c := findColumn(rel.Columns, name)
		if c == nil {
			return nil, errChanged(relName{t.Schema, t.Name})
		}
		columns = append(columns, bareColumnSQL(*c))
	}
	return newDesign(design{
		method: method,
		create: func(name relName) []string {
			return []string{"CREATE TABLE " + name.sql() + " (" + strings.Join(columns, ", ") + ")"}
		},
		pieces: func(relName) ([]piece, error) { return nil, nil },
	}), nil
}

// fingerprint is a digest of what a swap takes over from the target when the
// staging table is made, and could not take over again later.
func fingerprint(rel *relation) string {
	columns := slices.Clone(rel.Columns)
	for i := range columns {
		columns[i].Sequence = nil
		columns[i].Comment = ""
	}
	text, err := json.Marshal([]any{rel.OID, columns, checks(rel.Constraints), rel.AccessMethod})
	if err != nil {
		panic(err) // plain data always marshals
	}
	return digest(string(text))
}

// rehearse builds on the empty table what will be built on the full one, so
// that what cannot be built is known before any row moves. It spares the pieces
// that every server can build.
func rehearse(ctx context.Context, tx pgx.Tx, pieces []piece) error {
	pieces = slices.DeleteFunc(slices.Clone(pieces), func(p piece) bool { return p.build == "" || p.plain })
	if len(pieces) == 0 {
		return nil
	}
	return inSavepoint(ctx, tx.Conn(), func() error {
		for _, p := range pieces {
			if _, err := tx.Exec(ctx, p.build); err != nil {
				return fmt.Errorf("%s cannot be built on the destination: %w", p.what, err)
			}
		}
		return nil
	})
}

// execAll runs the statements, those that are not empty, in one round trip.
func execAll(ctx context.Context, tx pgx.Tx, statements []string) error {
	statements = slices.DeleteFunc(slices.Clone(statements), func(sql string) bool { return sql == "" })
	if len(statements) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, strings.Join(statements, ";\n"))
	return err
}
