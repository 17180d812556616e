package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// An identity column owns its sequence ('i'); a serial default uses one, which
// the column commonly owns ('a'). A sequence that gave nothing out yet has no
// last value. A standby cannot read an unlogged sequence. The offset keeps the
// server from walking through the defaults of all tables.
const sequencesSQL = `
with drawn (rel, num, seq) as (
    select refobjid, refobjsubid, objid
    from pg_depend
    where refclassid = 'pg_class'::regclass and refobjid = any($1::oid[])
      and classid = 'pg_class'::regclass and deptype = 'i'
  union
    select d.adrelid, d.adnum::int, uses.refobjid
    from pg_attrdef d
    cross join lateral (
        select * from pg_depend where classid = 'pg_attrdef'::regclass and objid = d.oid offset 0) uses
    where d.adrelid = any($1::oid[]) and uses.refclassid = 'pg_class'::regclass
), sequence as (
    select drawn.*, s.*, n.nspname, c.relname,
           has_sequence_privilege(c.oid, 'SELECT, USAGE') and kept as readable,
           has_sequence_privilege(c.oid, 'SELECT') and has_schema_privilege(n.oid, 'USAGE') and kept as selectable
    from drawn
    join pg_class c on c.oid = seq and c.relkind = 'S'
    join pg_namespace n on n.oid = c.relnamespace
    join pg_sequence s on s.seqrelid = seq
    cross join lateral (select c.relpersistence <> 'u' or not pg_is_in_recovery()) as here (kept)
)
select rel,
       a.attname as column,
       nspname as schema,
       relname as name,
       format_type(seqtypid, null) as type,
       seqstart as start,
       seqincrement as increment,
       seqmin as min,
       seqmax as max,
       seqcache as cache,
       seqcycle as cycle,
       case when readable then pg_sequence_last_value(seq) end as last,
       readable,
       selectable,
       exists (select from pg_depend
               where classid = 'pg_class'::regclass and objid = seq
                 and refclassid = 'pg_class'::regclass and refobjid = rel and refobjsubid = num
                 and deptype in ('a', 'i')) as owned
from sequence
join pg_attribute a on a.attrelid = rel and a.attnum = num
order by rel, num, seq`

type sequenceRow struct {
	Rel                               uint32
	Column, Schema, Name, Type        string
	Start, Increment, Min, Max, Cache int64
	Cycle                             bool
	Last                              *int64
	Readable, Selectable, Owned       bool
}

func (c *catalog) addSequence(row sequenceRow) {
	r := c.byOID[row.Rel]
	s := &connectors.Sequence{
		Schema: row.Schema, Name: row.Name, Type: row.Type,
		Start: row.Start, Increment: row.Increment, Min: row.Min, Max: row.Max,
		Cache: row.Cache, Cycle: row.Cycle, Last: row.Start, Owned: row.Owned,
	}
	r.column(row.Column).Sequence = s
	switch {
	case !row.Readable:
		r.omit("the last value of sequence %s.%s is not copied: the role may not read it", s.Schema, s.Name)
	case row.Last != nil:
		s.Last, s.Called = *row.Last, true
	case row.Selectable:
		c.unused = append(c.unused, s)
	}
	if !row.Owned {
		r.omit("sequence %s.%s does not belong to column %s: the copy draws from one of its own",
			s.Schema, s.Name, row.Column)
	}
}

// manyUnused is how many sequences one statement asks: the server's time to
// plan it grows with the square (5000 sequences: 1.1 s at once, 0.1 s so).
const manyUnused = 100

// readUnused reads where the sequences begin that gave nothing out yet: after
// RESTART or setval that is not their Start, and the sequence alone knows.
func (c *catalog) readUnused(ctx context.Context, conn *pgx.Conn) error {
	if len(c.unused) == 0 {
		return nil
	}
	var batch pgx.Batch
	for some := range slices.Chunk(c.unused, manyUnused) {
		queueUnused(&batch, some)
	}
	return conn.SendBatch(ctx, &batch).Close()
}

func queueUnused(batch *pgx.Batch, unused []*connectors.Sequence) {
	values := make([]string, len(unused))
	for i, s := range unused {
		values[i] = "(SELECT last_value FROM " + ident(s.Schema, s.Name) + ")"
	}
	batch.Queue("SELECT ARRAY[" + strings.Join(values, ", ") + "]").QueryRow(func(row pgx.Row) error {
		var first []int64
		err := row.Scan(&first)
		for i, last := range first {
			unused[i].Last = last
		}
		return err
	})
}
