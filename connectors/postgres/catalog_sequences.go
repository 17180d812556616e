package postgres

import "github.com/rapidbyte/rbt/connectors"

// An identity column owns its sequence ('i'); a serial default uses one, which
// the column commonly owns ('a').
//
// pg_sequence_last_value is NULL for a sequence that gave out nothing yet.
// Where it begins then, START or a later RESTART, stands in the sequence alone;
// query_to_xml asks many in one statement. A standby cannot read an unlogged
// sequence.
const sequencesSQL = `
with drawn (rel, num, seq) as (
    select refobjid, refobjsubid, objid
    from pg_depend
    where refclassid = 'pg_class'::regclass and refobjid = any($1::oid[])
      and classid = 'pg_class'::regclass and deptype = 'i'
    union
    select d.adrelid, d.adnum::int, uses.refobjid
    from pg_attrdef d
    join pg_depend uses on uses.classid = 'pg_attrdef'::regclass and uses.objid = d.oid
    where d.adrelid = any($1::oid[]) and uses.refclassid = 'pg_class'::regclass
), readable as (
    select drawn.*,
           s.*,
           n.nspname,
           c.relname,
           has_sequence_privilege(seq, 'SELECT, USAGE')
               and (c.relpersistence = 'p' or not pg_is_in_recovery()) as last_readable,
           has_schema_privilege(n.oid, 'USAGE') and has_sequence_privilege(seq, 'SELECT') as row_readable
    from drawn
    join pg_class c on c.oid = seq and c.relkind = 'S'
    join pg_namespace n on n.oid = c.relnamespace
    join pg_sequence s on s.seqrelid = seq
), called as materialized (
    select *, case when last_readable then pg_sequence_last_value(seq) end as last
    from readable
)
select rel,
       a.attname as column,
       nspname as schema,
       relname as name,
       format_type(seqtypid, null) as type,
       seqstart as start, seqincrement as increment, seqmin as min, seqmax as max, seqcache as cache, seqcycle as cycle,
       coalesce(last,
                case when last_readable and row_readable
                     then substring(query_to_xml(format('select last_value as v from %I.%I', nspname, relname),
                                                 false, false, '')::text from '<v>(-?[0-9]+)</v>')::bigint end,
                seqstart) as last,
       last is not null as called,
       last_readable as readable,
       exists (select from pg_depend
               where classid = 'pg_class'::regclass and objid = seq
                 and refclassid = 'pg_class'::regclass and refobjid = rel and refobjsubid = num
                 and deptype in ('a', 'i')) as owned
from called
join pg_attribute a on a.attrelid = rel and a.attnum = num
order by rel, num, seq`

type sequenceRow struct {
	Rel                               uint32
	Column, Schema, Name, Type        string
	Start, Increment, Min, Max, Cache int64
	Cycle                             bool
	Last                              int64
	Called, Readable, Owned           bool
}

func (c *catalog) addSequence(row sequenceRow) {
	r := c.byOID[row.Rel]
	for i := range r.Columns {
		column := &r.Columns[i]
		if column.Name != row.Column || column.Generated != "" {
			continue
		}
		column.Sequence = &connectors.Sequence{
			Schema: row.Schema, Name: row.Name, Type: row.Type,
			Start: row.Start, Increment: row.Increment, Min: row.Min, Max: row.Max,
			Cache: row.Cache, Cycle: row.Cycle, Last: row.Last, Called: row.Called,
		}
	}
	if !row.Readable {
		r.omit("the last value of sequence %s.%s is not copied: the role may not read it", row.Schema, row.Name)
	}
	if !row.Owned {
		r.omit("sequence %s.%s does not belong to column %s: the copy draws from one of its own",
			row.Schema, row.Name, row.Column)
	}
}
