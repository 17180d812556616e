package postgres

import (
	"strings"

	"github.com/rapidbyte/rbt/connectors"
)

// NOT NULL constraints (18+) are in the columns. A foreign key to a
// partitioned table has a copy of itself for each partition.
var constraintsSQL = `
select k.conrelid as rel,
       k.conname as name,
       k.contype::text as kind,
       array(select a.attname
             from unnest(k.conkey) with ordinality as key (num, place)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = key.num
             order by key.place) as columns,
       pg_get_constraintdef(k.oid) as definition,
       coalesce(refn.nspname, '') as ref_schema,
       coalesce(ref.relname, '') as ref_table,
       coalesce(obj_description(k.oid, 'pg_constraint'), '') as comment,
       coalesce(obj_description(nullif(k.conindid, 0), 'pg_class'), '') as index_comment,
       ` + needsOf("pg_constraint", "k.oid") + ` ||
       ` + needsOf("pg_class", "k.conindid") + ` as needs
from pg_constraint k
left join pg_class ref on ref.oid = k.confrelid
left join pg_namespace refn on refn.oid = ref.relnamespace
where k.conrelid = any($1::oid[])
  and k.contype in ('p', 'u', 'x', 'c', 'f')
  and not exists (select from pg_constraint whole where whole.oid = k.conparentid and whole.conrelid = k.conrelid)
order by k.conrelid, position(k.contype::text in 'puxcf'), k.conname`

type constraintRow struct {
	Rel                 uint32
	Name, Kind          string
	Columns             []string
	Definition          string
	RefSchema, RefTable string
	Comment             string
	IndexComment        string
	Needs               []string
}

func (c *catalog) addConstraint(row constraintRow) {
	r := c.byOID[row.Rel]
	if row.Kind == "f" {
		r.ForeignKeys = append(r.ForeignKeys, connectors.ForeignKey{
			Name: row.Name, Columns: row.Columns, RefSchema: row.RefSchema, RefTable: row.RefTable, Definition: row.Definition,
		})
		return
	}
	r.Constraints = append(r.Constraints, connectors.Constraint{
		Name:         row.Name,
		Kind:         constraintKinds[row.Kind],
		Columns:      row.Columns,
		Definition:   row.Definition,
		Comment:      row.Comment,
		IndexComment: row.IndexComment,
		Needs:        row.Needs,
	})
}

var constraintKinds = map[string]string{"p": "primary key", "u": "unique", "x": "exclude", "c": "check"}

var indexesSQL = `
select i.indrelid as rel,
       c.relname as name,
       quote_ident(c.relname) as quoted,
       array(select a.attname
             from pg_attribute a
             where a.attrelid = i.indrelid and exists (
                 select from pg_depend uses
                 where uses.classid = 'pg_class'::regclass and uses.objid = i.indexrelid
                   and uses.refclassid = 'pg_class'::regclass and uses.refobjid = i.indrelid
                   and uses.refobjsubid = a.attnum)
             order by a.attnum) as columns,
       pg_get_indexdef(i.indexrelid) as definition,
       i.indisunique as unique,
       i.indisvalid as valid,
       coalesce(obj_description(c.oid, 'pg_class'), '') as comment,
       ` + needsOf("pg_class", "i.indexrelid") + ` as needs
from pg_index i
join pg_class c on c.oid = i.indexrelid
where i.indrelid = any($1::oid[])
  and not exists (select from pg_constraint k
                  where k.conindid = i.indexrelid and k.conrelid = i.indrelid and k.contype in ('p', 'u', 'x'))
order by i.indrelid, c.relname`

type indexRow struct {
	Rel                      uint32
	Columns                  []string
	Name, Quoted, Definition string
	Unique, Valid            bool
	Comment                  string
	Needs                    []string
}

func (c *catalog) addIndex(row indexRow) {
	r := c.byOID[row.Rel]
	if !row.Valid {
		r.omit("index %s is not copied: it is invalid", row.Name)
		return
	}
	r.Indexes = append(r.Indexes, connectors.Index{
		Name:       row.Name,
		Columns:    row.Columns,
		Definition: plainIndex(row.Definition, row.Quoted),
		Unique:     row.Unique,
		Comment:    row.Comment,
		Needs:      row.Needs,
	})
}

// plainIndex makes the definition of a partitioned table's index, which says
// ON ONLY, one for a plain table.
func plainIndex(definition, quotedName string) string {
	head, tail, _ := strings.Cut(definition, quotedName)
	if rest, only := strings.CutPrefix(tail, " ON ONLY "); only {
		return head + quotedName + " ON " + rest
	}
	return definition
}
