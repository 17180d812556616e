package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// owedKey is a foreign key that the run has to add before it is done.
type owedKey struct {
	child, parent, name string // tables quoted
	definition          foreignKeyDefinition
}

func (k owedKey) String() string { return fmt.Sprintf("foreign key %s of %s", k.name, k.child) }

// owe writes a foreign key of the destination into the books, where it
// survives a crash. One that an earlier attempt has put back, but not had
// checked, is owed as it was.
func (l *load) owe(ctx context.Context, tx pgx.Tx, k boundKey) error {
	const sql = `
INSERT INTO _rbt.foreign_keys AS k (run_id, child, name, head, parent, at_source, tail) VALUES ($1, $2, $3, $4, $5, false, $6)
ON CONFLICT (run_id, child, name) DO UPDATE
SET head = excluded.head, parent = excluded.parent, at_source = false,
	tail = CASE WHEN NOT k.at_source AND excluded.tail = k.tail || ' NOT VALID' THEN k.tail ELSE excluded.tail END`
	_, err := tx.Exec(ctx, sql, l.attempt.RunID, k.child.sql(), k.name, k.definition.head, k.parent.sql(), k.definition.tail)
	return err
}

// oweSourceKeys writes the foreign keys of a stream's source into the books.
func (l *load) oweSourceKeys(ctx context.Context, tx pgx.Tx, child relName, keys []connectors.ForeignKey) error {
	const clear = "DELETE FROM _rbt.foreign_keys WHERE run_id = $1 AND child = $2 AND at_source"
	if _, err := tx.Exec(ctx, clear, l.attempt.RunID, child.sql()); err != nil {
		return err
	}
	const sql = `
INSERT INTO _rbt.foreign_keys (run_id, child, name, head, parent, at_source, tail) VALUES ($1, $2, $3, $4, $5, true, $6)
ON CONFLICT DO NOTHING`
	for _, k := range keys {
		d, err := parseForeignKey(k.Definition)
		if err != nil {
			return err
		}
		parent := relName{k.RefSchema, k.RefTable}
		if _, err := tx.Exec(ctx, sql, l.attempt.RunID, child.sql(), k.Name, d.head, parent.sql(), d.tail); err != nil {
			return err
		}
	}
	return nil
}

// payKeys adds the foreign keys that the run owes, and has the server check the
// rows. One that fails does not keep the others from being added.
func (l *load) payKeys(ctx context.Context) error {
	keys, err := l.owedKeys(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, k := range keys {
		if err := l.payKey(ctx, k); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// owedKeys leaves out those of the source that refer to a table that is not in
// the run.
func (l *load) owedKeys(ctx context.Context) (keys []owedKey, err error) {
	const sql = `
SELECT k.child, k.name, k.head, CASE WHEN k.at_source THEN s.target ELSE k.parent END, k.tail
FROM _rbt.foreign_keys k
LEFT JOIN LATERAL (
	SELECT s.target FROM _rbt.streams s
	WHERE s.run_id = k.run_id AND s.source = k.parent AND s.published_at IS NOT NULL
	ORDER BY s.target LIMIT 1) s ON k.at_source
WHERE k.run_id = $1 AND (s.target IS NOT NULL OR NOT k.at_source)
ORDER BY k.at_source, k.child, k.name`
	err = l.use(ctx, func(conn *pgx.Conn) error {
		keys = nil
		rows, err := conn.Query(ctx, sql, l.attempt.RunID)
		if err != nil {
			return wrap("read the foreign keys from the books", err)
		}
		var k owedKey
		_, err = pgx.ForEachRow(rows, []any{&k.child, &k.name, &k.definition.head, &k.parent, &k.definition.tail}, func() error {
			keys = append(keys, k)
			return nil
		})
		return wrap("read the foreign keys from the books", err)
	})
	return keys, err
}

func (l *load) payKey(ctx context.Context, k owedKey) error {
	doing := "add " + k.String()
	err := l.change(ctx, doing, func(tx pgx.Tx) error {
		state, err := keyState(ctx, tx.Conn(), k)
		if err != nil || state != keyMissing {
			return err
		}
		// Before 18 a partitioned table takes no key without a look at the rows.
		const partitioned = "SELECT relkind = 'p' FROM pg_class WHERE oid = $1::regclass"
		var checkNow bool
		if err := tx.QueryRow(ctx, partitioned, k.child).Scan(&checkNow); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, k.add(checkNow && version(tx.Conn()) < 18)); err != nil {
			return err
		}
		// From here on it is one of the destination's, which owe has to know.
		const added = "UPDATE _rbt.foreign_keys SET at_source = false, parent = $4 WHERE run_id = $1 AND child = $2 AND name = $3"
		_, err = tx.Exec(ctx, added, l.attempt.RunID, k.child, k.name, k.parent)
		return err
	})
	if err != nil {
		return err
	}
	return l.change(ctx, doing, func(tx pgx.Tx) error {
		state, err := keyState(ctx, tx.Conn(), k)
		if err == nil && state == keyUnchecked && k.definition.validated() {
			_, err = tx.Exec(ctx, "ALTER TABLE "+k.child+" VALIDATE CONSTRAINT "+ident(k.name))
		}
		if err != nil {
			return err
		}
		const paid = "DELETE FROM _rbt.foreign_keys WHERE run_id = $1 AND child = $2 AND name = $3"
		_, err = tx.Exec(ctx, paid, l.attempt.RunID, k.child, k.name)
		return err
	})
}

// add is the statement that adds the key: without a look at the rows, so that
// it takes no time while others are locked out, or with one.
func (k owedKey) add(checkNow bool) string {
	d := k.definition
	if !checkNow {
		d.tail = unchecked(d.tail)
	}
	return "ALTER TABLE " + k.child + " ADD CONSTRAINT " + ident(k.name) + " " + d.references(k.parent)
}

// unchecked is the end of a foreign key's definition with NOT VALID.
func unchecked(tail string) string {
	if strings.HasSuffix(tail, " NOT VALID") || strings.HasSuffix(tail, " NOT ENFORCED") {
		return tail
	}
	return tail + " NOT VALID"
}

const (
	keyMissing   = iota
	keyUnchecked // it is there, for new rows only
	keyThere
)

// keyState says whether the child has the key, or one that says the same under
// another name.
func keyState(ctx context.Context, conn *pgx.Conn, k owedKey) (int, error) {
	const sql = `
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = $1::regclass AND contype = 'f' AND conparentid = 0`
	rows, err := conn.Query(ctx, sql, k.child)
	if err != nil {
		return keyMissing, err
	}
	state := keyMissing
	var name, definition string
	var valid bool
	_, err = pgx.ForEachRow(rows, []any{&name, &valid, &definition}, func() error {
		d, err := parseForeignKey(definition)
		switch {
		case err != nil:
			return err
		case name == k.name && !valid:
			state = keyUnchecked
		case name == k.name, d.head == k.definition.head && d.parent.sql() == k.parent:
			state = max(state, keyThere)
		}
		return nil
	})
	return state, err
}
