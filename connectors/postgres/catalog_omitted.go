package postgres

// omittedSQL lists in words what a copy as a plain table leaves behind.
const omittedSQL = `
select rel, what from (
    select 1 as place, c.oid as rel,
           case c.relkind
               when 'p' then 'it is partitioned: the partitions become one table'
               when 'v' then 'it is a view: its rows become a table'
               when 'm' then 'it is a materialized view: its rows become a table'
               when 'f' then 'it is a foreign table: its rows become a table'
           end as what
    from pg_class c
    where c.relkind <> 'r'
  union all
    select 2, i.inhrelid,
           format(case when c.relispartition then 'it is a partition of %s.%s: it becomes a table of its own'
                       else 'it inherits from %s.%s: it becomes a table of its own' end, pn.nspname, p.relname)
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    join pg_class p on p.oid = i.inhparent
    join pg_namespace pn on pn.oid = p.relnamespace
  union all
    select 3, c.oid, 'it is unlogged: it becomes a table that survives a crash'
    from pg_class c
    where c.relpersistence = 'u'
  union all
    select 4, c.oid, format('the storage parameters %s are not copied', array_to_string(c.reloptions, ', '))
    from pg_class c
    where c.reloptions is not null and c.relkind <> 'v'
  union all
    select 5, t.tgrelid, format('trigger %s is not copied', t.tgname)
    from pg_trigger t
    where not t.tgisinternal
  union all
    select 6, r.ev_class, format('rule %s is not copied', r.rulename)
    from pg_rewrite r
    where r.rulename <> '_RETURN'
  union all
    select 7, c.oid, 'row-level security is not copied: whoever may read the copy sees all its rows'
    from pg_class c
    where c.relrowsecurity
  union all
    select 8, p.polrelid, format('policy %s is not copied', p.polname)
    from pg_policy p
  union all
    select 9, s.stxrelid, format('extended statistics %s are not copied', s.stxname)
    from pg_statistic_ext s
) as omitted
where rel = any($1::oid[])
order by rel, place, what`

type omittedRow struct {
	Rel  uint32
	What string
}

func (c *catalog) addOmitted(row omittedRow) { c.byOID[row.Rel].omit("%s", row.What) }
