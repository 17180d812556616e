package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// publication is a staging table on its way to become visible.
type publication struct {
	load    *load
	target  *connectors.Target
	facts   *targetFacts
	loaded  connectors.Loaded
	row     *streamRow
	staging relName
	before  *present // what the target was when this began; its table is nil where there is none
	pieces  []piece  // to attach
	missing []piece  // those that are yet to be built
	small   bool     // by smallTable
	yielded bool     // the rows went into the target, since a swap would break what came late
	refused []string // the ctids of staged rows that the target does not take
	deleted int64    // rows that the source has no more
	// deferrable are the target's keys that are checked when a statement ends.
	deferrable []deferrableKey
	progress   func(step string)
}

// draft is what Stage found out for Publish.
type draft struct {
	generation int
	at         time.Time
	before     *present
	pieces     []piece
}

// draftFor is how long a draft is good: a look at the target saves finding out
// too late that somebody changed it, but not after a moment. That nobody did is
// made sure of when the target is locked.
const draftFor = 10 * time.Second

// Publish builds what the staging table lacks, makes its rows visible in one
// transaction, and tidies up. Each of these can be done again. A small table goes
// all the way in the transaction that finds out what it lacks.
func (l *load) Publish(ctx context.Context, t *connectors.Target, loaded connectors.Loaded, progress func(step string)) (deleted int64, err error) {
	defer func() { err = onDestination(err) }()
	f, err := factsOf(t)
	if err != nil {
		return 0, err
	}
	p := &publication{load: l, target: t, facts: f, loaded: loaded, progress: oneAtATime(progress)}
	doing := "publish " + f.name.String()
	err = l.change(ctx, doing, func(tx pgx.Tx) error {
		if err := p.open(ctx, tx); err != nil || p.row.published {
			return err
		}
		if p.small {
			return p.buildAndPublish(ctx, tx)
		}
		// The one that publishes takes this one to the disk too.
		_, err := tx.Exec(ctx, "SET LOCAL synchronous_commit = off")
		return err
	})
	if err != nil {
		return 0, err
	}
	if !p.row.published && !p.small {
		if err := p.build(ctx); err != nil {
			return 0, err
		}
		if err := l.prepare(ctx, doing, func(tx pgx.Tx) error { return p.checkStaged(ctx, tx) }); err != nil {
			return 0, err
		}
		if err := l.change(ctx, doing, func(tx pgx.Tx) error { return p.publish(ctx, tx) }); err != nil {
			return 0, err
		}
	}
	return p.deleted, p.tidy(ctx)
}

// buildAndPublish does all that is left in a transaction that is open.
func (p *publication) buildAndPublish(ctx context.Context, tx pgx.Tx) error {
	if err := p.buildSmall(ctx, tx); err != nil {
		return err
	}
	if err := p.checkStaged(ctx, tx); err != nil {
		return err
	}
	return p.publish(ctx, tx)
}

// moves says whether the rows go on into the target. Otherwise the staging table
// becomes the target.
func (p *publication) moves() bool {
	return p.row.method != methodCreate && p.row.method != methodSwap
}

// oneAtATime lets several builders report their steps.
func oneAtATime(progress func(string)) func(string) {
	var mu sync.Mutex
	return func(step string) {
		mu.Lock()
		defer mu.Unlock()
		if progress != nil {
			progress(step)
		}
	}
}

// open finds the staging table in the books, and what it has to get.
func (p *publication) open(ctx context.Context, tx pgx.Tx) (err error) {
	stream, generation := p.target.Stream.Spec.Name, p.loaded.Generation
	p.staging = relName{p.facts.name.Schema, stagingName(p.facts.name.Name, p.load.attempt.RunID, stream, generation)}
	if p.row, err = p.load.readStream(ctx, tx.Conn(), stream); err != nil {
		return err
	}
	if p.row == nil || p.row.generation != generation || p.row.staging != p.staging.sql() {
		return fmt.Errorf("the books know no generation %d of it", generation)
	}
	if p.row.published {
		return nil
	}
	var exists bool
	var parts int
	const sql = `
SELECT to_regclass($1) IS NOT NULL, count(*), coalesce(sum(bytes), 0) <= $5
FROM _rbt.marks WHERE run_id = $2 AND stream = $3 AND generation = $4`
	if err := tx.QueryRow(ctx, sql, p.row.staging, p.load.attempt.RunID, stream, generation, smallTable).Scan(&exists, &parts, &p.small); err != nil {
		return err
	}
	// siftForPieces needs a transaction of its own.
	p.small = p.small && (p.moves() || p.target.Stream.Spec.Rejects == nil)
	if parts != p.loaded.Parts { // known before indexes are built in vain
		return connectors.ErrUndone
	}
	if !exists {
		return fmt.Errorf("somebody dropped the staging table %s: start the run again", p.staging)
	}
	if err := p.load.endOrphans(ctx, tx, p.staging.sql()); err != nil {
		return err
	}
	if err := p.look(ctx, tx.Conn()); err != nil {
		return err
	}
	if err := p.settleKeys(ctx, tx); err != nil {
		return err
	}
	return p.findMissing(ctx, tx)
}

// look finds out what the target is now and what the staging table needs to
// become it. Called again, it does not rely on what Stage found out.
func (p *publication) look(ctx context.Context, conn *pgx.Conn) (err error) {
	left, found := p.load.drafts.LoadAndDelete(p.target.Stream.Spec.Name)
	if d, ok := left.(*draft); found && ok && d.generation == p.row.generation && time.Since(d.at) < draftFor {
		p.before, p.pieces = d.before, d.pieces
		return nil
	}
	if p.before, err = p.load.inspectOne(ctx, conn, p.facts.name); err != nil {
		return err
	}
	if (p.before.rel != nil) != (p.row.method != methodCreate) {
		return errChanged(p.facts.name)
	}
	p.pieces, err = p.plannedPieces(ctx, conn, p.staging)
	return err
}

// plannedPieces are what a table like the staging table needs to become the target.
func (p *publication) plannedPieces(ctx context.Context, conn *pgx.Conn, table relName) ([]piece, error) {
	switch p.row.method {
	case methodCreate:
		b, err := drawTarget(ctx, conn, p.target)
		if err != nil {
			return nil, err
		}
		return pieces(b.Table, nil, table)
	case methodSwap:
		details, err := readIndexDetails(ctx, conn, p.before.rel.OID)
		if err != nil {
			return nil, err
		}
		return pieces(p.facts.evolution.apply(p.before.rel).Table, details, table)
	}
	return nil, nil
}

// publish makes the rows visible, and writes so into the books. A crash since
// open may have undone parts: writers commit without waiting for the disk. This
// transaction sees which are there, and takes them to the disk with it.
func (p *publication) publish(ctx context.Context, tx pgx.Tx) (err error) {
	p.yielded, p.refused, p.deleted = false, nil, 0 // of a publication that was rolled back
	p.progress(p.row.method)
	switch p.row.method {
	case methodCreate:
		err = p.create(ctx, tx)
	case methodInsert:
		err = p.insert(ctx, tx)
	case methodUpsert:
		err = p.upsert(ctx, tx)
	default:
		err = p.replace(ctx, tx)
	}
	if err != nil {
		return p.outrun(err)
	}
	if err := p.checkMoved(ctx, tx); err != nil {
		return err
	}
	if err := p.settleRejects(ctx, tx); err != nil {
		return err
	}
	if err := p.notePosition(ctx, tx); err != nil {
		return err
	}
	const sql = `
UPDATE _rbt.streams SET published_at = now(), rows = m.rows - r.rows, bytes = m.bytes
FROM (SELECT count(*) AS parts, coalesce(sum(rows), 0) AS rows, coalesce(sum(bytes), 0) AS bytes
	FROM _rbt.marks WHERE run_id = $1 AND stream = $2 AND generation = $3) m, (` + stagedRejects + `) r
WHERE run_id = $1 AND stream = $2 AND m.parts = $4`
	tag, err := tx.Exec(ctx, sql, p.load.attempt.RunID, p.target.Stream.Spec.Name, p.loaded.Generation, p.loaded.Parts)
	if err == nil && tag.RowsAffected() == 0 {
		err = connectors.ErrUndone
	}
	return err
}

// create gives the staging table the target's name.
func (p *publication) create(ctx context.Context, tx pgx.Tx) error {
	exists, err := relationExists(ctx, tx.Conn(), p.facts.name.sql())
	if err != nil {
		return err
	}
	if exists {
		return errChanged(p.facts.name)
	}
	if err := p.rename(ctx, tx); err != nil {
		return err
	}
	if err := p.createSequences(ctx, tx); err != nil {
		return err
	}
	return p.attach(ctx, tx, p.pieces)
}

// outrun turns the error of a name that was free a moment ago into one that is
// tried again. Publications do not wait for one another to choose names.
func (p *publication) outrun(err error) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code == "42P07" || pg.ConstraintName == "pg_class_relname_nsp_index") {
		return errTryAgain{fmt.Sprintf("somebody took a name in schema %s meanwhile: %s", p.facts.name.Schema, pg.Message)}
	}
	return err
}

func (p *publication) rename(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, "ALTER TABLE "+p.staging.sql()+" RENAME TO "+ident(p.facts.name.Name))
	return err
}

// replace swaps the tables, or puts the rows into the one that is there.
func (p *publication) replace(ctx context.Context, tx pgx.Tx) error {
	now, err := p.lockTarget(ctx, tx)
	if err != nil {
		return err
	}
	var role string
	if err := tx.QueryRow(ctx, "SELECT current_user::text").Scan(&role); err != nil {
		return err
	}
	if p.row.method == methodSwap && now.whyNoSwap(role) == "" {
		return p.swap(ctx, tx, now)
	}
	p.yielded = !p.moves()
	return p.truncate(ctx, tx, now)
}

// lockTarget locks the target and the tables whose foreign keys have to be
// taken off, and says how things stand now that nobody can change them. All
// publications lock in the same order, so that they do not lock each other out.
func (p *publication) lockTarget(ctx context.Context, tx pgx.Tx) (*present, error) {
	tables := []string{p.facts.name.sql()}
	for _, k := range p.keysToTakeOff(p.before) {
		tables = append(tables, k.child.sql(), k.parent.sql())
	}
	slices.Sort(tables)
	tables = slices.Compact(tables)
	_, err := tx.Exec(ctx, "LOCK TABLE "+strings.Join(tables, ", ")+" IN ACCESS EXCLUSIVE MODE")
	if hasState(err, "42P01", "3F000") {
		return nil, errChanged(p.facts.name)
	}
	if err != nil {
		return nil, err
	}
	now, err := p.load.inspectOne(ctx, tx.Conn(), p.facts.name)
	if err != nil {
		return nil, err
	}
	if now.rel == nil || now.rel.OID != p.before.rel.OID {
		return nil, errChanged(p.facts.name)
	}
	return now, p.checkKeys(now)
}

// truncate empties the target and inserts the rows.
func (p *publication) truncate(ctx context.Context, tx pgx.Tx, now *present) error {
	if err := p.takeOffKeys(ctx, tx, now); err != nil {
		return err
	}
	// The rows of tables that inherit from it are not this run's.
	if _, err := tx.Exec(ctx, "TRUNCATE "+fromClause(now.rel)); err != nil {
		return err
	}
	if p.facts.evolution.changesTable() && fingerprint(now.rel) != p.facts.shape {
		return errChanged(p.facts.name)
	}
	if err := p.facts.evolveIn(ctx, tx, p.target, p.facts.name); err != nil {
		return err
	}
	return p.insertRows(ctx, tx, now, true)
}

// insert adds the rows to those that the target has.
func (p *publication) insert(ctx context.Context, tx pgx.Tx) error {
	now, err := p.load.inspectOne(ctx, tx.Conn(), p.facts.name)
	if err != nil {
		return err
	}
	if now.rel == nil {
		return errChanged(p.facts.name)
	}
	return p.insertRows(ctx, tx, now, false)
}

// insertRows moves the rows from staging to the target, and counts them: a
// trigger or a rule there may swallow some.
func (p *publication) insertRows(ctx context.Context, tx pgx.Tx, now *present, replace bool) error {
	// Triggers see the settings that they are used to.
	if _, err := tx.Exec(ctx, usualSettings()); err != nil {
		return err
	}
	moved, err := p.moveStaged(ctx, tx, movingBy(func(where string) string { return p.insertSQL(p.facts.name, p.staging, where) }))
	if err != nil {
		return err
	}
	const good = `
SELECT coalesce(sum(m.rows), 0)::bigint - (` + stagedRejects + `)
FROM _rbt.marks m WHERE run_id = $1 AND stream = $2 AND generation = $3`
	var want int64
	err = tx.QueryRow(ctx, good, p.load.attempt.RunID, p.target.Stream.Spec.Name, p.row.generation).Scan(&want)
	if err != nil {
		return err
	}
	if moved != want {
		return fmt.Errorf("%d rows were loaded, but %s took %d of them: a trigger or a rule there drops or adds rows", want, p.facts.name, moved)
	}
	return p.moved(ctx, tx, now, replace)
}

// moved does what is left once the rows are in the target.
func (p *publication) moved(ctx context.Context, tx pgx.Tx, now *present, replace bool) error {
	if err := p.moveSequences(ctx, tx, now, replace); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "DROP TABLE "+p.staging.sql())
	return err
}

// insertSQL copies the rows of one table for which a condition holds into another.
func (p *publication) insertSQL(into, from relName, where string) string {
	if len(p.target.Columns) == 0 { // only the number of rows counts
		return "INSERT INTO " + into.sql() + " SELECT FROM " + from.sql() + where
	}
	columns := idents(p.target.Columns)
	return "INSERT INTO " + into.sql() + " (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " + columns + " FROM " + from.sql() + where
}

// tidy does what need not be in the transaction: it costs time, and nothing is
// wrong without it.
func (p *publication) tidy(ctx context.Context) error {
	if !p.moves() && !p.yielded {
		return nil
	}
	return p.load.use(ctx, func(conn *pgx.Conn) error { return p.analyze(ctx, conn, p.facts.name) })
}

// errTryAgain ends what somebody else's change overtook.
type errTryAgain struct{ what string }

func (e errTryAgain) Error() string   { return e.what }
func (e errTryAgain) Retryable() bool { return true }
