package postgres

import (
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestReadTypes(t *testing.T) {
	db := pgtest.New(t)
	db.Exec(t, `
		create schema "My Types";
		create type "My Types"."Mood" as enum ('sad', 'it''s ok', 'back\slash', 'ü');
		alter type "My Types"."Mood" add value 'first' before 'sad';
		create domain base as text collate "C" default 'x' not null
			constraint short check (length(value) < 10) constraint "A b" check (value <> '');
		create domain over as base check (value <> 'y');
		alter domain over add constraint late check (value <> 'z') not valid;
		create domain moods as "My Types"."Mood"[];
		create type inner_type as (m "My Types"."Mood", o over[], "odd ""name" numeric(10,2));
		create type outer_type as (i inner_type, list inner_type[], n text collate "C");
		create type span as range (subtype = float8, subtype_diff = float8mi, multirange_type_name = spans);
		create table other (id int);
		create table t (o outer_type, a "My Types"."Mood"[], ms moods, s span, ss spans, row_of other, again over, n int)`)
	got := definition(t, session(t, db.DSN, sourceRole), "t")

	enum := connectors.Type{
		Schema: "My Types", Name: "Mood", Kind: "enum",
		Create: `CREATE TYPE "My Types"."Mood" AS ENUM ('first', 'sad', 'it''s ok',  E'back\\slash', 'ü')`,
		Labels: []string{"first", "sad", "it's ok", `back\slash`, "ü"},
	}
	want := []connectors.Type{
		enum,
		{Schema: "public", Name: "base", Kind: "domain", Create: `CREATE DOMAIN public.base AS text` +
			` COLLATE pg_catalog."C" DEFAULT 'x'::text NOT NULL` +
			` CONSTRAINT "A b" CHECK ((VALUE <> ''::text)) CONSTRAINT short CHECK ((length(VALUE) < 10))`},
		{Schema: "public", Name: "over", Kind: "domain", Create: `CREATE DOMAIN public.over AS public.base` +
			` DEFAULT 'x'::text CONSTRAINT over_check CHECK (((VALUE)::text <> 'y'::text))` +
			`; ALTER DOMAIN public.over ADD CONSTRAINT late CHECK (((VALUE)::text <> 'z'::text)) NOT VALID`,
			Parts: []string{`"public"."base"`}},
		{Schema: "public", Name: "inner_type", Kind: "composite", Create: `CREATE TYPE public.inner_type AS` +
			` (m "My Types"."Mood", o public.over[], "odd ""name" numeric(10,2))`,
			Parts: []string{`"My Types"."Mood"`, `"public"."over"`}},
		{Schema: "public", Name: "outer_type", Kind: "composite", Create: `CREATE TYPE public.outer_type AS` +
			` (i public.inner_type, list public.inner_type[], n text COLLATE pg_catalog."C")`,
			Parts: []string{`"public"."inner_type"`, `"public"."inner_type"`}},
		{Schema: "public", Name: "moods", Kind: "domain", Create: `CREATE DOMAIN public.moods AS "My Types"."Mood"[]`, Parts: []string{`"My Types"."Mood"`}},
		{Schema: "public", Name: "span", Kind: "range", Create: `CREATE TYPE public.span AS RANGE` +
			` (SUBTYPE = double precision, SUBTYPE_DIFF = float8mi, MULTIRANGE_TYPE_NAME = public.spans)`},
		{Schema: "public", Name: "other", Kind: "composite"},
	}
	diff(t, want, got.Types)

	textOnly := map[string]string{}
	for _, c := range got.Columns {
		textOnly[c.Name] = c.TextOnly
	}
	diff(t, map[string]string{
		"o":      "composite type public.outer_type",
		"a":      "array of enum type My Types.Mood",
		"ms":     "domain public.moods",
		"s":      "range type public.span",
		"ss":     "multirange type public.spans",
		"row_of": "row type of public.other",
		"again":  "domain public.over",
		"n":      "",
	}, textOnly)
}

func TestTypesOfExtensions(t *testing.T) {
	db := pgtest.New(t)
	needsExtension(t, db, "citext")
	db.Exec(t, `
		create schema ext;
		create extension citext schema ext;
		create domain email as ext.citext;
		create table t (a ext.citext, b ext.citext[], c email)`)
	got := definition(t, session(t, db.DSN, sourceRole), "t")
	diff(t, []connectors.Type{
		{Schema: "ext", Name: "citext", Kind: "extension", Needs: "citext"},
		{Schema: "public", Name: "email", Kind: "domain", Create: "CREATE DOMAIN public.email AS ext.citext", Parts: []string{`"ext"."citext"`}},
	}, got.Types)
	diff(t, "extension type ext.citext (extension citext)", got.Columns[0].TextOnly)
	diff(t, "array of extension type ext.citext (extension citext)", got.Columns[1].TextOnly)
	diff(t, "domain public.email", got.Columns[2].TextOnly)
}

func TestWireAndKey(t *testing.T) {
	type ways struct{ Wire, TextOnly, Key string }
	want := map[string]ways{
		"smallint":         {Wire: "int2", Key: "integer"},
		"integer":          {Wire: "int4", Key: "integer"},
		"bigint":           {Wire: "int8", Key: "integer"},
		"oid":              {Wire: "oid", Key: "hash"},
		`"char"`:           {Wire: "char", Key: "hash"},
		"character(3)":     {Wire: "bpchar", Key: "hash"},
		"uuid":             {Wire: "uuid", Key: "hash"},
		"bytea":            {Wire: "bytea", Key: "hash"},
		"interval":         {Wire: "interval", Key: "hash"},
		"json":             {Wire: "json"},
		"jsonb":            {Wire: "jsonb"},
		"point":            {Wire: "point"},
		"box":              {Wire: "box"},
		"point[]":          {Wire: "point[]"},
		"int4range":        {Wire: "int4range"},
		"datemultirange":   {Wire: "datemultirange"},
		"int4multirange[]": {Wire: "int4multirange[]"},
		"integer[]":        {Wire: "int4[]"},
		"pg_lsn":           {Wire: "pg_lsn", Key: "hash"},
		"name":             {TextOnly: "type pg_catalog.name", Key: "hash"},
		"name[]":           {TextOnly: "array of type pg_catalog.name"},
		"xml":              {TextOnly: "type pg_catalog.xml"},
		"money":            {TextOnly: "type pg_catalog.money"},
		"tsvector":         {TextOnly: "type pg_catalog.tsvector"},
		"regclass":         {TextOnly: "type pg_catalog.regclass"},
		"xid8":             {TextOnly: "type pg_catalog.xid8"},
		"int2vector":       {TextOnly: "type pg_catalog.int2vector"},
		"positive":         {TextOnly: "domain public.positive", Key: "integer"},
		"positive[]":       {TextOnly: "array of domain public.positive"},
		"mood":             {TextOnly: "enum type public.mood", Key: "hash"},
		"uuid_":            {TextOnly: "domain public.uuid_", Key: "hash"},
		"text_list":        {TextOnly: "domain public.text_list"},
		// The user's own type of a built-in's name.
		"public.line": {TextOnly: "composite type public.line"},
		"information_schema.cardinal_number": {
			TextOnly: "domain information_schema.cardinal_number", Key: "integer"},
	}
	sql := `
		create domain positive as int check (value > 0);
		create type mood as enum ('a');
		create domain uuid_ as uuid;
		create domain text_list as text[];
		create type public.line as (a int);
		create table t ()`
	for typ := range want {
		sql += ";alter table t add " + ident(typ) + " " + typ
	}
	got := map[string]ways{}
	for _, c := range define(t, sql, "t").Columns {
		got[c.Name] = ways{c.Wire, c.TextOnly, c.Key}
	}
	diff(t, want, got)
}
