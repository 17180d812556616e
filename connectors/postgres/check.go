package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// checkTarget is what stands for the table in a check.
const checkTarget = "{{target}}"

// checkSQL is the query of a check of a table.
func checkSQL(c connectors.Check, table relName) string {
	return strings.ReplaceAll(c.SQL, checkTarget, table.sql())
}

// planChecks has the server parse the checks of a target that exists; of one
// that does not, or will be another, they cannot be parsed yet.
func planChecks(ctx context.Context, conn *pgx.Conn, t *connectors.Target) error {
	for _, c := range t.Stream.Spec.Checks {
		if !t.Exists || len(t.Changes) > 0 {
			step(t, "check %s before the rows become visible", c.Name)
			continue
		}
		said := inSavepoint(ctx, conn, func() error {
			d, err := conn.PgConn().Prepare(ctx, "", checkSQL(c, relName{t.Schema, t.Name}), nil)
			if err == nil && (len(d.Fields) != 1 || d.Fields[0].DataTypeOID != boolOID) {
				err = errNoAnswer
			}
			return err
		})
		if said != nil && connectors.Retryable(wrap("", said)) {
			return said
		}
		if said != nil {
			problem(t, "check %s cannot be asked: %v", c.Name, said)
		} else {
			step(t, "check %s before the rows become visible", c.Name)
		}
	}
	return nil
}

var errNoAnswer = errors.New("it must select one value that is true or false")

// boolOID is the type of true and false.
const boolOID = 16

// checkStaged asks the checks about the staging table, where that will be the
// target. Nobody waits for it.
func (p *publication) checkStaged(ctx context.Context, tx pgx.Tx) error {
	if p.moves() {
		return nil
	}
	return p.check(ctx, tx, p.staging)
}

// checkMoved asks them about the target with the rows in it, where the staging
// table has neither the rows that stay nor the columns that the target alone has.
func (p *publication) checkMoved(ctx context.Context, tx pgx.Tx) error {
	if !p.moves() {
		return nil
	}
	return p.check(ctx, tx, p.facts.name)
}

// check asks the checks about a table. They see the settings that people are
// used to, and change nothing.
func (p *publication) check(ctx context.Context, tx pgx.Tx, table relName) error {
	for _, c := range p.target.Stream.Spec.Checks {
		p.progress("check " + c.Name)
		if err := ask(ctx, tx, checkSQL(c, table)); err != nil {
			return fmt.Errorf("check %q of %s: %w; what was visible before still is", c.Name, p.facts.name, err)
		}
	}
	return nil
}

// ask runs a check. The savepoint takes back that nothing may be written.
func ask(ctx context.Context, tx pgx.Tx, sql string) error {
	var holds *bool
	rows := 0
	err := inSavepoint(ctx, tx.Conn(), func() error {
		if _, err := tx.Exec(ctx, usualSettings()+"; SET LOCAL transaction_read_only = on"); err != nil {
			return err
		}
		found, err := tx.Query(ctx, sql, pgx.QueryExecModeExec)
		if err != nil {
			return err
		}
		if fields := found.FieldDescriptions(); len(fields) > 0 && (len(fields) != 1 || fields[0].DataTypeOID != boolOID) {
			found.Close()
			return errNoAnswer
		}
		_, err = pgx.ForEachRow(found, []any{&holds}, func() error {
			rows++
			return nil
		})
		return err
	})
	switch {
	case err != nil:
		return err
	case rows != 1:
		return fmt.Errorf("it must select one value that is true or false, and found %d", rows)
	case holds == nil:
		return fmt.Errorf("it does not hold: its answer is NULL")
	case !*holds:
		return fmt.Errorf("it does not hold")
	}
	return nil
}
