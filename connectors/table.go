package connectors

// Table is the definition of a table, enough to create its like elsewhere.
// Types, expressions and definitions are SQL of the dialect, with every name
// of a user's object qualified by its schema.
type Table struct {
	Dialect     string // "postgres"
	Schema      string
	Name        string
	Kind        TableKind
	Comment     string
	Columns     []Column
	Constraints []Constraint
	Indexes     []Index
	ForeignKeys []ForeignKey
	// Types are the user's types that the columns need, each after those it
	// is made of.
	Types []Type
	// Partitioned and inherited tables, triggers, policies and the like that
	// a copy does not take along, in words for the plan.
	Omitted []string
}

// TableKind says what a relation is.
type TableKind string

const (
	PlainTable       TableKind = "table"
	PartitionedTable TableKind = "partitioned table"
	View             TableKind = "view"
	MaterializedView TableKind = "materialized view"
	ForeignTable     TableKind = "foreign table"
	Query            TableKind = "query"
)

// Column is one column of a table, in the order of the table.
type Column struct {
	Name string
	// Expr is what the source selects for it; empty for the column itself.
	Expr string
	// Type is the full name with modifiers: numeric(10,2), public.mood[].
	Type string
	// Wire names the stable binary form of the column's values, or is empty
	// where only text is safe. Binary is safe between two columns whose Wire
	// is the same and not empty.
	Wire string
	// TextOnly says why Wire is empty: "extension type public.ltree".
	TextOnly string
	// Key says how the column can partition a table: "integer", "hash", or
	// empty where it cannot.
	Key         string
	NotNull     bool
	NotNullName string // of the constraint that says so; empty where there is none of a name
	Default     string // an expression; empty where there is none, and for generated columns
	Generated   string // the expression of a generated column
	Virtual     bool   // the generated column is not stored: its values come about when they are read
	Identity    string // "always", "by default" or empty
	Sequence    *Sequence
	Collation   string // quoted and qualified; empty where it is the type's default
	Storage     string // plain, main, external, extended; empty where it is the type's default
	Compression string // pglz, lz4; empty where it is the server's default
	// Compressible says that values of the type may be compressed.
	Compressible bool
	Comment      string
	Needs        []string // the extensions that the default or the expression uses
}

// Sequence is the one that an identity column or a serial default draws from.
type Sequence struct {
	Schema, Name               string
	Type                       string // smallint, integer, bigint
	Start, Increment, Min, Max int64
	Cycle                      bool
	Last                       int64 // the last value given out; where Called is false, the first to be
	Called                     bool
	Cache                      int64
	Owned                      bool // it belongs to the column, and goes with it
}

// Constraint is a primary key, a unique, check or exclusion constraint.
type Constraint struct {
	Name       string
	Kind       string // "primary key", "unique", "check", "exclude"
	Columns    []string
	Definition string // as pg_get_constraintdef gives it
	Comment    string
	// IndexComment is that of the index that the constraint owns.
	IndexComment string
	Needs        []string // the extensions that it uses: btree_gist
}

// Index is an index that no constraint owns.
type Index struct {
	Name       string
	Columns    []string // all that its definition names, in no order of meaning
	Definition string   // as pg_get_indexdef gives it, naming the table
	Unique     bool
	Comment    string
	Needs      []string // the extensions that it uses: pg_trgm
}

// ForeignKey points from the table's columns to another table's.
type ForeignKey struct {
	Name                string
	Columns             []string // of this table
	RefSchema, RefTable string
	Definition          string // as pg_get_constraintdef gives it
}

// Type is an enum, a domain or a composite type that belongs to the user.
type Type struct {
	Schema, Name string
	Kind         string   // "enum", "domain", "composite", "range", "extension", "base"
	Create       string   // the SQL that creates it; empty where it cannot be created
	Needs        string   // for Kind extension: the extension's name
	Labels       []string // of an enum, in order
	Parts        []string // the types of the user's that it is made of, quoted and qualified
}
