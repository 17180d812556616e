package postgres

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
)

// swap puts the staging table in the target's place. The target is locked, and
// everybody who asks for it by name gets the one or the other.
func (p *publication) swap(ctx context.Context, tx pgx.Tx, now *present) error {
	if err := p.checkSwap(ctx, tx, now); err != nil {
		return err
	}
	kept, err := readKept(ctx, tx, now, p.facts.evolution.drop)
	if err != nil {
		return err
	}
	if err := p.takeOffKeys(ctx, tx, now); err != nil {
		return err
	}
	if err := p.hideBehind(ctx, tx, now, kept); err != nil {
		return err
	}
	if err := execAll(ctx, tx, []string{
		"DROP TABLE " + p.facts.name.sql(),
		"ALTER TABLE " + p.staging.sql() + " RENAME TO " + ident(p.facts.name.Name),
	}); err != nil {
		return err
	}
	if err := execAll(ctx, tx, p.facts.evolution.sequences()); err != nil {
		return err
	}
	if err := p.createIdentities(ctx, tx, p.facts.evolution.apply(now.rel)); err != nil {
		return err
	}
	if err := p.restore(ctx, tx, kept); err != nil {
		return err
	}
	if err := p.attach(ctx, tx, p.pieces); err != nil {
		return err
	}
	if err := p.putBackKeys(ctx, tx, now); err != nil {
		return err
	}
	return p.moveSequences(ctx, tx, now, true)
}

// checkSwap finds changes to the target since the staging table was made like
// it, and since its indexes were built. What they are called and marked with is
// theirs as of now.
func (p *publication) checkSwap(ctx context.Context, tx pgx.Tx, now *present) error {
	d, err := swapDesign(ctx, tx, p.target, p.facts, now)
	if err != nil {
		return err
	}
	if d.shape != p.row.shape {
		return errChanged(p.facts.name)
	}
	today, err := d.pieces(p.staging)
	if err != nil {
		return err
	}
	if !slices.EqualFunc(today, p.pieces, func(a, b piece) bool { return a.temporary == b.temporary }) {
		return errTryAgain{fmt.Sprintf("indexes or constraints of %s were changed meanwhile", p.facts.name)}
	}
	p.pieces = today
	return nil
}

// kept is what a table has beside its definition, and keeps through a swap.
type kept struct {
	grants     bool     // rights were granted or revoked
	statements []string // to run when the new table has the name
	sequences  []string // quoted, with the column that owns each
	columns    []string
}

// hideBehind gives the staging table the old one's owner and its sequences,
// which would otherwise go when the old one goes.
func (p *publication) hideBehind(ctx context.Context, tx pgx.Tx, now *present, k *kept) error {
	sql := []string{"ALTER TABLE " + p.staging.sql() + " OWNER TO " + ident(now.rel.Owner)}
	for i, sequence := range k.sequences {
		sql = append(sql, "ALTER SEQUENCE "+sequence+" OWNED BY "+p.staging.sql()+"."+ident(k.columns[i]))
	}
	return execAll(ctx, tx, sql)
}

// readKept leaves out what is about columns that are dropped.
func readKept(ctx context.Context, tx pgx.Tx, now *present, dropped []string) (*kept, error) {
	k := &kept{}
	err := tx.QueryRow(ctx, "SELECT relacl IS NOT NULL FROM pg_class WHERE oid = $1", now.rel.OID).Scan(&k.grants)
	if err != nil {
		return nil, err
	}
	dropped = notNull(dropped)
	rows, err := tx.Query(ctx, keptSQL, now.rel.OID, now.name.sql(), dropped)
	if err != nil {
		return nil, err
	}
	if k.statements, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return nil, err
	}
	const owned = `
SELECT s.oid::regclass::text, a.attname
FROM pg_depend d
JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
	AND d.refobjid = $1 AND d.deptype = 'a' AND a.attname <> ALL ($2::text[])`
	if rows, err = tx.Query(ctx, owned, now.rel.OID, dropped); err != nil {
		return nil, err
	}
	var sequence, column string
	_, err = pgx.ForEachRow(rows, []any{&sequence, &column}, func() error {
		k.sequences, k.columns = append(k.sequences, sequence), append(k.columns, column)
		return nil
	})
	return k, err
}

// keptSQL returns statements about table $2 that restore what table $1 has. An
// identity column's sequence is created again under its name.
const keptSQL = `
WITH t AS (
	SELECT * FROM pg_class WHERE oid = $1
), a AS (
	SELECT * FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attname <> ALL ($3::text[])
), s AS (
	SELECT c.* FROM pg_depend d JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN a ON a.attnum = d.refobjsubid
	WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1 AND d.deptype = 'i'
), acl AS (
	SELECT x.*, 'TABLE ' || $2 AS thing, '' AS col FROM t, aclexplode(relacl) x
	UNION ALL
	SELECT x.*, 'TABLE ' || $2, format(' (%I)', attname) FROM a, aclexplode(attacl) x
	UNION ALL
	SELECT x.*, 'SEQUENCE ' || s.oid::regclass, '' FROM s, aclexplode(relacl) x
)
SELECT format('COMMENT ON TABLE %s IS %L', $2, obj_description(oid, 'pg_class'))
FROM t WHERE obj_description(oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT format('COMMENT ON COLUMN %s.%I IS %L', $2, attname, col_description($1, attnum))
FROM a WHERE col_description($1, attnum) IS NOT NULL
UNION ALL
SELECT format('COMMENT ON SEQUENCE %s IS %L', oid::regclass, obj_description(oid, 'pg_class'))
FROM s WHERE obj_description(oid, 'pg_class') IS NOT NULL
UNION ALL
SELECT format('ALTER TABLE %s SET (%s = %L)', $2, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
FROM t, unnest(reloptions) o
UNION ALL
SELECT format('ALTER TABLE %s SET (toast.%s = %L)', $2, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
FROM t JOIN pg_class toast ON toast.oid = t.reltoastrelid, unnest(toast.reloptions) o
UNION ALL
SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', $2, CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END)
FROM t WHERE relreplident IN ('f', 'n')
UNION ALL
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', $2, attname, attstattarget)
FROM a WHERE attstattarget >= 0
UNION ALL
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET (%s = %L)', $2, attname, split_part(o, '=', 1), substr(o, strpos(o, '=') + 1))
FROM a, unnest(attoptions) o
UNION ALL
SELECT format('GRANT %s%s ON %s TO %s%s', privilege_type, col, thing,
	CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END,
	CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
FROM acl`

// restore runs the statements, after it took away the rights that the new
// table was born with.
func (p *publication) restore(ctx context.Context, tx pgx.Tx, k *kept) error {
	const born = `
SELECT DISTINCT format('REVOKE ALL ON TABLE %s FROM %s', $1::text,
	CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END)
FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner)))
WHERE c.oid = $1::regclass AND ($2 OR grantee <> c.relowner)`
	rows, err := tx.Query(ctx, born, p.facts.name.sql(), k.grants)
	if err != nil {
		return err
	}
	revokes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	return execAll(ctx, tx, append(revokes, k.statements...))
}

// takeOffKeys writes foreign keys into the books and takes off those that are
// in the way.
func (p *publication) takeOffKeys(ctx context.Context, tx pgx.Tx, now *present) error {
	for _, k := range p.keysToTakeOff(now) {
		if err := p.load.owe(ctx, tx, k); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "ALTER TABLE "+k.child.sql()+" DROP CONSTRAINT "+ident(k.name)); err != nil {
			return err
		}
	}
	return nil
}

// keysToTakeOff are the foreign keys between the target and another table that
// this run replaces. While the one is new and the other old, they do not hold.
func (p *publication) keysToTakeOff(now *present) []boundKey {
	keys := slices.Clone(now.incoming)
	for _, k := range now.outgoing {
		if p.facts.replaced[k.parent] && k.parent != p.facts.name {
			keys = append(keys, k)
		}
	}
	return keys
}

// checkKeys finds foreign keys that came since the run was planned.
func (p *publication) checkKeys(now *present) error {
	for _, k := range now.incoming {
		if !p.facts.replaced[k.child] || !p.load.dest.options.ForeignKeys {
			return fmt.Errorf("%s refers to %s, and this run cannot take it off", k, p.facts.name)
		}
	}
	return nil
}

// putBackKeys adds the foreign keys that went with the old table and can hold
// again at once. Finish has the server check the rows.
func (p *publication) putBackKeys(ctx context.Context, tx pgx.Tx, now *present) error {
	for _, k := range now.outgoing {
		if p.facts.replaced[k.parent] && k.parent != p.facts.name {
			continue
		}
		if err := p.load.owe(ctx, tx, k); err != nil {
			return err
		}
		d := k.definition
		d.tail = unchecked(d.tail)
		if _, err := tx.Exec(ctx, addConstraint(p.facts.name, k.name, d.references(k.parent.sql()))); err != nil {
			return fmt.Errorf("%s: %w", k, err)
		}
	}
	return nil
}
