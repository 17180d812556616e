package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// size is what a relation takes up now, a partitioned table's being that of
// its partitions.
type size struct {
	Pages int64 // of the heap, without TOAST
	Bytes int64 // with TOAST, without indexes
	Rows  int64 // as the planner estimates; -1 where the relation was never analyzed
}

// sizesSQL scales the rows of the last ANALYZE to the pages of now, which is
// how the planner does it.
const sizesSQL = `
with recursive tree (root, rel) as (
    select oid, oid from unnest($1::oid[]) as asked (oid)
  union all
    select tree.root, i.inhrelid
    from tree
    join pg_inherits i on i.inhparent = tree.rel
    join pg_class c on c.oid = i.inhrelid and c.relispartition
)
select root as rel,
       coalesce(sum(now.bytes) / current_setting('block_size')::int8, 0)::int8 as pages,
       coalesce(sum(now.bytes + coalesce(pg_relation_size(nullif(c.reltoastrelid, 0)), 0)), 0)::int8 as bytes,
       case when bool_and(estimate.rows >= 0) then sum(estimate.rows)::int8 else -1 end as rows
from tree
join pg_class c on c.oid = tree.rel
cross join lateral (
    select case when c.relkind in ('r', 'm') then pg_relation_size(c.oid) end
) as now (bytes)
cross join lateral (
    select case when c.relkind = 'p' then 0
                when c.relkind = 'f' and c.reltuples > 0 then c.reltuples
                when now.bytes = 0 then 0
                when c.relpages > 0 and c.reltuples >= 0
                then c.reltuples / c.relpages * now.bytes / current_setting('block_size')::int8
                else -1 end
) as estimate (rows)
group by root`

// readSizes measures the relations; it needs no more than their OIDs. It takes
// a lock on each for a moment, and so waits for who has locked it exclusively.
func readSizes(ctx context.Context, conn *pgx.Conn, oids []uint32) (map[uint32]size, error) {
	rows, err := conn.Query(ctx, sizesSQL, oids)
	if err != nil {
		return nil, wrap("read the tables' sizes", err)
	}
	sizes := make(map[uint32]size, len(oids))
	var (
		rel uint32
		s   size
	)
	_, err = pgx.ForEachRow(rows, []any{&rel, &s.Pages, &s.Bytes, &s.Rows}, func() error {
		sizes[rel] = s
		return nil
	})
	return sizes, wrap("read the tables' sizes", err)
}
