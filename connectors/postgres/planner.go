package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// targetFacts are the destination's own notes about a target.
type targetFacts struct {
	name       relName
	definition string // a digest of what the stream is
	// blueprint is that of a table to create, where no type was missing that
	// could have kept it from being complete.
	blueprint   *blueprint
	compression compression
	// shape is that of a target that exists, and evolution how it changes.
	shape     string
	evolution *evolution
	watched   bool // triggers of users see its rows come
	unlogged  bool
	// replaced are the tables that the same run replaces, by their target names.
	replaced map[relName]bool
}

// planner knows all that planning needs; it asks the server nothing any more.
type planner struct {
	options    DestinationOptions
	site       site
	found      map[relName]*present
	replaced   map[relName]bool
	streams    map[relName]string // by their targets
	claimed    map[relName]string // targets, by the stream that has them already
	blueprints map[*connectors.Stream]*blueprint
	casts      map[typePair]bool
	types      map[string]knownType // by their quoted names
	itself     bool                 // the destination is the source
	extensions map[string]bool
	collations map[string]bool // by their quoted names
	feeds      []feed
	ties       map[uint32][]tie  // by the target's OID
	filledBy   map[string]string // pipelines that went by cursors, by their targets, quoted
}

func newPlanner(ctx context.Context, conn *pgx.Conn, o DestinationOptions, pipeline string, streams []*connectors.Stream) (*planner, error) {
	p := &planner{
		options:    o,
		replaced:   map[relName]bool{},
		streams:    map[relName]string{},
		claimed:    map[relName]string{},
		blueprints: map[*connectors.Stream]*blueprint{},
	}
	var names []relName
	for _, s := range streams {
		name := targetName(s.Spec)
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		p.streams[name] = s.Spec.Name
		if s.Spec.WriteMode == connectors.Replace {
			p.replaced[name] = true
		}
	}
	var err error
	if p.site, err = readSite(ctx, conn); err != nil {
		return nil, err
	}
	if p.itself, err = isItself(ctx, conn, streams); err != nil {
		return nil, wrap("find out whether the destination is the source", err)
	}
	if p.found, err = inspect(ctx, conn, names); err != nil {
		return nil, err
	}
	if err := p.readFilledBy(ctx, conn, pipeline); err != nil {
		return nil, wrap("look at the destination", err)
	}
	if err := p.ask(ctx, conn, streams); err != nil {
		return nil, wrap("look at the destination", err)
	}
	return p, nil
}

// isItself reports whether the connection's database is the streams' own.
func isItself(ctx context.Context, conn *pgx.Conn, streams []*connectors.Stream) (bool, error) {
	for _, s := range streams {
		if source, known := s.Facts.(interface{ origin() origin }); known {
			return source.origin().isHere(ctx, conn) // all streams are of one snapshot
		}
	}
	return false, nil
}

// ask finds out which types, casts, extensions and expressions the destination
// knows.
func (p *planner) ask(ctx context.Context, conn *pgx.Conn, streams []*connectors.Stream) (err error) {
	if p.types, err = readKnownTypes(ctx, conn, streams); err != nil {
		return err
	}
	if p.casts, err = readCasts(ctx, conn, p.typePairs(streams)); err != nil {
		return err
	}
	if p.extensions, err = readNames(ctx, conn, "SELECT extname FROM pg_extension"); err != nil {
		return err
	}
	const collations = `
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.collname)
FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
WHERE c.collencoding IN (-1, (SELECT encoding FROM pg_database WHERE datname = current_database()))`
	if p.collations, err = readNames(ctx, conn, collations); err != nil {
		return err
	}
	if p.feeds, err = readFeeds(ctx, conn, p.site.notes["destination.wal_level"]); err != nil {
		return err
	}
	if err = p.readTies(ctx, conn, streams); err != nil {
		return err
	}
	for _, s := range streams {
		if p.found[targetName(s.Spec)].rel != nil && !p.lacksColumns(s) {
			continue
		}
		if p.blueprints[s], err = draw(ctx, conn, s, p.compression(), p.typesExist(s)); err != nil {
			return err
		}
	}
	return nil
}

// compression is that of the tables that are created.
func (p *planner) compression() compression {
	return compression{p.options.Compression, p.site.compressions}
}

func readNames(ctx context.Context, conn *pgx.Conn, sql string, args ...any) (map[string]bool, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	var name string
	_, err = pgx.ForEachRow(rows, []any{&name}, func() error {
		names[name] = true
		return nil
	})
	return names, err
}

// plan is what a stream would become.
func (p *planner) plan(s *connectors.Stream) *connectors.Target {
	name := targetName(s.Spec)
	now := p.found[name]
	t := &connectors.Target{Stream: s, Schema: name.Schema, Name: name.Name, Exists: now.rel != nil}
	p.checkName(t, name)
	p.checkAfter(t, name)
	p.checkSite(t, now)
	f := &targetFacts{name: name, definition: digestOf(t), compression: p.compression(), replaced: p.replaced, evolution: &evolution{}}
	if now.rel == nil {
		f.evolution.labels = p.planMissing(t, now)
	} else {
		f.shape, f.watched = fingerprint(now.rel), now.watched
		f.unlogged = now.rel.Persistence == "unlogged"
		f.evolution = p.planExisting(t, now)
		p.planOrder(t, now)
	}
	p.warnOfFeeds(t)
	if p.typesExist(s) {
		f.blueprint = p.blueprints[s]
	}
	t.Facts = f
	t.Notes = maps.Clone(p.site.notes)
	return t
}

// digestOf is a digest of all that makes the stream what it is. What the
// destination has is not in it: publishing changes that.
func digestOf(t *connectors.Target) string {
	type column struct{ Name, Type, Generated string }
	var columns []column
	for _, c := range t.Stream.Table.Columns {
		columns = append(columns, column{c.Name, c.Type, c.Generated})
	}
	text, err := json.Marshal([]any{t.Stream.Spec, columns, t.Schema, t.Name})
	if err != nil {
		panic(err) // plain strings always marshal
	}
	return digest(string(text))
}

func problem(t *connectors.Target, format string, args ...any) {
	t.Problems = append(t.Problems, fmt.Sprintf(format, args...))
}

func step(t *connectors.Target, format string, args ...any) {
	t.Steps = append(t.Steps, fmt.Sprintf(format, args...))
}

// checkName finds names that cannot be, and names that are not free.
func (p *planner) checkName(t *connectors.Target, name relName) {
	for _, part := range []string{name.Schema, name.Name} {
		if len(part) > maxName {
			problem(t, "the name %s is longer than the %d bytes that PostgreSQL keeps: choose a shorter target", part, maxName)
		}
	}
	if name.Schema == "_rbt" {
		problem(t, "the schema _rbt is for rbt's own books: choose another schema")
	}
	if other, taken := p.claimed[name]; taken {
		problem(t, "stream %s has the same target %s: give one of them another target", other, name)
	} else {
		p.claimed[name] = t.Stream.Spec.Name
	}
	if what := p.found[name].occupied; what != "" {
		problem(t, "the name %s belongs to %s: choose another target", name, what)
	}
	if p.itself && t.Stream.Table.Kind != connectors.Query && name == (relName{t.Stream.Table.Schema, t.Stream.Table.Name}) {
		problem(t, "%s is the source table itself: choose another target or another database", name)
	}
}

// checkSite finds what the role may not do around the target.
func (p *planner) checkSite(t *connectors.Target, now *present) {
	role, database := ident(p.site.role), ident(p.site.database)
	if p.site.standby {
		problem(t, "the destination is a standby, which takes no rows: give the address of its primary")
		return
	}
	if p.site.booksExist && !p.site.booksReady {
		problem(t, "the role %s may not write rbt's books: GRANT USAGE, CREATE ON SCHEMA _rbt TO %s; GRANT ALL ON ALL TABLES IN SCHEMA _rbt TO %s",
			p.site.role, role, role)
	}
	if !p.site.booksExist && !p.site.canCreate {
		problem(t, "the role %s may not create the schema _rbt, where rbt keeps its books: GRANT CREATE ON DATABASE %s TO %s",
			p.site.role, database, role)
	}
	switch {
	case now.schemaExists && !now.canCreate:
		problem(t, "the role %s may not create tables in schema %s: GRANT USAGE, CREATE ON SCHEMA %s TO %s",
			p.site.role, t.Schema, ident(t.Schema), role)
	case !now.schemaExists && !p.site.canCreate:
		problem(t, "schema %s does not exist and the role %s may not create it: CREATE SCHEMA %s AUTHORIZATION %s",
			t.Schema, p.site.role, ident(t.Schema), role)
	case !now.schemaExists:
		step(t, "create schema %s", t.Schema)
	}
}

// planMissing plans a table that is to be created. It returns the statements that
// give enums the labels they lack.
func (p *planner) planMissing(t *connectors.Target, now *present) (labels []string) {
	b := p.blueprints[t.Stream]
	t.Method = methodCreate
	t.Columns = b.copied()
	setTypes(t, b.Columns)
	labels = p.planTypes(t, t.Stream.Table.Types)
	t.Changes = append(t.Changes, labels...)
	p.checkNeeds(t, b)
	for _, c := range b.Columns {
		if c.Collation != "" && !p.collations[c.Collation] {
			problem(t, "column %s needs collation %s, which the destination does not have: create it there", c.Name, c.Collation)
		}
	}
	p.stepCreate(t, now, b)
	if text := piecesText(b.Constraints, b.Indexes); text != "" {
		step(t, "build %s after the load", text)
	}
	if t.Stream.Spec.Deleted == connectors.MarkDeleted && !ownMark(t) {
		step(t, "add column %s", deletedColumn)
	}
	t.Steps = append(t.Steps, b.notes...)
	t.Steps = append(t.Steps, t.Stream.Table.Omitted...)
	p.choose(t, nil)
	return labels
}

// stepCreate says what the table will be like.
func (p *planner) stepCreate(t *connectors.Target, now *present, b *blueprint) {
	columns := count(len(b.Columns), "column")
	switch chosen := p.options.Compression; {
	case chosen == "":
		step(t, "create table %s with %s", now.name, columns)
	case slices.Contains(p.site.compressions, chosen):
		step(t, "create table %s with %s, compressed by %s", now.name, columns, chosen)
	default:
		problem(t, "the destination does not have compression %s (PostgreSQL 14 and later, built with it): leave compression out", chosen)
	}
}

// checkNeeds asks for extensions before hours of loading end at an index.
func (p *planner) checkNeeds(t *connectors.Target, b *blueprint) {
	need := func(what string, extensions []string) {
		for _, x := range extensions {
			if !p.extensions[x] {
				problem(t, "%s needs extension %s on the destination: CREATE EXTENSION %s", what, x, ident(x))
			}
		}
	}
	for _, c := range b.Constraints {
		if c.Kind != "check" { // draw leaves out the checks that cannot be
			need("constraint "+c.Name, c.Needs)
		}
	}
	for _, i := range b.Indexes {
		need("index "+i.Name, i.Needs)
	}
}

// planExisting plans a table that takes the rows.
func (p *planner) planExisting(t *connectors.Target, now *present) *evolution {
	switch now.rel.Kind {
	case connectors.PlainTable, connectors.PartitionedTable:
	default:
		problem(t, "%s is a %s: rows can only be copied into a table", now.name, now.rel.Kind)
		return &evolution{}
	}
	if now.rel.RowSecurity {
		problem(t, "row-level security holds for the role %s on %s: use its owner or a role with BYPASSRLS", p.site.role, now.name)
	}
	e := p.evolve(t, now)
	after := e.apply(now.rel)
	setTypes(t, after.Columns)
	p.choose(t, after)
	switch t.Stream.Spec.WriteMode {
	case connectors.Append:
		p.planInsert(t, now)
	case connectors.Upsert:
		p.planUpsert(t, now, after)
	default:
		p.planReplace(t, now, after)
	}
	return e
}

func (p *planner) planInsert(t *connectors.Target, now *present) {
	t.Method = methodInsert
	if !now.canInsert {
		problem(t, "the role %s may not insert into %s: GRANT INSERT ON %s TO %s",
			p.site.role, now.name, now.name.sql(), ident(p.site.role))
	}
	step(t, "load into a table beside %s, then insert its rows in one transaction", now.name)
}

func (p *planner) planReplace(t *connectors.Target, now *present, after *relation) {
	reason := now.whyNoSwap(p.site.role)
	if reason == "" {
		t.Method = methodSwap
		step(t, "load into a table like %s beside it, then swap them in one transaction", now.name)
		if text := piecesText(after.Constraints, after.Indexes); text != "" {
			step(t, "build %s after the load", text)
		}
	} else {
		t.Method = methodTruncate
		step(t, "load into a table beside %s, then truncate it and insert the rows in one transaction; no swap, because %s",
			now.name, reason)
		if !now.rel.Owned && (!now.canTruncate || !now.canInsert) {
			problem(t, "the role %s neither owns %s nor may truncate it and insert: GRANT INSERT, TRUNCATE ON %s TO %s",
				p.site.role, now.name, now.name.sql(), ident(p.site.role))
		}
	}
	p.planForeignKeys(t, now)
}

// whyNoSwap says what keeps another table from taking the place of this one;
// it is empty where nothing does.
func (n *present) whyNoSwap(role string) string {
	switch {
	case len(n.bound) > 0:
		return n.bound[0]
	case !n.rel.Owned:
		return fmt.Sprintf("the role %s does not own it", role)
	case n.rel.Owner != role && !n.becomesOwner:
		return fmt.Sprintf("the role %s may not give tables to its owner %s", role, n.rel.Owner)
	case n.rel.Owner != role && !n.ownerCanCreate:
		return fmt.Sprintf("its owner %s may not create tables in the schema", n.rel.Owner)
	}
	return ""
}

// planForeignKeys looks at the keys that refer to a table whose rows go.
func (p *planner) planForeignKeys(t *connectors.Target, now *present) {
	for _, k := range now.incoming {
		switch {
		case !p.replaced[k.child]:
			problem(t, "%s refers to %s, and this run does not replace %s: add a stream for it, drop the foreign key, or use write_mode = \"append\"",
				k, now.name, k.child)
		case !p.options.ForeignKeys:
			problem(t, "%s refers to %s: set foreign_keys = true, and the run takes the key off and puts it back", k, now.name)
		case !k.canDrop:
			problem(t, "%s refers to %s and the role %s does not own %s, so it cannot take the key off",
				k, now.name, p.site.role, k.child)
		default:
			step(t, "take off %s, and add it again when all tables are in place", k)
		}
	}
}

// planOrder finds the streams of the run whose tables the target's foreign keys
// refer to. Keys to a table whose rows are replaced are off meanwhile.
func (p *planner) planOrder(t *connectors.Target, now *present) {
	for _, k := range now.outgoing {
		stream, known := p.streams[k.parent]
		if known && !p.replaced[k.parent] && k.parent != now.name && !slices.Contains(t.RefersTo, stream) {
			t.RefersTo = append(t.RefersTo, stream)
			step(t, "become visible after %s, to which its foreign key %s refers", k.parent, k.name)
		}
	}
}

// piecesText counts what is built after the load.
func piecesText(constraints []connectors.Constraint, indexes []connectors.Index) string {
	var parts []string
	for _, c := range constraints {
		if c.Kind != "check" {
			parts = append(parts, c.Kind+" "+c.Name)
		}
	}
	for _, i := range indexes {
		parts = append(parts, "index "+i.Name)
	}
	return strings.Join(parts, ", ")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
