package postgres

import (
	"strings"

	"github.com/rapidbyte/rbt/connectors"
)

// typesSQL reads the types of the relations' columns and what those types are
// made of. pg_get_expr needs no relation: a domain's default has no columns. The
// offsets keep the server from walking through all types there are.
const typesSQL = `
with recursive needed (oid, whole, place) as (
    select atttypid, 0::oid, 0
    from pg_attribute
    where attrelid = any($1::oid[]) and attnum > 0 and not attisdropped
  union
    select part.oid, t.oid, part.place
    from needed
    cross join lateral (select * from pg_type where pg_type.oid = needed.oid offset 0) t
    cross join lateral (
        select e.oid, 1 as place from pg_type e where e.oid = t.typelem and e.typarray = t.oid
      union all
        select t.typbasetype, 1 where t.typtype = 'd'
      union all
        select a.atttypid, a.attnum::int from pg_attribute a
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
      union all
        select r.rngsubtype, 1 from pg_range r where r.rngtypid = t.oid
      union all
        select r.rngtypid, 1 from pg_range r where r.rngmultitypid = t.oid
    ) as part
)
select t.oid,
       n.nspname as schema,
       t.typname as name,
       format('%I.%I', n.nspname, t.typname) as quoted,
       t.typtype::text as kind,
       coalesce((select e.oid from pg_type e where e.oid = t.typelem and e.typarray = t.oid), 0) as element,
       array(select part.oid::int8 from needed part where part.whole = t.oid order by part.place) as parts,
       coalesce((select x.extname from pg_depend d join pg_extension x on x.oid = d.refobjid
                 where d.classid = 'pg_type'::regclass and d.objid = t.oid
                   and d.refclassid = 'pg_extension'::regclass and d.deptype = 'e'), '') as extension,
       coalesce((select c.relkind in ('r', 'p', 'v', 'm', 'f') from pg_class c where c.oid = t.typrelid), false) as row_type,
       case t.typtype
           when 'e' then array(select enumlabel::text from pg_enum where enumtypid = t.oid order by enumsortorder)
           when 'c' then array(
               select format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod))
                      || case when a.attcollation not in (0, at.typcollation)
                              then format(' COLLATE %I.%I', an.nspname, co.collname) else '' end
               from pg_attribute a
               join pg_type at on at.oid = a.atttypid
               left join pg_collation co on co.oid = a.attcollation
               left join pg_namespace an on an.oid = co.collnamespace
               where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
               order by a.attnum)
           when 'd' then array_remove(array[
               format_type(t.typbasetype, t.typtypmod),
               case when t.typcollation not in (0, (select typcollation from pg_type base where base.oid = t.typbasetype))
                    then (select format('COLLATE %I.%I', cn.nspname, co.collname)
                          from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                          where co.oid = t.typcollation) end,
               'DEFAULT ' || pg_get_expr(t.typdefaultbin, 0),
               case when t.typnotnull then 'NOT NULL' end], null)
           when 'r' then (
               select array_remove(array[
                   'SUBTYPE = ' || format_type(r.rngsubtype, null),
                   (select format('SUBTYPE_OPCLASS = %I.%I', o_n.nspname, o.opcname)
                    from pg_opclass o join pg_namespace o_n on o_n.oid = o.opcnamespace
                    where o.oid = r.rngsubopc and not o.opcdefault),
                   (select format('COLLATION = %I.%I', cn.nspname, co.collname)
                    from pg_collation co join pg_namespace cn on cn.oid = co.collnamespace
                    join pg_type st on st.oid = r.rngsubtype
                    where co.oid = r.rngcollation and co.oid <> st.typcollation),
                   'SUBTYPE_DIFF = ' || nullif(r.rngsubdiff, 0)::regproc,
                   (select format('MULTIRANGE_TYPE_NAME = %I.%I', mn.nspname, m.typname)
                    from pg_type m join pg_namespace mn on mn.oid = m.typnamespace
                    where m.oid = r.rngmultitypid)], null)
               from pg_range r
               where r.rngtypid = t.oid and r.rngcanonical = 0)
       end as details,
       array(select format('CONSTRAINT %I %s', k.conname, pg_get_constraintdef(k.oid))
             from pg_constraint k
             where k.contypid = t.oid and k.contype = 'c'
             order by k.convalidated desc, k.conname) as checks,
       (select count(*) from pg_constraint k
        where k.contypid = t.oid and k.contype = 'c' and k.convalidated) as valid_checks
from (select distinct oid from needed) as wanted
cross join lateral (select * from pg_type where pg_type.oid = wanted.oid offset 0) as t
join pg_namespace n on n.oid = t.typnamespace`

// dataType is a type as the catalog has it.
type dataType struct {
	OID          uint32
	Schema, Name string
	Quoted       string // schema and name, as SQL wants them
	Kind         string // typtype
	Element      uint32 // of an array, else 0
	// Parts are the types that it is made of: an array's element, a domain's
	// base type, a composite type's attributes, a range's subtype.
	Parts     []uint32
	Extension string // that owns it
	RowType   bool   // of a table or the like
	// Details are an enum's labels, a composite type's attributes, a range's
	// parameters, or what follows the name of a domain.
	Details []string
	// Checks are a domain's constraints, those that old values may violate
	// after the first ValidChecks.
	Checks      []string
	ValidChecks int
}

func (c *catalog) addType(t dataType) { c.types[t.OID] = &t }

// builtin reports whether the type is one of PostgreSQL's own. The domains of
// information_schema are not: their text form is all that is promised of them.
func (t *dataType) builtin() bool { return t.Schema == "pg_catalog" && t.Extension == "" }

// appendTypes adds the user's types that t needs, and t, where they are not
// there yet: parts before the whole.
func (c *catalog) appendTypes(types []connectors.Type, t *dataType) []connectors.Type {
	if t.builtin() && t.Element == 0 || t.Schema == "information_schema" || has(types, t) {
		return types
	}
	if t.Extension == "" && !t.RowType {
		for _, part := range t.Parts {
			types = c.appendTypes(types, c.types[part])
		}
	}
	if t.Element != 0 || t.Kind == "m" { // they come with their element or range
		return types
	}
	def := t.define()
	if def.Create != "" {
		for _, part := range t.Parts {
			if p := c.plainType(part); !p.builtin() {
				def.Parts = append(def.Parts, ident(p.Schema, p.Name))
			}
		}
	}
	return append(types, def)
}

// plainType is the type itself, an array's element, or a multirange's range.
func (c *catalog) plainType(oid uint32) *dataType {
	t := c.types[oid]
	for t.Element != 0 || t.Kind == "m" {
		t = c.types[t.Parts[0]]
	}
	return t
}

func has(types []connectors.Type, t *dataType) bool {
	for _, known := range types {
		if known.Schema == t.Schema && known.Name == t.Name {
			return true
		}
	}
	return false
}

func (t *dataType) define() connectors.Type {
	def := connectors.Type{Schema: t.Schema, Name: t.Name}
	switch {
	case t.Extension != "":
		def.Kind, def.Needs = "extension", t.Extension
	case t.Kind == "e":
		def.Kind, def.Labels, def.Create = "enum", t.Details, t.createEnum()
	case t.Kind == "d":
		def.Kind, def.Create = "domain", t.createDomain()
	case t.Kind == "c" && t.RowType:
		def.Kind = "composite"
	case t.Kind == "c":
		def.Kind, def.Create = "composite", "CREATE TYPE "+t.Quoted+" AS ("+strings.Join(t.Details, ", ")+")"
	case t.Kind == "r":
		def.Kind, def.Create = "range", t.createRange()
	default:
		def.Kind = "base"
	}
	return def
}

func (t *dataType) createEnum() string {
	labels := make([]string, len(t.Details))
	for i, label := range t.Details {
		labels[i] = literal(label)
	}
	return "CREATE TYPE " + t.Quoted + " AS ENUM (" + strings.Join(labels, ", ") + ")"
}

// createDomain adds the checks that are not valid by statements of their own,
// which is how PostgreSQL wants it.
func (t *dataType) createDomain() string {
	parts := append([]string{"CREATE DOMAIN", t.Quoted, "AS"}, t.Details...)
	parts = append(parts, t.Checks[:t.ValidChecks]...)
	sql := strings.Join(parts, " ")
	for _, check := range t.Checks[t.ValidChecks:] {
		sql += "; ALTER DOMAIN " + t.Quoted + " ADD " + check
	}
	return sql
}

// createRange is empty for a range with a canonical function: that has to be
// written in C.
func (t *dataType) createRange() string {
	if len(t.Details) == 0 {
		return ""
	}
	return "CREATE TYPE " + t.Quoted + " AS RANGE (" + strings.Join(t.Details, ", ") + ")"
}
