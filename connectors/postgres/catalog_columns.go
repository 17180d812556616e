package postgres

import (
	"strings"

	"github.com/rapidbyte/rbt/connectors"
)

// A column is not NotNull where NULLs from before an unvalidated constraint
// (18+) may remain. The offsets keep the server from walking through all types
// and defaults there are.
var columnsSQL = `
select a.attrelid as rel,
       a.attname as name,
       a.atttypid as type_oid,
       format_type(a.atttypid, a.atttypmod) as type,
       a.attnotnull and (
           select coalesce(bool_and(k.convalidated), true)
           from pg_constraint k
           where k.conrelid = a.attrelid and k.contype = 'n' and k.conkey = array[a.attnum]) as not_null,
       coalesce((
           select k.conname from pg_constraint k
           where k.conrelid = a.attrelid and k.contype = 'n' and k.conkey = array[a.attnum]), '') as not_null_name,
       coalesce(pg_get_expr(d.adbin, d.adrelid), '') as expression,
       a.attgenerated::text as generated,
       a.attidentity::text as identity,
       case when a.attcollation not in (0, t.typcollation)
            then (select format('%I.%I', cn.nspname, co.collname)
                  from pg_collation co
                  join pg_namespace cn on cn.oid = co.collnamespace
                  where co.oid = a.attcollation)
            else '' end as collation,
       case when a.attstorage <> t.typstorage then a.attstorage::text else '' end as storage,
       a.attcompression::text as compression,
       t.typstorage <> 'p' as compressible,
       coalesce(col_description(a.attrelid, a.attnum), '') as comment,
       coalesce(has_column_privilege(a.attrelid, a.attnum, 'SELECT'), false) as can_select,
       ` + needsOf("pg_attrdef", "d.oid") + ` as needs
from pg_attribute a
cross join lateral (select * from pg_type where pg_type.oid = a.atttypid offset 0) as t
left join lateral (
    select * from pg_attrdef where adrelid = a.attrelid and adnum = a.attnum offset 0) as d on true
where a.attrelid = any($1::oid[]) and a.attnum > 0 and not a.attisdropped
order by a.attrelid, a.attnum`

// needsOf is an SQL expression for the extensions whose functions, operators
// and so on the object of the catalog uses, sorted.
func needsOf(catalog, oid string) string {
	return `array(
           select distinct x.extname
           from pg_depend uses
           join pg_depend member on member.classid = uses.refclassid and member.objid = uses.refobjid
           join pg_extension x on x.oid = member.refobjid
           where uses.classid = '` + catalog + `'::regclass and uses.objid = ` + oid + `
             and member.refclassid = 'pg_extension'::regclass and member.deptype = 'e'
           order by x.extname)`
}

// forVersion leaves out of the SQL what the server does not know yet.
func forVersion(sql string, version int) string {
	if version < 14 {
		sql = strings.NewReplacer(
			"a.attcompression::text", "''",
			"r.rngmultitypid", "0::oid",
		).Replace(sql)
	}
	return sql
}

type columnRow struct {
	Rel                             uint32
	Name                            string
	TypeOID                         uint32
	Type                            string
	NotNull                         bool
	NotNullName                     string
	Expression, Generated, Identity string
	Collation, Storage, Compression string
	Compressible                    bool
	Comment                         string
	CanSelect                       bool
	Needs                           []string
}

func (c *catalog) addColumn(row columnRow) {
	r, t := c.byOID[row.Rel], c.types[row.TypeOID]
	column := connectors.Column{
		Name:         row.Name,
		Type:         row.Type,
		Wire:         c.wire(t),
		Key:          c.key(t),
		NotNull:      row.NotNull,
		NotNullName:  row.NotNullName,
		Identity:     identities[row.Identity],
		Collation:    row.Collation,
		Storage:      storages[row.Storage],
		Compression:  compressions[row.Compression],
		Compressible: row.Compressible,
		Comment:      row.Comment,
		Needs:        row.Needs,
	}
	if column.Wire == "" {
		column.TextOnly = c.textOnly(t)
	}
	if row.Generated == "" {
		column.Default = row.Expression
	} else {
		column.Generated = row.Expression
		column.Virtual = row.Generated == "v"
	}
	if !row.CanSelect {
		r.Unreadable = append(r.Unreadable, row.Name)
	}
	r.Columns = append(r.Columns, column)
	r.Types = c.appendTypes(r.Types, t)
}

var (
	identities   = map[string]string{"a": "always", "d": "by default"}
	storages     = map[string]string{"p": "plain", "m": "main", "e": "external", "x": "extended"}
	compressions = map[string]string{"p": "pglz", "l": "lz4"}
)
