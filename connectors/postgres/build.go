package postgres

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// buildMemory is what an index build may use where the server's own
// maintenance_work_mem is below it, in MB. The server's default is 64 MB.
const buildMemory = 128

// build builds the pieces that the staging table does not have yet, a few at a
// time, and has the server look at the rows.
func (p *publication) build(ctx context.Context) error {
	missing, err := p.missing(ctx)
	if err != nil {
		return err
	}
	if err := p.buildAll(ctx, missing); err != nil {
		return err
	}
	p.progress("analyze")
	return p.load.pool.use(ctx, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "ANALYZE "+p.staging.sql())
		return wrap("analyze "+p.staging.String(), err)
	})
}

// missing returns the pieces to build. What an earlier call left half-built, or
// for another definition, goes first.
func (p *publication) missing(ctx context.Context) (missing []piece, err error) {
	err = p.load.change(ctx, "prepare to build on "+p.staging.String(), func(tx pgx.Tx) error {
		built, err := p.built(ctx, tx)
		if err != nil {
			return err
		}
		missing = nil
		for _, piece := range p.pieces {
			if piece.build != "" && !built[piece.temporary] {
				missing = append(missing, piece)
			}
			delete(built, piece.temporary)
		}
		for name := range built {
			if _, err := tx.Exec(ctx, "DROP INDEX IF EXISTS "+ident(p.staging.Schema, name)); err != nil {
				return err
			}
		}
		return nil
	})
	return missing, err
}

// built returns the staging table's indexes, all of them valid: invalid ones
// are dropped.
func (p *publication) built(ctx context.Context, tx pgx.Tx) (map[string]bool, error) {
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

func (p *publication) buildOne(ctx context.Context, piece piece) error {
	// Nobody else uses the table, but two pieces may have to wait for one
	// another for as long as a build takes.
	const set = `
SELECT set_config('lock_timeout', '0', true), set_config('default_tablespace', $1, true),
	set_config('maintenance_work_mem', greatest(setting::bigint, $2::bigint * 1024)::text || 'kB', true)
FROM pg_settings WHERE name = 'maintenance_work_mem'`
	p.progress("build " + piece.what)
	return p.load.pool.use(ctx, func(conn *pgx.Conn) error {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, set, piece.tablespace, buildMemory); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, piece.build)
			return err
		})
		return wrap(fmt.Sprintf("build %s for %s", piece.what, p.facts.name), err)
	})
}

// attach gives the pieces to the target, under names that are free.
func (p *publication) attach(ctx context.Context, tx pgx.Tx, pieces []piece) error {
	taken, err := schemaNames(ctx, tx, p.facts.name.Schema)
	if err != nil {
		return err
	}
	for _, piece := range pieces {
		name := piece.name
		if piece.inSchema {
			name = freeName(name, func(n string) bool { return taken[n] })
			taken[name] = true
		}
		if err := execAll(ctx, tx, piece.attach(p.facts.name, name)); err != nil {
			return fmt.Errorf("%s: %w", piece.what, err)
		}
	}
	return nil
}

// schemaNames are the names in a schema that a table, an index or a sequence
// cannot have any more.
func schemaNames(ctx context.Context, tx pgx.Tx, schema string) (map[string]bool, error) {
	rows, err := tx.Query(ctx, "SELECT relname FROM pg_class WHERE relnamespace = $1::regnamespace", ident(schema))
	if err != nil {
		return nil, err
	}
	return collectNames(rows)
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
