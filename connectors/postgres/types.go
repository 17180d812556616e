package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// knownType is a type that the destination has.
type knownType struct {
	kind   string // typtype
	labels []string
}

// readKnownTypes looks up the types that the streams' columns need, by their
// quoted names.
func readKnownTypes(ctx context.Context, conn *pgx.Conn, streams []*connectors.Stream) (map[string]knownType, error) {
	var names []string
	for _, s := range streams {
		for _, t := range s.Table.Types {
			names = append(names, ident(t.Schema, t.Name))
		}
	}
	return lookUpTypes(ctx, conn, names)
}

func lookUpTypes(ctx context.Context, conn *pgx.Conn, names []string) (map[string]knownType, error) {
	known := map[string]knownType{}
	if len(names) == 0 {
		return known, nil
	}
	const sql = `
SELECT w.name, t.typtype::text,
	array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder)
FROM unnest($1::text[]) AS w (name) JOIN pg_type t ON t.oid = to_regtype(w.name)`
	rows, err := conn.Query(ctx, sql, names)
	if err != nil {
		return nil, err
	}
	var name string
	var k knownType
	_, err = pgx.ForEachRow(rows, []any{&name, &k.kind, &k.labels}, func() error {
		known[name] = knownType{kind: k.kind, labels: slices.Clone(k.labels)}
		return nil
	})
	return known, err
}

// typesExist reports whether the destination has all types of the stream.
func (p *planner) typesExist(s *connectors.Stream) bool {
	for _, t := range s.Table.Types {
		if _, exists := p.types[ident(t.Schema, t.Name)]; !exists {
			return false
		}
	}
	return true
}

// planTypes plans the user's types of a table that is to be created.
func (p *planner) planTypes(t *connectors.Target) {
	for _, typ := range t.Stream.Table.Types {
		name := typ.Schema + "." + typ.Name
		known, exists := p.types[ident(typ.Schema, typ.Name)]
		switch {
		case exists:
			if missing := missingLabels(typ, known); len(missing) > 0 {
				problem(t, "enum %s lacks the labels %s on the destination: ALTER TYPE %s ADD VALUE %s",
					name, quotedList(missing), ident(typ.Schema, typ.Name), literal(missing[0]))
			}
		case typ.Kind == "extension" && !p.extensions[typ.Needs]:
			problem(t, "%s needs extension %s on the destination: CREATE EXTENSION %s", userOf(t, typ), typ.Needs, ident(typ.Needs))
		case typ.Kind == "extension":
			problem(t, "%s needs type %s, but extension %s has it in another schema on the destination: move the extension there, or create the table yourself",
				userOf(t, typ), name, typ.Needs)
		case typ.Create == "":
			problem(t, "%s needs %s type %s, which rbt cannot create: create it on the destination", userOf(t, typ), typ.Kind, name)
		default:
			step(t, "create %s type %s", typ.Kind, name)
		}
	}
}

// missingLabels are the labels of the source's enum that the destination's
// lacks. More labels than the source's do no harm.
func missingLabels(typ connectors.Type, known knownType) []string {
	var missing []string
	for _, label := range typ.Labels {
		if !slices.Contains(known.labels, label) {
			missing = append(missing, label)
		}
	}
	return missing
}

// userOf names the column that a type is for.
func userOf(t *connectors.Target, typ connectors.Type) string {
	for _, c := range t.Stream.Table.Columns {
		schema, rest, ok := cutName(c.Type)
		if !ok || schema != typ.Schema || !strings.HasPrefix(rest, ".") {
			continue
		}
		if name, _, _ := cutName(rest[1:]); name == typ.Name {
			return "column " + c.Name
		}
	}
	return "table " + t.Stream.Table.Schema + "." + t.Stream.Table.Name
}

// prepareNames creates the schema and the types that a table needs and that
// are still missing. Where all are there it takes no lock, so that hundreds of
// small tables do not queue up.
func prepareNames(ctx context.Context, tx pgx.Tx, t *connectors.Target) error {
	missing, err := missingTypes(ctx, tx, t.Stream.Table.Types)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := lockNames(ctx, tx); err != nil {
			return err
		}
		if missing, err = missingTypes(ctx, tx, missing); err != nil {
			return err
		}
	}
	for _, typ := range missing {
		if err := createSchema(ctx, tx, typ.Schema); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, typ.Create); err != nil {
			return err
		}
	}
	return createSchema(ctx, tx, t.Schema)
}

// missingTypes are those that the destination lacks and that can be created.
func missingTypes(ctx context.Context, tx pgx.Tx, types []connectors.Type) ([]connectors.Type, error) {
	var names []string
	for _, t := range types {
		names = append(names, ident(t.Schema, t.Name))
	}
	known, err := lookUpTypes(ctx, tx.Conn(), names)
	if err != nil {
		return nil, err
	}
	var missing []connectors.Type
	for i, t := range types {
		if _, exists := known[names[i]]; !exists && t.Create != "" {
			missing = append(missing, t)
		}
	}
	return missing, nil
}

// createSchema creates a schema that is missing. It asks first: IF NOT EXISTS
// wants the right to create even where there is nothing to do.
func createSchema(ctx context.Context, tx pgx.Tx, schema string) error {
	const sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)"
	var exists bool
	if err := tx.QueryRow(ctx, sql, schema).Scan(&exists); err != nil || exists {
		return err
	}
	if err := lockNames(ctx, tx); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS "+ident(schema))
	return err
}
