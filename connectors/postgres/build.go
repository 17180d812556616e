package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// buildMemory is what an index build may use where the server's own
// maintenance_work_mem is below it, in MB. The server's default is 64 MB.
const buildMemory = 128

// smallTable is how many bytes of rows a table has at most whose pieces are built
// one after the other, in the transaction that finds them missing and makes the
// rows visible: connections that share the work, and commits in between, would
// cost more than they save.
const smallTable = 4 << 20

// buildSmall does the work of build in a transaction that is open.
func (p *publication) buildSmall(ctx context.Context, tx pgx.Tx) error {
	if p.moves() {
		return nil
	}
	for _, piece := range p.missing {
		if err := p.buildIn(ctx, tx, piece); err != nil {
			return err
		}
	}
	return p.analyze(ctx, tx.Conn(), p.staging)
}

// build builds the pieces that the staging table does not have yet, a few at a
// time, and has the server look at the rows.
func (p *publication) build(ctx context.Context) error {
	if p.moves() {
		return nil
	}
	err := p.buildAll(ctx, p.missing)
	if err != nil && refusesRow(err) && p.target.Stream.Spec.Rejects != nil {
		if err := p.siftForPieces(ctx, err); err != nil {
			return err
		}
		err = p.buildAll(ctx, p.missing)
	}
	if err != nil {
		return err
	}
	return p.load.pool.use(ctx, func(conn *pgx.Conn) error { return p.analyze(ctx, conn, p.staging) })
}

// analyze has the server look at the rows: without that its planner guesses until
// autovacuum comes by.
func (p *publication) analyze(ctx context.Context, conn *pgx.Conn, table relName) error {
	if p.load.dest.options.SkipAnalyze {
		return nil
	}
	p.progress("analyze")
	_, err := conn.Exec(ctx, "ANALYZE "+table.sql())
	return wrap("analyze "+table.String(), err)
}

// findMissing finds the pieces to build. What an earlier call left half-built, or
// for another definition, goes first.
func (p *publication) findMissing(ctx context.Context, tx pgx.Tx) error {
	if p.moves() {
		return nil
	}
	built, err := p.indexes(ctx, tx)
	if err != nil {
		return err
	}
	p.missing = nil
	for _, piece := range p.pieces {
		if piece.build != "" && !built[piece.temporary] {
			p.missing = append(p.missing, piece)
		}
		delete(built, piece.temporary)
	}
	for name := range built {
		if _, err := tx.Exec(ctx, "DROP INDEX IF EXISTS "+ident(p.staging.Schema, name)); err != nil {
			return err
		}
	}
	return nil
}

// indexes returns those of the staging table, all of them valid: invalid ones
// are dropped.
func (p *publication) indexes(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
	const sql = `
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = $1::regclass`
	rows, err := tx.Query(ctx, sql, p.staging.sql())
	if err != nil {
		return nil, err
	}
	built := map[string]bool{}
	var invalid []string
	var name string
	var valid bool
	if _, err := pgx.ForEachRow(rows, []any{&name, &valid}, func() error {
		if built[name] = true; !valid {
			invalid = append(invalid, name)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	for _, name := range invalid {
		delete(built, name)
		if _, err := tx.Exec(ctx, "DROP INDEX "+ident(p.staging.Schema, name)); err != nil {
			return nil, err
		}
	}
	return built, nil
}

// buildAll builds the pieces with as many connections as the options allow. The
// first error ends the others.
func (p *publication) buildAll(ctx context.Context, pieces []piece) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	queue := make(chan piece, len(pieces))
	for _, piece := range pieces {
		queue <- piece
	}
	close(queue)
	var wg sync.WaitGroup
	for range min(p.load.dest.options.IndexJobs, len(pieces)) {
		wg.Go(func() {
			for piece := range queue {
				if ctx.Err() != nil {
					return
				}
				if err := p.buildOne(ctx, piece); err != nil {
					cancel(err)
				}
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// buildOne need not wait for the disk: what a crash undoes is built again, and
// the commit that publishes takes the rest to the disk. Two builders may have to
// wait for one another for as long as a build takes.
func (p *publication) buildOne(ctx context.Context, piece piece) error {
	const set = `
SELECT set_config('synchronous_commit', 'off', true), set_config('lock_timeout', '0', true),
	set_config('maintenance_work_mem', greatest(setting::bigint, $1::bigint * 1024)::text || 'kB', true)
FROM pg_settings WHERE name = 'maintenance_work_mem'`
	return p.load.pool.use(ctx, func(conn *pgx.Conn) error {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, set, buildMemory); err != nil {
				return err
			}
			return p.buildIn(ctx, tx, piece)
		})
		return wrapUntold(p.building(piece), err)
	})
}

// buildIn builds a piece, and leaves the transaction's settings as they were.
func (p *publication) buildIn(ctx context.Context, tx pgx.Tx, piece piece) error {
	p.progress("build " + piece.what)
	err := execAll(ctx, tx, []string{
		"SET LOCAL default_tablespace = " + literal(piece.tablespace), piece.build, "SET LOCAL default_tablespace TO DEFAULT",
	})
	if err == nil {
		return nil
	}
	row := p.target.Stream.Spec.Rejects == nil && refusesRow(err)
	return &opError{doing: p.building(piece), err: p.inItsNames(err, p.staging, piece), retry: mayPass(err), row: row}
}

// building says in words what is being done.
func (p *publication) building(piece piece) string {
	return fmt.Sprintf("build %s for %s", piece.what, p.facts.name)
}

// attach gives the pieces to the target, under names that are free.
func (p *publication) attach(ctx context.Context, tx pgx.Tx, pieces []piece) error {
	var names []string
	for _, piece := range pieces {
		if piece.inSchema {
			names = append(names, piece.name)
		}
	}
	taken, err := takenNames(ctx, tx, p.facts.name.Schema, names)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		name := piece.name
		if piece.inSchema {
			name = freeName(name, func(n string) bool { return taken[n] })
			taken[name] = true
		}
		err := execAll(ctx, tx, piece.attach(p.facts.name, name))
		if piece.build != "" && hasState(err, "42704", "42P01") { // built, and not there
			return errTryAgain{fmt.Sprintf("the destination lost %s, which it had built (it crashed)", piece.what)}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", piece.what, err)
		}
	}
	return nil
}

// takenNames are the names in a schema that a table, an index or a sequence
// cannot have any more. It asks for all of them only where one of those wanted
// is taken: a schema may hold very many.
func takenNames(ctx context.Context, tx pgx.Tx, schema string, wanted []string) (map[string]bool, error) {
	if len(wanted) == 0 {
		return map[string]bool{}, nil
	}
	const inSchema = "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace"
	sorted := slices.Sorted(slices.Values(wanted))
	if len(slices.Compact(sorted)) == len(wanted) {
		taken, err := readNames(ctx, tx.Conn(), inSchema+" AND relname = ANY($2::text[])", ident(schema), wanted)
		if err != nil || len(taken) == 0 {
			return map[string]bool{}, err
		}
	}
	return readNames(ctx, tx.Conn(), inSchema, ident(schema))
}

// sequenceSQL is what a sequence is created with, but for its name and type.
func sequenceSQL(increment, low, high, start, cache int64, cycle bool) string {
	sql := fmt.Sprintf("INCREMENT BY %d MINVALUE %d MAXVALUE %d START WITH %d CACHE %d", increment, low, high, start, cache)
	if cycle {
		return sql + " CYCLE"
	}
	return sql + " NO CYCLE"
}

// drawing is a default with the sequence that it draws from put in the place of
// the one it names.
func drawing(expression string, sequence relName) string {
	const before, after = "nextval('", "'::regclass"
	head, rest, ok := strings.Cut(expression, before)
	if ok {
		if _, tail, found := strings.Cut(rest, after); found {
			return head + "nextval(" + literal(sequence.sql()) + "::regclass" + tail
		}
	}
	return "nextval(" + literal(sequence.sql()) + "::regclass)"
}
