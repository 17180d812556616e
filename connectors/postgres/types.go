package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// knownType is a type that the destination has.
type knownType struct {
	kind   string // typtype
	labels []string
	owned  bool // the current role may change it
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
	array(SELECT enumlabel::text FROM pg_enum WHERE enumtypid = t.oid ORDER BY enumsortorder), pg_has_role(t.typowner, 'USAGE')
FROM unnest($1::text[]) AS w (name) JOIN pg_type t ON t.oid = to_regtype(w.name)`
	rows, err := conn.Query(ctx, sql, names)
	if err != nil {
		return nil, err
	}
	var name string
	var k knownType
	_, err = pgx.ForEachRow(rows, []any{&name, &k.kind, &k.labels, &k.owned}, func() error {
		known[name] = knownType{kind: k.kind, labels: slices.Clone(k.labels), owned: k.owned}
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

// planTypes plans the user's types of columns that are to be created. It returns
// the statements that give enums the labels they lack.
func (p *planner) planTypes(t *connectors.Target, types []connectors.Type) (labels []string) {
	for _, typ := range types {
		name := typ.Schema + "." + typ.Name
		known, exists := p.types[ident(typ.Schema, typ.Name)]
		switch {
		case exists:
			labels = append(labels, p.planLabels(t, typ, known)...)
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
	return labels
}

// planLabels plans the labels that an enum of the destination lacks.
func (p *planner) planLabels(t *connectors.Target, typ connectors.Type, known knownType) []string {
	missing := missingLabels(typ, known)
	if len(missing) == 0 {
		return nil
	}
	name, sql := typ.Schema+"."+typ.Name, labelsSQL(typ, known)
	switch lacks := fmt.Sprintf("enum %s lacks the labels %s on the destination", name, quotedList(missing)); {
	case t.Stream.Spec.Evolution.TypeChange == connectors.FailTypeChange:
		problem(t, `%s, and type_change is "fail": %s`, lacks, strings.Join(sql, "; "))
	case !known.owned:
		problem(t, "%s, and the role %s does not own it: %s", lacks, p.site.role, strings.Join(sql, "; "))
	default:
		step(t, "add %s to enum %s", quotedList(missing), name)
		return sql
	}
	return nil
}

// labelsSQL adds the labels that are missing where the source has them: behind
// the one before.
func labelsSQL(typ connectors.Type, known knownType) []string {
	var sql []string
	for i, label := range typ.Labels {
		if slices.Contains(known.labels, label) {
			continue
		}
		place := ""
		if i > 0 {
			place = " AFTER " + literal(typ.Labels[i-1])
		} else if next := slices.IndexFunc(typ.Labels, func(l string) bool { return slices.Contains(known.labels, l) }); next >= 0 {
			place = " BEFORE " + literal(typ.Labels[next])
		}
		sql = append(sql, "ALTER TYPE "+ident(typ.Schema, typ.Name)+" ADD VALUE IF NOT EXISTS "+literal(label)+place)
	}
	return sql
}

// enumLabels plans the labels of the enums that columns of both sides are made of.
func (e *evolver) enumLabels() {
	var shared []connectors.Column
	for _, to := range e.now.rel.Columns {
		if from := findColumn(e.t.Stream.Table.Columns, to.Name); from != nil && from.Type == to.Type {
			shared = append(shared, *from)
		}
	}
	for _, typ := range typesOf(e.t.Stream.Table.Types, shared) {
		if known, exists := e.types[ident(typ.Schema, typ.Name)]; exists && typ.Kind == "enum" {
			e.found.labels = append(e.found.labels, e.planLabels(e.t, typ, known)...)
		}
	}
}

// newTypes plans the types that the columns to add are made of.
func (e *evolver) newTypes() {
	e.found.types = typesOf(e.t.Stream.Table.Types, e.found.add)
	for _, sql := range e.planTypes(e.t, e.found.types) {
		if !slices.Contains(e.found.labels, sql) {
			e.found.labels = append(e.found.labels, sql)
		}
	}
	for _, typ := range e.found.types {
		if _, exists := e.types[ident(typ.Schema, typ.Name)]; !exists && typ.Create != "" {
			e.t.Changes = append(e.t.Changes, typ.Create)
		}
	}
}

// typesOf are those of the types that the columns are made of, in the same order.
func typesOf(types []connectors.Type, columns []connectors.Column) []connectors.Type {
	needed := map[string]bool{}
	for _, typ := range slices.Backward(types) { // what they are made of comes before
		name := ident(typ.Schema, typ.Name)
		if needed[name] || slices.ContainsFunc(columns, func(c connectors.Column) bool { return isOf(c, typ) }) {
			needed[name] = true
			for _, part := range typ.Parts {
				needed[part] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(types), func(typ connectors.Type) bool { return !needed[ident(typ.Schema, typ.Name)] })
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
		if isOf(c, typ) {
			return "column " + c.Name
		}
	}
	return "table " + t.Stream.Table.Schema + "." + t.Stream.Table.Name
}

// isOf reports whether a column is of the type, or an array of it.
func isOf(c connectors.Column, typ connectors.Type) bool {
	name, _, ok := cutRelation(c.Type)
	return ok && name == relName{typ.Schema, typ.Name}
}

// prepareNames creates the target's schema and those of the types that are still
// missing. Where all are there it takes no lock, so that hundreds of
// small tables do not queue up.
func prepareNames(ctx context.Context, tx pgx.Tx, t *connectors.Target, types []connectors.Type) error {
	missing, err := missingTypes(ctx, tx, types)
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
