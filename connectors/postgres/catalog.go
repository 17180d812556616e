package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// relName names a relation.
type relName struct{ Schema, Name string }

func (n relName) String() string { return n.Schema + "." + n.Name }

// relation is what the catalog says of a relation: the definition that can be
// created elsewhere, and what reading or replacing it has to know besides.
type relation struct {
	connectors.Table
	OID          uint32
	AccessMethod string  // heap and the like; empty for what stores nothing
	Persistence  string  // permanent, unlogged, temporary
	Pages        int64   // at the last VACUUM or ANALYZE; readSizes has the actual size
	Tuples       float64 // likewise; -1 where unknown
	Partition    bool    // it is a partition of another table
	HasChildren  bool    // other tables inherit from it or are its partitions
	InheritsFrom []relName
	RowSecurity  bool // policies apply to the current role
	// CanSelect says that the current role may read everything, the system
	// columns included. Where it may not, Unreadable are the columns that it
	// may not read either; ctid is then out of reach.
	CanSelect  bool
	NoUsage    bool // of the schema: nothing in it can be read
	Dropped    bool // since the transaction's snapshot
	Unreadable []string
	Owner      string
	Owned      bool   // the current role has the owner's rights
	Query      string // of Kind Query
}

// readTables returns the definitions of those of the relations that exist. The
// number of round trips does not depend on how many there are.
func readTables(ctx context.Context, conn *pgx.Conn, names []relName) (map[relName]*relation, error) {
	c := newCatalog(version(conn))
	err := withBareSearchPath(ctx, conn, func() error { return c.read(ctx, conn, names) })
	if err != nil {
		return nil, wrap("read the table definitions", err)
	}
	return c.byName, nil
}

// withBareSearchPath runs read while the search path is empty, so that the
// server qualifies every name of a user's object that it prints. All that read
// sees is one moment, and the session is afterwards as it was, also where a
// transaction is open.
func withBareSearchPath(ctx context.Context, conn *pgx.Conn, read func() error) error {
	begin, end := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "ROLLBACK"
	if conn.PgConn().TxStatus() != 'I' {
		begin = "SAVEPOINT rbt_catalog"
		end = "ROLLBACK TO SAVEPOINT rbt_catalog; RELEASE SAVEPOINT rbt_catalog"
	}
	if _, err := conn.Exec(ctx, begin+"; "+catalogSettings); err != nil {
		return err
	}
	readErr := read()
	_, err := conn.Exec(ctx, end)
	if readErr != nil {
		return readErr
	}
	return err
}

// Without JIT, because the compiler takes most of a second for queries that run
// for milliseconds.
const catalogSettings = "SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off; SET LOCAL jit = off"

// catalog gathers the definitions while they are read.
type catalog struct {
	version int // of the server
	byName  map[relName]*relation
	byOID   map[uint32]*relation
	types   map[uint32]*dataType
	unused  []*connectors.Sequence // that gave nothing out yet
}

func newCatalog(version int) *catalog {
	return &catalog{
		version: version,
		byName:  map[relName]*relation{},
		byOID:   map[uint32]*relation{},
		types:   map[uint32]*dataType{},
	}
}

func (c *catalog) read(ctx context.Context, conn *pgx.Conn, names []relName) error {
	if err := c.readRelations(ctx, conn, names); err != nil || len(c.byOID) == 0 {
		return err
	}
	return c.readParts(ctx, conn)
}

// readParts reads what belongs to the relations, in one round trip where every
// sequence was used. The types come first because the columns look them up.
func (c *catalog) readParts(ctx context.Context, conn *pgx.Conn) error {
	oids := make([]uint32, 0, len(c.byOID))
	for oid := range c.byOID {
		oids = append(oids, oid)
	}
	var batch pgx.Batch
	queue(&batch, forVersion(typesSQL, c.version), oids, c.addType)
	queue(&batch, forVersion(columnsSQL, c.version), oids, c.addColumn)
	queue(&batch, sequencesSQL, oids, c.addSequence)
	queue(&batch, constraintsSQL, oids, c.addConstraint)
	queue(&batch, indexesSQL, oids, c.addIndex)
	queue(&batch, omittedSQL, oids, c.addOmitted)
	if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	return c.readUnused(ctx, conn)
}

// queue adds a query about the relations to the batch; add takes its rows, one
// by one, after those of the queries before it.
func queue[Row any](batch *pgx.Batch, sql string, oids []uint32, add func(Row)) {
	batch.Queue(sql, oids).Query(func(rows pgx.Rows) error {
		_, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (struct{}, error) {
			r, err := pgx.RowToStructByName[Row](row)
			if err == nil {
				add(r)
			}
			return struct{}{}, err
		})
		return err
	})
}

const relationsSQL = `
select c.oid,
       n.nspname as schema,
       c.relname as name,
       c.relkind::text as kind,
       coalesce(am.amname, '') as access_method,
       c.relpersistence::text as persistence,
       c.relpages as pages,
       c.reltuples::float8 as tuples,
       c.relispartition as partition,
       exists (select from pg_inherits i where i.inhparent = c.oid) as has_children,
       array(select pn.nspname
             from pg_inherits i
             join pg_class p on p.oid = i.inhparent
             join pg_namespace pn on pn.oid = p.relnamespace
             where i.inhrelid = c.oid order by i.inhseqno) as parent_schemas,
       array(select p.relname
             from pg_inherits i
             join pg_class p on p.oid = i.inhparent
             where i.inhrelid = c.oid order by i.inhseqno) as parent_names,
       row_security_active(c.oid) as row_security,
       coalesce(has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT'), false) as can_select,
       has_table_privilege(c.oid, 'SELECT') is null as dropped,
       not has_schema_privilege(n.oid, 'USAGE') as no_usage,
       pg_get_userbyid(c.relowner) as owner,
       pg_has_role(c.relowner, 'USAGE') as owned,
       coalesce(obj_description(c.oid, 'pg_class'), '') as comment
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_am am on am.oid = c.relam
where (n.nspname, c.relname) in (select * from unnest($1::text[], $2::text[]))
  and c.relkind in ('r', 'p', 'v', 'm', 'f')`

type relationRow struct {
	OID                        uint32
	Schema, Name, Kind         string
	AccessMethod, Persistence  string
	Pages                      int64
	Tuples                     float64
	Partition, HasChildren     bool
	ParentSchemas, ParentNames []string
	RowSecurity, CanSelect     bool
	Dropped, NoUsage           bool
	Owner                      string
	Owned                      bool
	Comment                    string
}

func (c *catalog) readRelations(ctx context.Context, conn *pgx.Conn, names []relName) error {
	schemas, tables := make([]string, len(names)), make([]string, len(names))
	for i, n := range names {
		schemas[i], tables[i] = n.Schema, n.Name
	}
	rows, err := conn.Query(ctx, relationsSQL, schemas, tables)
	if err != nil {
		return err
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[relationRow])
	for _, row := range found {
		r := c.relation(row)
		c.byOID[r.OID], c.byName[relName{row.Schema, row.Name}] = r, r
	}
	return err
}

func (c *catalog) relation(row relationRow) *relation {
	r := &relation{
		Table: connectors.Table{
			Dialect: "postgres",
			Schema:  row.Schema,
			Name:    row.Name,
			Kind:    tableKinds[row.Kind],
			Comment: row.Comment,
		},
		OID:          row.OID,
		AccessMethod: row.AccessMethod,
		Persistence:  persistences[row.Persistence],
		Pages:        row.Pages,
		Tuples:       row.Tuples,
		Partition:    row.Partition,
		HasChildren:  row.HasChildren,
		RowSecurity:  row.RowSecurity,
		CanSelect:    row.CanSelect,
		Dropped:      row.Dropped,
		NoUsage:      row.NoUsage,
		Owner:        row.Owner,
		Owned:        row.Owned,
	}
	// Before 14 a table that was never analyzed looks like an empty one.
	if r.Pages == 0 && r.Tuples == 0 && c.version < 14 {
		r.Tuples = -1
	}
	for i, schema := range row.ParentSchemas {
		r.InheritsFrom = append(r.InheritsFrom, relName{schema, row.ParentNames[i]})
	}
	return r
}

var tableKinds = map[string]connectors.TableKind{
	"r": connectors.PlainTable,
	"p": connectors.PartitionedTable,
	"v": connectors.View,
	"m": connectors.MaterializedView,
	"f": connectors.ForeignTable,
}

var persistences = map[string]string{"p": "permanent", "u": "unlogged", "t": "temporary"}

// column finds a column by its name; it is nil where there is none.
func (r *relation) column(name string) *connectors.Column {
	for i := range r.Columns {
		if r.Columns[i].Name == name {
			return &r.Columns[i]
		}
	}
	return nil
}

// omit notes in words what a copy leaves out.
func (r *relation) omit(format string, args ...any) {
	r.Omitted = append(r.Omitted, fmt.Sprintf(format, args...))
}
