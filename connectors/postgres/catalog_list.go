package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// listSQL estimates from the last VACUUM or ANALYZE where there was one.
// Asking for the actual size takes a lock on the table, and a list must not
// wait for somebody's ALTER TABLE.
const listSQL = `
select c.oid,
       n.nspname as schema,
       c.relname as name,
       c.relkind::text as kind,
       coalesce(i.inhparent, 0) as parent,
       case when c.relkind in ('r', 'm') and heap.bytes = 0 then 0
            when c.relkind in ('r', 'm') and c.relpages = 0 then -1
            when c.relkind in ('r', 'm', 'f') then c.reltuples::int8
            when c.relkind = 'p' then 0
            else -1 end as rows,
       case when c.relkind in ('r', 'm') then heap.bytes + coalesce(toast.bytes, 0)
            when c.relkind = 'p' then 0
            else -1 end as bytes
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_inherits i on i.inhrelid = c.oid and c.relispartition
left join pg_class t on t.oid = c.reltoastrelid
cross join lateral (
    select case when c.relkind not in ('r', 'm') then 0
                when c.relpages > 0 then c.relpages * current_setting('block_size')::int8
                else pg_relation_size(c.oid) end
) as heap (bytes)
cross join lateral (
    select case when t.relpages > 0 then t.relpages * current_setting('block_size')::int8
                else pg_relation_size(t.oid) end
) as toast (bytes)
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and c.relpersistence <> 't'
  and n.nspname <> 'information_schema' and not starts_with(n.nspname, 'pg_')
  and n.nspname <> '_rbt' and not starts_with(c.relname, '_rbt_')
  and not exists (select from pg_depend d
                  where d.classid = 'pg_class'::regclass and d.objid = c.oid
                    and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e')
order by n.nspname, c.relname`

type listRow struct {
	OID, Parent        uint32
	Schema, Name, Kind string
	Rows, Bytes        int64
}

// listTables returns what the database has to offer: all but the system's own,
// what extensions brought, and rbt's books and staging tables.
func listTables(ctx context.Context, conn *pgx.Conn) ([]connectors.TableInfo, error) {
	var found []listRow
	err := withBareSearchPath(ctx, conn, func() error {
		rows, err := conn.Query(ctx, listSQL)
		if err != nil {
			return err
		}
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[listRow])
		return err
	})
	if err != nil {
		return nil, wrap("list the tables", err)
	}
	sumPartitions(found)
	return tableInfos(found), nil
}

// sumPartitions adds the estimates of the partitions to all that they are
// partitions of. A partition of unknown size makes the sum unknown.
func sumPartitions(found []listRow) {
	byOID := rowsByOID(found)
	for _, leaf := range found {
		if tableKinds[leaf.Kind] == connectors.PartitionedTable {
			continue
		}
		for whole := byOID[leaf.Parent]; whole != nil; whole = byOID[whole.Parent] {
			whole.Rows = addKnown(whole.Rows, leaf.Rows)
			whole.Bytes = addKnown(whole.Bytes, leaf.Bytes)
		}
	}
}

func addKnown(a, b int64) int64 {
	if a < 0 || b < 0 {
		return -1
	}
	return a + b
}

func rowsByOID(found []listRow) map[uint32]*listRow {
	byOID := make(map[uint32]*listRow, len(found))
	for i := range found {
		byOID[found[i].OID] = &found[i]
	}
	return byOID
}

func tableInfos(found []listRow) []connectors.TableInfo {
	byOID := rowsByOID(found)
	infos := make([]connectors.TableInfo, len(found))
	for i, row := range found {
		infos[i] = connectors.TableInfo{
			Schema: row.Schema,
			Name:   row.Name,
			Kind:   tableKinds[row.Kind],
			Rows:   row.Rows,
			Bytes:  row.Bytes,
		}
		for whole := byOID[row.Parent]; whole != nil; whole = byOID[whole.Parent] {
			infos[i].PartOf = relName{whole.Schema, whole.Name}.String()
		}
	}
	return infos
}
