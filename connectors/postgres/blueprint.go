package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// blueprint is a table to create: the source's definition without what the
// destination cannot have.
type blueprint struct {
	connectors.Table
	// notes say what was left out and why.
	notes []string
}

// compression is how created tables compress long values.
type compression struct {
	chosen string   // by the options; empty leaves it as it is at the source
	known  []string // to the destination; none before 14
}

// draw makes the blueprint of a stream's table. It asks the destination to
// parse each expression, since that alone tells whether all functions in it
// exist there. Types that are yet to be created keep it from telling; what it
// cannot tell, it leaves in.
func draw(ctx context.Context, conn *pgx.Conn, s *connectors.Stream, how compression, typesExist bool) (*blueprint, error) {
	b := &blueprint{Table: s.Table}
	b.Columns = slices.Clone(s.Table.Columns)
	b.Constraints, b.Indexes = nil, nil
	check := expressionCheck{conn: conn, row: rowOf(s.Table.Columns), typesExist: typesExist}
	for i := range b.Columns {
		if err := b.drawColumn(ctx, &b.Columns[i], check, len(s.Spec.Columns) > 0); err != nil {
			return nil, err
		}
	}
	b.drawCompression(how)
	for _, c := range s.Table.Constraints {
		// An exclusion constraint's or an INCLUDE's expressions may use more.
		more := c.Kind == "exclude" || strings.Contains(c.Definition, ") INCLUDE (")
		if !b.has(c.Columns) || more && len(s.Spec.Columns) > 0 {
			b.note("%s %s is left out: the stream does not copy all of its columns", c.Kind, c.Name)
			continue
		}
		if c.Kind == "check" {
			missing, err := check.column(ctx, checkExpression(c.Definition))
			if err != nil {
				return nil, err
			}
			if missing != "" {
				b.note("check constraint %s is left out: %s", c.Name, missing)
				continue
			}
		}
		b.Constraints = append(b.Constraints, c)
	}
	for _, i := range s.Table.Indexes {
		if !b.has(i.Columns) {
			b.note("index %s is left out: the stream does not copy all of its columns", i.Name)
			continue
		}
		b.Indexes = append(b.Indexes, i)
	}
	b.drawKey(s.Spec.PrimaryKey)
	b.drawNotNull(version(conn))
	return b, nil
}

// drawKey gives a table that is upserted into the unique key that this needs.
func (b *blueprint) drawKey(columns []string) {
	if len(columns) == 0 || hasKey(b.Table, columns) {
		return
	}
	key := connectors.Constraint{Name: b.Name + "_rbt_key", Kind: "unique", Columns: columns}
	if primaryKey(b.Table) == nil {
		key.Kind = "primary key"
	}
	key.Definition = strings.ToUpper(key.Kind) + " (" + idents(columns) + ")"
	b.Constraints = append(b.Constraints, key)
	b.note("%s %s is added for primary_key", key.Kind, key.Name)
	for i := range b.Columns {
		if slices.Contains(columns, b.Columns[i].Name) {
			b.Columns[i].NotNull = true
		}
	}
}

// drawTarget makes the blueprint of a target whose types are all there. The one
// of the plan is as good where they were there already.
func drawTarget(ctx context.Context, conn *pgx.Conn, t *connectors.Target) (*blueprint, error) {
	f, err := factsOf(t)
	if err != nil {
		return nil, err
	}
	if f.blueprint != nil {
		return f.blueprint, nil
	}
	return draw(ctx, conn, t.Stream, f.compression, true)
}

// has reports whether the table has all the columns.
func (b *blueprint) has(columns []string) bool {
	return !slices.ContainsFunc(columns, func(name string) bool { return findColumn(b.Columns, name) == nil })
}

func (b *blueprint) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
}

func (b *blueprint) drawColumn(ctx context.Context, c *connectors.Column, check expressionCheck, chosen bool) error {
	switch {
	case c.Generated != "" && chosen:
		// The expression may use a column that is not among the chosen ones.
		b.note("column %s gets its values from the source and is not generated, because the stream lists columns", c.Name)
		c.Generated = ""
	case c.Generated != "":
		missing, err := check.column(ctx, c.Generated)
		if err != nil {
			return err
		}
		if missing != "" {
			b.note("column %s gets its values from the source and is not generated: %s", c.Name, missing)
			c.Generated = ""
		}
	case c.Default != "" && c.Sequence == nil:
		missing, err := check.alone(ctx, c.Default)
		if err != nil {
			return err
		}
		if missing != "" {
			b.note("the default of column %s is left out: %s", c.Name, missing)
			c.Default = ""
		}
	}
	return nil
}

// drawNotNull names the constraints, where the destination has names for them: it
// would make them of the staging table's.
func (b *blueprint) drawNotNull(version int) {
	taken := map[string]bool{}
	for _, c := range b.Constraints {
		taken[c.Name] = true
	}
	for _, c := range b.Columns {
		taken[c.NotNullName] = true
	}
	for i := range b.Columns {
		c := &b.Columns[i]
		switch {
		case version < 18:
			c.NotNullName = ""
		case c.NotNull && c.NotNullName == "":
			c.NotNullName = freeName(serverName(b.Name, c.Name, "not_null"), func(name string) bool { return taken[name] })
			taken[c.NotNullName] = true
		}
	}
}

// drawCompression sets the compression of the columns, where the destination
// has it.
func (b *blueprint) drawCompression(how compression) {
	for i := range b.Columns {
		c := &b.Columns[i]
		if how.chosen != "" && c.Compressible {
			c.Compression = how.chosen
		}
		if c.Compression != "" && !slices.Contains(how.known, c.Compression) {
			b.note("compression %s of column %s is left out: the destination does not have it", c.Compression, c.Name)
			c.Compression = ""
		}
	}
}

// copied are the columns that get their values from the source.
func (b *blueprint) copied() []string {
	var names []string
	for _, c := range b.Columns {
		if c.Generated == "" {
			names = append(names, c.Name)
		}
	}
	return names
}

// checkExpression is what stands between the parentheses of a check constraint.
func checkExpression(definition string) string {
	for _, end := range []string{" NOT ENFORCED", " NOT VALID", " NO INHERIT"} {
		definition = strings.TrimSuffix(definition, end)
	}
	return strings.TrimPrefix(definition, "CHECK ")
}

// expressionCheck asks a server to parse expressions; it runs none.
type expressionCheck struct {
	conn       *pgx.Conn
	row        string // a subquery with the table's columns
	typesExist bool   // all types of the columns do
}

func rowOf(columns []connectors.Column) string {
	nulls := make([]string, len(columns))
	for i, c := range columns {
		nulls[i] = "NULL::" + c.Type + " AS " + ident(c.Name)
	}
	return "(SELECT " + strings.Join(nulls, ", ") + ") AS t"
}

// alone checks an expression without columns, column one with them. They return
// what is missing.
func (e expressionCheck) alone(ctx context.Context, expression string) (string, error) {
	return e.parse(ctx, "SELECT "+expression)
}

func (e expressionCheck) column(ctx context.Context, expression string) (string, error) {
	return e.parse(ctx, "SELECT "+expression+" FROM "+e.row)
}

func (e expressionCheck) parse(ctx context.Context, sql string) (missing string, err error) {
	err = inSavepoint(ctx, e.conn, func() error {
		_, err := e.conn.PgConn().Prepare(ctx, "", sql, nil)
		return err
	})
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return "", err
	}
	switch pg.Code {
	case "42704", "3F000": // a type or a schema does not exist
		if e.typesExist {
			return pg.Message, nil
		}
		return "", nil
	case "42883", "42P01", "42703": // a function, a relation, a column does not exist
		return pg.Message, nil
	}
	return "", err
}

// inSavepoint keeps an open transaction alive when work fails.
func inSavepoint(ctx context.Context, conn *pgx.Conn, work func() error) error {
	if conn.PgConn().TxStatus() == 'I' {
		return work()
	}
	if _, err := conn.Exec(ctx, "SAVEPOINT rbt_try"); err != nil {
		return err
	}
	workErr := work()
	_, err := conn.Exec(ctx, "ROLLBACK TO SAVEPOINT rbt_try; RELEASE SAVEPOINT rbt_try")
	if workErr != nil {
		return workErr
	}
	return err
}

// create is the SQL that makes the table under another name, without what comes
// after the load: indexes, the constraints that need one, sequences.
func (b *blueprint) create(name relName, version int) []string {
	var parts []string
	for _, c := range b.Columns {
		parts = append(parts, columnSQL(c, version))
	}
	parts = append(parts, checks(b.Constraints)...)
	sql := []string{"CREATE TABLE " + name.sql() + " (" + strings.Join(parts, ", ") + ")"}
	for _, c := range b.Columns {
		alter := "ALTER TABLE " + name.sql() + " ALTER COLUMN " + ident(c.Name)
		if c.Storage != "" {
			sql = append(sql, alter+" SET STORAGE "+c.Storage)
		}
		if c.Compression != "" {
			sql = append(sql, alter+" SET COMPRESSION "+c.Compression)
		}
		if c.Comment != "" {
			sql = append(sql, "COMMENT ON COLUMN "+name.sql()+"."+ident(c.Name)+" IS "+literal(c.Comment))
		}
	}
	if b.Comment != "" {
		sql = append(sql, "COMMENT ON TABLE "+name.sql()+" IS "+literal(b.Comment))
	}
	return sql
}

// columnSQL leaves a sequence's default to the moment of publishing, when the
// sequence's name is known.
func columnSQL(c connectors.Column, version int) string {
	sql := bareColumnSQL(c)
	switch {
	case c.Generated != "" && c.Virtual && version >= 18:
		sql += " GENERATED ALWAYS AS (" + c.Generated + ") VIRTUAL"
	case c.Generated != "":
		sql += " GENERATED ALWAYS AS (" + c.Generated + ") STORED"
	case c.Default != "" && c.Sequence == nil:
		sql += " DEFAULT " + c.Default
	}
	if c.NotNull && c.NotNullName != "" {
		sql += " CONSTRAINT " + ident(c.NotNullName)
	}
	if c.NotNull {
		sql += " NOT NULL"
	}
	return sql
}

func bareColumnSQL(c connectors.Column) string {
	sql := ident(c.Name) + " " + c.Type
	if c.Collation != "" {
		sql += " COLLATE " + c.Collation
	}
	return sql
}

// checks are the check constraints that hold for every row. The others would
// refuse rows that the source has.
func checks(constraints []connectors.Constraint) []string {
	var sql []string
	for _, c := range constraints {
		if c.Kind == "check" && !laterCheck(c) {
			sql = append(sql, "CONSTRAINT "+ident(c.Name)+" "+c.Definition)
		}
	}
	return sql
}

func laterCheck(c connectors.Constraint) bool {
	return c.Kind == "check" && (strings.HasSuffix(c.Definition, " NOT VALID") || strings.HasSuffix(c.Definition, " NOT ENFORCED"))
}
