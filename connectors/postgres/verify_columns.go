package postgres

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// targetShape is what Verify has to know of an existing target.
type targetShape struct {
	from  string
	types map[string]string // the built-in ones, with modifiers, by column
	names []string          // of all columns
}

// readTarget returns nil where the target does not exist.
func readTarget(ctx context.Context, conn *pgx.Conn, t *connectors.Target) (*targetShape, error) {
	const sql = `
		SELECT c.relkind = 'r', a.attname::text, format_type(a.atttypid, a.atttypmod), t.typnamespace = 'pg_catalog'::regnamespace
		FROM pg_class c
		JOIN pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_type t ON t.oid = a.atttypid
		WHERE n.nspname = $1 AND c.relname = $2`
	rows, err := conn.Query(ctx, sql, t.Schema, t.Name)
	if err != nil {
		return nil, wrap("read the target's columns", err)
	}
	var shape *targetShape
	var plain bool
	var column, name *string
	var builtIn *bool
	_, err = pgx.ForEachRow(rows, []any{&plain, &column, &name, &builtIn}, func() error {
		if shape == nil {
			shape = &targetShape{from: fromOnly(plain, t.Schema, t.Name), types: map[string]string{}}
		}
		if column != nil {
			shape.names = append(shape.names, *column)
		}
		if column != nil && *builtIn {
			shape.types[*column] = *name
		}
		return nil
	})
	return shape, wrap("read the target's columns", err)
}

// fromOnly leaves out the tables that inherit from a plain one, as a copy does.
func fromOnly(plain bool, schema, name string) string {
	if plain {
		return "ONLY " + ident(schema, name)
	}
	return ident(schema, name)
}

// verifySides says what is compared on either side: source, then destination.
func verifySides(source, destination *pgx.Conn, t *connectors.Target, shape *targetShape) [2]*verifySide {
	spec := t.Stream.Spec
	from := fromOnly(t.Stream.Table.Kind == connectors.PlainTable, spec.Schema, spec.Table)
	if spec.Query != "" {
		from = fromQuery(spec.Query)
	}
	if spec.Where != "" {
		from += " WHERE (" + spec.Where + "\n)" // the line break ends a comment
	}
	to := shape.from
	if spec.Deleted == connectors.MarkDeleted {
		to += " WHERE " + deletedColumn + " IS NULL"
	}
	return [2]*verifySide{
		{name: "source", conn: source, from: from, hash: sourceHash(t.Stream.Table, t.Columns, shape.types, hasherOf(t))},
		{name: "destination", conn: destination, from: to, hash: targetHash(t.Columns, shape.types, hasherOf(t))},
	}
}

// sourceHash is the hash of a row of the source as the target's types have it.
func sourceHash(t connectors.Table, columns []string, types map[string]string, by hasher) string {
	var values []string
	for _, name := range columns {
		values = append(values, by.hashable(cast(readAs(t, name), sourceType(t, name), types[name]), types[name]))
	}
	return by.row(values)
}

// targetHash is the hash of a row of the target.
func targetHash(columns []string, types map[string]string, by hasher) string {
	var values []string
	for _, name := range columns {
		values = append(values, by.hashable(ident(name), types[name]))
	}
	return by.row(values)
}

func sourceType(t connectors.Table, column string) string {
	i := slices.IndexFunc(t.Columns, func(c connectors.Column) bool { return c.Name == column })
	if i < 0 {
		return ""
	}
	return t.Columns[i].Type
}

// cast reads a column as the target's type, by way of its text, as a copy
// does. The source knows built-in types only; between others the texts count.
func cast(column, from, to string) string {
	if from == to || to == "" {
		return column
	}
	// format writes what the type's output function does; a cast of char(n)
	// to text would drop blanks.
	return "CASE WHEN " + column + " IS DISTINCT FROM NULL THEN format('%s', " + column + ")::" + to + " END"
}

// hashable makes sure that the text of a row stays below the server's 1 GB:
// values of unbounded length are hashed on their own. The text of bytea is
// twice its length, so its bytes are.
func (h hasher) hashable(expression, typeName string) string {
	switch {
	case bounded(typeName):
		return expression
	case typeName == "bytea":
		return "md5(" + expression + ")"
	case typeName == "xml": // a cast to text keeps a declaration that its output, and so a copy, does not have
		return "CASE WHEN " + expression + " IS NOT NULL THEN " + h.text("format('%s', "+expression+")") + " END"
	default:
		return h.text("(" + expression + ")::text")
	}
}

// hasher says how texts are hashed.
type hasher struct {
	portable bool // the two databases have other encodings: the hash is of UTF-8
}

// hasherOf is the one that both sides of a target go by. Turning every text into
// UTF-8 costs time, so it is done only where the bytes would differ.
func hasherOf(t *connectors.Target) hasher { return hasher{portable: t.Encoding != t.Stream.Encoding} }

func (h hasher) row(expressions []string) string {
	return h.text("ROW(" + strings.Join(expressions, ", ") + ")::text")
}

func (h hasher) text(text string) string {
	if h.portable {
		text = "md5(convert_to(" + text + ", 'UTF8'))"
	}
	return `hashtextextended(` + text + ` COLLATE "C", 0)`
}

var (
	modifier  = regexp.MustCompile(`\([0-9, -]+\)`)
	character = regexp.MustCompile(`^character(?: varying)?\(([0-9]+)\)$`)
)

// boundedTypes are the built-in types whose text is short.
var boundedTypes = []string{
	"smallint", "integer", "bigint", "numeric", "real", "double precision", "money", "boolean", "oid",
	"date", "time without time zone", "time with time zone", "interval",
	"timestamp without time zone", "timestamp with time zone",
	"uuid", "inet", "cidr", "macaddr", "macaddr8", "pg_lsn", "name", `"char"`,
}

// bounded says whether the text of a type is short whatever the value.
func bounded(typeName string) bool {
	if m := character.FindStringSubmatch(typeName); m != nil {
		n, err := strconv.Atoi(m[1])
		return err == nil && n <= 1000
	}
	return slices.Contains(boundedTypes, modifier.ReplaceAllString(typeName, ""))
}
