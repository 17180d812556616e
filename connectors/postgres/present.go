package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// present is what the destination has under a target's name, and what the
// current role may do there.
type present struct {
	name relName
	rel  *relation // nil where there is no table or the like
	// occupied is what else has the name: an index, a sequence, a type.
	occupied string

	schemaExists, canCreate bool // in the schema
	ownerCanCreate          bool // tables can be given to the owner there
	becomesOwner            bool // the current role may give tables to the owner
	canTruncate, canInsert  bool
	canUpdate, canDelete    bool // and read
	hasRules                bool // for INSERT or UPDATE
	watched                 bool // triggers of users see its rows come
	tablespace              string
	ofType                  string // of a typed table
	// bound are the objects that a swap would break, as clauses: "view v
	// depends on it".
	bound []string
	// incoming are the foreign keys of other tables that refer to this one,
	// outgoing are this one's own.
	incoming, outgoing []boundKey
}

// boundKey is a foreign key of an existing table.
type boundKey struct {
	name          string
	child, parent relName
	definition    foreignKeyDefinition
	canDrop       bool // the current role may
}

// site is the database as a whole.
type site struct {
	role     string
	database string
	// canCreate says that schemas may be created, booksReady that the books
	// are there and may be written.
	canCreate, booksExist, booksReady bool
	// standby says that the server takes no writes.
	standby bool
	// compressions are those that the server was built with; none before 14.
	compressions []string
	notes        map[string]string // of the server, for policies
}

func readSite(ctx context.Context, conn *pgx.Conn) (site, error) {
	sql := `
SELECT current_user::text, current_database()::text, pg_is_in_recovery(), has_database_privilege(current_database(), 'CREATE'),
	EXISTS (SELECT FROM pg_namespace WHERE nspname = '_rbt'),
	coalesce((SELECT has_schema_privilege(n.oid, 'USAGE') AND CASE
			WHEN c.oid IS NULL THEN has_schema_privilege(n.oid, 'CREATE')
			ELSE has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE') END
		FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'runs'
		WHERE n.nspname = '_rbt'), false),
	(SELECT enumvals FROM pg_settings WHERE name = 'default_toast_compression'), ` +
		settingNotes("destination", "wal_level", "max_wal_size", "checkpoint_timeout", "shared_buffers", "fsync", "full_page_writes")
	var s site
	err := conn.QueryRow(ctx, sql).Scan(&s.role, &s.database, &s.standby, &s.canCreate, &s.booksExist, &s.booksReady, &s.compressions, &s.notes)
	return s, wrap("look at the destination", err)
}

// inspect returns what there is under the names, each of them. The number of
// round trips does not depend on how many there are. A session that has a
// transaction open is expected to be a books session, whose search path is bare.
func inspect(ctx context.Context, conn *pgx.Conn, names []relName) (map[relName]*present, error) {
	found := map[relName]*present{}
	look := func() error { return readPresent(ctx, conn, names, found) }
	var err error
	if conn.PgConn().TxStatus() == 'I' {
		err = withBareSearchPath(ctx, conn, look)
	} else {
		err = look()
	}
	if err != nil {
		return nil, wrap("look at the targets", err)
	}
	return found, nil
}

func readPresent(ctx context.Context, conn *pgx.Conn, names []relName, found map[relName]*present) error {
	c := newCatalog(version(conn))
	if err := c.read(ctx, conn, names); err != nil {
		return err
	}
	byOID := map[uint32]*present{}
	for _, n := range names {
		p := &present{name: n, rel: c.byName[n]}
		found[n] = p
		if p.rel != nil {
			byOID[p.rel.OID] = p
		}
	}
	if err := readRights(ctx, conn, names, found); err != nil {
		return err
	}
	return readTies(ctx, conn, byOID)
}

const rightsSQL = `
SELECT w.schema, w.name,
	n.oid IS NOT NULL,
	coalesce(has_schema_privilege(n.oid, 'USAGE') AND has_schema_privilege(n.oid, 'CREATE'), false),
	(SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
		OR coalesce(has_schema_privilege(c.relowner, n.oid, 'CREATE'), false),
	coalesce(pg_has_role(c.relowner, $3), false),
	coalesce(has_table_privilege(c.oid, 'TRUNCATE'), false),
	coalesce(has_table_privilege(c.oid, 'INSERT'), false),
	coalesce(has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'SELECT'), false),
	coalesce(has_table_privilege(c.oid, 'DELETE') AND has_table_privilege(c.oid, 'SELECT'), false),
	EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type IN ('2', '3')),
	EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal),
	coalesce((SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace), ''),
	coalesce(nullif(c.reloftype, 0)::regtype::text, ''),
	CASE WHEN c.relkind IN ('r', 'p', 'v', 'm', 'f') THEN ''
		WHEN c.relkind IN ('i', 'I') THEN 'an index'
		WHEN c.relkind = 'S' THEN 'a sequence'
		WHEN c.oid IS NULL AND t.oid IS NULL THEN ''
		ELSE 'a type' END
FROM unnest($1::text[], $2::text[]) AS w (schema, name)
LEFT JOIN pg_namespace n ON n.nspname = w.schema
LEFT JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
LEFT JOIN pg_type t ON t.typnamespace = n.oid AND t.typname = w.name AND t.typelem = 0`

func readRights(ctx context.Context, conn *pgx.Conn, names []relName, found map[relName]*present) error {
	// From 16 on a membership may come without the right to act as the role.
	actAs := "MEMBER"
	if version(conn) >= 16 {
		actAs = "SET"
	}
	schemas, tables := split(names)
	rows, err := conn.Query(ctx, rightsSQL, schemas, tables, actAs)
	if err != nil {
		return err
	}
	var name relName
	var p present
	_, err = pgx.ForEachRow(rows, []any{&name.Schema, &name.Name, &p.schemaExists, &p.canCreate, &p.ownerCanCreate,
		&p.becomesOwner, &p.canTruncate, &p.canInsert, &p.canUpdate, &p.canDelete, &p.hasRules, &p.watched, &p.tablespace, &p.ofType, &p.occupied}, func() error {
		q := p
		q.name, q.rel = name, found[name].rel
		*found[name] = q
		return nil
	})
	return err
}

// readTies reads what is bound to the tables' identity.
func readTies(ctx context.Context, conn *pgx.Conn, byOID map[uint32]*present) error {
	if len(byOID) == 0 {
		return nil
	}
	oids := make([]uint32, 0, len(byOID))
	for oid := range byOID {
		oids = append(oids, oid)
	}
	rows, err := conn.Query(ctx, boundSQL, oids)
	if err != nil {
		return err
	}
	var oid uint32
	var clause string
	if _, err = pgx.ForEachRow(rows, []any{&oid, &clause}, func() error {
		byOID[oid].bound = append(byOID[oid].bound, clause)
		return nil
	}); err != nil {
		return err
	}
	return readForeignKeys(ctx, conn, oids, byOID)
}

func readForeignKeys(ctx context.Context, conn *pgx.Conn, oids []uint32, byOID map[uint32]*present) error {
	rows, err := conn.Query(ctx, foreignKeysSQL, oids)
	if err != nil {
		return err
	}
	var child, parent uint32
	var definition string
	var key boundKey
	_, err = pgx.ForEachRow(rows, []any{&child, &parent, &key.name, &key.child.Schema, &key.child.Name,
		&key.parent.Schema, &key.parent.Name, &definition, &key.canDrop}, func() error {
		k := key
		var err error
		if k.definition, err = parseForeignKey(definition); err != nil {
			return err
		}
		if p := byOID[child]; p != nil {
			p.outgoing = append(p.outgoing, k)
		}
		if p := byOID[parent]; p != nil && parent != child {
			p.incoming = append(p.incoming, k)
		}
		return nil
	})
	return err
}

// A foreign key to a partition is the copy of one to the whole. pg_constraint has
// no index by the table that a key refers to, pg_depend has.
const foreignKeysSQL = `
WITH bound AS (
	SELECT DISTINCT d.objid AS oid FROM unnest($1::oid[]) AS t (oid)
	CROSS JOIN LATERAL (
		SELECT objid FROM pg_depend
		WHERE refclassid = 'pg_class'::regclass AND refobjid = t.oid AND classid = 'pg_constraint'::regclass OFFSET 0) d
), key AS (
	SELECT k.* FROM bound
	CROSS JOIN LATERAL (SELECT * FROM pg_constraint WHERE pg_constraint.oid = bound.oid AND contype = 'f' OFFSET 0) k
)
SELECT k.conrelid, k.confrelid, k.conname, cn.nspname, c.relname, pn.nspname, p.relname,
	pg_get_constraintdef(k.oid), pg_has_role(c.relowner, 'USAGE')
FROM key k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class p ON p.oid = k.confrelid
JOIN pg_namespace pn ON pn.oid = p.relnamespace
WHERE (k.conparentid = 0 OR p.relispartition AND k.confrelid = ANY($1::oid[]))
ORDER BY cn.nspname, c.relname, k.conname`

// boundSQL lists what a swap would break. Everything that depends on a table or
// on its row type is in pg_depend; what a swap moves along is left out. It is
// written so that the server looks rows up by their OIDs, whatever it thinks of
// its catalog's size: else every table would cost a walk through all of it.
const boundSQL = `
WITH target AS (
	SELECT c.*, t.typarray FROM pg_class c LEFT JOIN pg_type t ON t.oid = c.reltype WHERE c.oid = ANY($1::oid[])
), dependent AS (
	SELECT t.oid AS target, d.classid, d.objid, d.objsubid
	FROM target t
	CROSS JOIN LATERAL (
		SELECT * FROM pg_depend WHERE refclassid = 'pg_class'::regclass AND refobjid = t.oid OFFSET 0) d
	WHERE CASE d.classid
		WHEN 'pg_class'::regclass THEN d.objid <> t.oid
			AND (SELECT relkind FROM pg_class WHERE oid = d.objid) NOT IN ('i', 'I', 'S', 't')
		WHEN 'pg_type'::regclass THEN d.deptype <> 'i'
		WHEN 'pg_attrdef'::regclass THEN (SELECT adrelid FROM pg_attrdef WHERE oid = d.objid) <> t.oid
		WHEN 'pg_constraint'::regclass THEN (SELECT conrelid <> t.oid AND contype <> 'f' FROM pg_constraint WHERE oid = d.objid)
		WHEN 'pg_trigger'::regclass THEN (SELECT NOT tgisinternal FROM pg_trigger WHERE oid = d.objid)
		ELSE true END
	UNION
	SELECT t.oid, d.classid, d.objid, d.objsubid
	FROM target t
	CROSS JOIN LATERAL (
		SELECT * FROM pg_depend
		WHERE refclassid = 'pg_type'::regclass AND refobjid IN (t.reltype, t.typarray) OFFSET 0) d
	WHERE t.reltype <> 0 AND d.deptype <> 'i'
), named AS (
	SELECT d.target, o.type || ' ' || o.identity AS name
	FROM dependent d
	LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.ev_class <> d.target
	CROSS JOIN LATERAL pg_identify_object(
		CASE WHEN r.oid IS NULL THEN d.classid ELSE 'pg_class'::regclass END,
		coalesce(r.ev_class, d.objid),
		CASE WHEN r.oid IS NULL THEN d.objsubid ELSE 0 END) o
), clause AS (
	SELECT DISTINCT target, name || ' depends on it' AS text, 1 AS place FROM named
	UNION ALL
	SELECT oid, 'it is a partitioned table', 0 FROM target WHERE relkind = 'p'
	UNION ALL
	SELECT i.inhrelid, CASE WHEN t.relispartition THEN 'it is a partition of ' ELSE 'it inherits from ' END
		|| i.inhparent::regclass, 0
	FROM target t JOIN pg_inherits i ON i.inhrelid = t.oid
	UNION ALL
	SELECT oid, 'it is unlogged', 0 FROM target WHERE relpersistence = 'u'
	UNION ALL
	SELECT oid, 'row-level security is on for it', 0 FROM target WHERE relrowsecurity OR relforcerowsecurity
	UNION ALL
	SELECT oid, 'it is a table of type ' || reloftype::regtype, 0 FROM target WHERE reloftype <> 0
	UNION ALL
	SELECT oid, 'it has security labels', 0 FROM target
	WHERE EXISTS (SELECT FROM pg_seclabel l WHERE l.classoid = 'pg_class'::regclass AND l.objoid = target.oid)
	UNION ALL
	SELECT oid, 'a subscription writes to it', 0 FROM target
	WHERE EXISTS (SELECT FROM pg_subscription_rel WHERE srrelid = target.oid)
	UNION ALL
	SELECT t.oid, 'it belongs to extension ' || x.extname, 0
	FROM target t
	JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = t.oid AND d.deptype = 'e'
	JOIN pg_extension x ON x.oid = d.refobjid
	UNION ALL
	SELECT oid, 'another role than its owner has granted rights on it', 0 FROM target
	WHERE EXISTS (
		SELECT FROM aclexplode(relacl) a WHERE a.grantor <> relowner
		UNION ALL
		SELECT FROM pg_attribute at, aclexplode(at.attacl) a WHERE at.attrelid = target.oid AND a.grantor <> relowner)
	UNION ALL
	SELECT oid, 'an index or a check of it refers to whole rows', 0 FROM target
	WHERE EXISTS (
		SELECT FROM pg_index WHERE indrelid = target.oid
			AND concat(indexprs::text, indpred::text) LIKE '%:varattno 0 %'
		UNION ALL
		SELECT FROM pg_constraint WHERE conrelid = target.oid AND conbin::text LIKE '%:varattno 0 %')
)
SELECT target, text FROM clause ORDER BY target, place, text`

// String names a foreign key for people.
func (k boundKey) String() string { return fmt.Sprintf("foreign key %s of %s", k.name, k.child) }
