package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// Source copies from a PostgreSQL server.
type Source struct {
	cfg     Config
	options SourceOptions
}

// SourceOptions is what may be chosen of how the source is read.
type SourceOptions struct {
	// PartitionMode, where it is not empty, takes the place of what the catalog
	// favours, in the streams that support it: below pins and the tuner. It is
	// for looking for mistakes.
	PartitionMode string
}

// Check says what is wrong with the options.
func (o SourceOptions) Check() error {
	if o.PartitionMode == "" {
		return nil
	}
	return partitionMode().Check(policy.EnumValue(o.PartitionMode))
}

var _ connectors.Source = (*Source)(nil)

// NewSource does not connect yet.
func NewSource(cfg Config, options SourceOptions) *Source {
	cfg.refusesTLS = new(atomic.Bool)
	return &Source{cfg, options}
}

// Knobs declares partition_mode. What a stream supports of it, and which mode
// is best for it, is known when the stream is described.
func (s *Source) Knobs() []policy.Knob { return []policy.Knob{partitionMode()} }

func partitionMode() policy.Knob {
	return policy.Knob{
		Name:    knobMode,
		Owner:   policy.Source,
		Kind:    policy.Enum,
		Values:  []string{modeCtid, modeRange, modeMod},
		Default: policy.EnumValue(modeCtid),
		Doc:     "How the lanes share one stream's rows: by ranges of blocks, by ranges of the key, or by residue classes of the key.",
	}
}

// Tables lists what there is to copy.
func (s *Source) Tables(ctx context.Context) ([]connectors.TableInfo, error) {
	conn, err := s.cfg.connect(ctx, sourceRole)
	if err != nil {
		return nil, fmt.Errorf("list the source's tables: %w", err)
	}
	defer conn.Close(ctx)
	tables, err := listTables(ctx, conn)
	if err != nil {
		return nil, fmt.Errorf("list the source's tables: %w", err)
	}
	return tables, nil
}

// Cutter hands out the stream's rows as parts.
func (s *snapshot) Cutter(_ context.Context, st *connectors.Stream, columns []string, state []byte) (connectors.Cutter, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := *st.Facts.(*facts)
	// COPY by name cannot read generated columns, nor compute any.
	if slices.ContainsFunc(st.Table.Columns, func(c connectors.Column) bool {
		return (c.Generated != "" || c.Expr != "") && slices.Contains(columns, c.Name)
	}) {
		f.name = ""
	}
	return newCutter(f, selectList(st.Table, columns), s.id, state)
}

// Describe finds out about the streams, and keeps their tables from changing
// until the snapshot is closed.
func (s *snapshot) Describe(ctx context.Context, specs []connectors.StreamSpec) ([]*connectors.Stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	relations, problems, err := relationsOf(ctx, s.holders[0], specs)
	if err != nil {
		return nil, err
	}
	var streams []*connectors.Stream
	for _, spec := range specs {
		if relations[spec.Name] == nil && spec.Query != "" {
			continue // it is among the problems
		}
		stream, err := s.stream(spec, relations[spec.Name])
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if spec.Cursor != nil {
			if _, attribute, err := cursorOf(spec, stream.Table); err != nil {
				problems = append(problems, &connectors.StreamError{Stream: spec.Name, Attribute: attribute, Err: err})
			}
		}
		streams = append(streams, stream)
	}
	conditions, err := s.checkConditions(ctx, streams)
	if err != nil {
		return nil, err
	}
	for _, st := range streams {
		if err := s.compute(ctx, st); err != nil {
			conditions = append(conditions, err)
		}
	}
	if problems = append(problems, conditions...); len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if err := s.keep(ctx, streams, relations); err != nil {
		return nil, err
	}
	if err := s.measure(ctx, streams, relations); err != nil {
		return nil, err
	}
	for _, st := range streams {
		if err := s.reads(ctx, st); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	from, err := markOrigin(ctx, s.holders[0])
	if err != nil {
		return nil, wrap("ask which database the source is", err)
	}
	for _, st := range streams {
		st.Facts.(*facts).database = from
		st.Encoding = s.holders[0].PgConn().ParameterStatus("server_encoding")
		st.Choices = []connectors.Choice{s.choose(st)}
		st.Notes = s.streamNotes(st)
	}
	return streams, nil
}

// stream is what the definition alone says of a stream.
func (s *snapshot) stream(spec connectors.StreamSpec, r *relation) (*connectors.Stream, error) {
	wrong := func(attribute string, err error) error {
		return &connectors.StreamError{Stream: spec.Name, Attribute: attribute, Err: err}
	}
	if r == nil {
		return nil, wrong("", fmt.Errorf("there is no table %s.%s at the source", spec.Schema, spec.Table))
	}
	if err := readable(r); err != nil {
		return nil, wrong("", err)
	}
	table, err := selectColumns(r, spec.Columns)
	if err != nil {
		return nil, wrong("columns", err)
	}
	if spec.WriteMode == connectors.Upsert && len(spec.PrimaryKey) == 0 {
		if spec.PrimaryKey = primaryKey(r.Table); len(spec.PrimaryKey) == 0 {
			return nil, wrong("write_mode", fmt.Errorf(`"upsert" goes by a primary key, and the %s has none: set primary_key to columns that tell its rows apart, in a stream of its own, or leave it out with exclude`, r.Kind))
		}
	}
	for _, name := range spec.PrimaryKey {
		if findColumn(table.Columns, name) == nil {
			return nil, wrong("primary_key", fmt.Errorf("there is no column %q among those that are copied", name))
		}
	}
	key, err := chooseKey(spec, r)
	if err != nil {
		return nil, wrong("partition_key", err)
	}
	if spec.Resume == connectors.Continue && (key.Name == "" || !slices.Equal(primaryKey(r.Table), []string{key.Name})) {
		return nil, wrong("resume", errors.New(`"continue" needs a primary key of one column as the partition key, `+
			`so that a row is in the same part at any moment: leave resume out, or set partition_key to the primary key`))
	}
	st := &connectors.Stream{Spec: spec, Table: table, Rows: -1, Bytes: -1, Key: key.Name}
	st.Facts = &facts{
		relation: fromClause(r),
		where:    spec.Where,
		name:     copyName(r),
		bytes:    -1,
		minPart:  defaultMinPart,
		key: keyAxis{
			column:   quoted(key.Name),
			integer:  key.Key == "integer",
			nullable: !key.NotNull,
		},
	}
	return st, nil
}

// readable reports in words why a relation cannot be read in full.
func readable(r *relation) error {
	switch {
	case r.Dropped:
		return &changedError{[]string{r.Name}}
	case r.NoUsage:
		return fmt.Errorf("the source's role may not use the schema: GRANT USAGE ON SCHEMA %s", ident(r.Schema))
	case !r.CanSelect && len(r.Unreadable) == len(r.Columns):
		return fmt.Errorf("the source's role may not read the table: GRANT SELECT ON %s", ident(r.Schema, r.Name))
	case r.RowSecurity:
		return fmt.Errorf("row-level security would hide rows from the role of the source's DSN: use the table's owner without FORCE ROW LEVEL SECURITY, or a role with BYPASSRLS")
	case r.Persistence == "temporary":
		return fmt.Errorf("a temporary table cannot be seen from other connections")
	}
	return nil
}

// selectColumns returns the definition with the named columns only, in the
// order of the table; with all where there are no names.
func selectColumns(r *relation, names []string) (connectors.Table, error) {
	t := r.Table
	for _, n := range names {
		if !slices.ContainsFunc(t.Columns, func(c connectors.Column) bool { return c.Name == n }) {
			return t, fmt.Errorf("there is no column %q; the %s has %s", n, r.Kind, idents(columnNames(t)))
		}
	}
	t.Columns = slices.DeleteFunc(slices.Clone(t.Columns), func(c connectors.Column) bool {
		return len(names) > 0 && !slices.Contains(names, c.Name)
	})
	for _, c := range t.Columns {
		if slices.Contains(r.Unreadable, c.Name) {
			return t, fmt.Errorf("the source's role may not read column %q: GRANT SELECT on it, or leave it out with columns = [...]", c.Name)
		}
	}
	return t, nil
}

// checkConditions has the server look at the streams' own conditions, and
// returns what it says against them.
func (s *snapshot) checkConditions(ctx context.Context, streams []*connectors.Stream) (wrong []error, err error) {
	for _, st := range streams {
		if st.Spec.Where == "" {
			continue
		}
		from := "SELECT FROM " + st.Facts.(*facts).relation + " WHERE "
		said, err := s.try(ctx, from+"("+st.Spec.Where+"\n) LIMIT 0")
		if err == nil && said == nil {
			// A condition that closes the bracket in front of it, and opens the one
			// behind, would hold for other rows than its parts.
			if said, err = s.try(ctx, from+"coalesce("+st.Spec.Where+"\n, false) LIMIT 0"); said != nil {
				said = errors.New("its brackets do not match")
			}
		}
		if err != nil {
			return nil, err
		}
		if said != nil {
			wrong = append(wrong, &connectors.StreamError{Stream: st.Spec.Name, Attribute: "where", Err: said})
		}
	}
	return wrong, nil
}

// try runs a statement that may fail without ending the transaction that holds
// the snapshot.
func (s *snapshot) try(ctx context.Context, sql string) (said, err error) {
	holder := s.holders[0]
	err = inSavepoint(ctx, holder, func() error {
		_, said = holder.Exec(ctx, sql)
		return nil
	})
	return said, wrap("look at the conditions", err)
}

// fromClause names the relation for FROM. A table that others inherit from is
// read without them: they are tables of their own.
func fromClause(r *relation) string {
	switch r.Kind {
	case connectors.PlainTable:
		return "ONLY " + ident(r.Schema, r.Name)
	case connectors.Query:
		return fromQuery(r.Query)
	}
	return ident(r.Schema, r.Name)
}

// copyName names the relation for COPY, which reads tables only, and of those
// no rows of others that inherit.
func copyName(r *relation) string {
	if r.Kind == connectors.PlainTable {
		return ident(r.Schema, r.Name)
	}
	return ""
}

func columnNames(t connectors.Table) []string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return names
}

func primaryKey(t connectors.Table) []string {
	for _, c := range t.Constraints {
		if c.Kind == "primary key" {
			return c.Columns
		}
	}
	return nil
}

func quoted(name string) string {
	if name == "" {
		return ""
	}
	return ident(name)
}
