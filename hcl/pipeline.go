package hcl

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/rapidbyte/rbt/policy"
)

// Pipeline is a pipeline file: what to copy, from where, to where and how.
type Pipeline struct {
	Name        string
	Source      Source
	Destination Destination
	Streams     []Stream // in the order of the file, at least one
	Resources   Resources
	Checkpoint  Checkpoint
	Autotune    Autotune
	// Pins are the knobs that are fixed for every stream. See [Pipeline.PinsOf].
	Pins policy.Setting

	src *source
}

// PinsOf returns the pins that hold for a stream: its own over those of the
// pipeline.
func (p *Pipeline) PinsOf(s *Stream) policy.Setting { return p.Pins.With(s.Pins) }

// StreamOf returns the stream that a source table belongs to: the one that
// names it exactly, else the first pattern that matches and does not exclude
// it. It returns nil if there is none.
func (p *Pipeline) StreamOf(schema, table string) *Stream {
	var first *Stream
	for i := range p.Streams {
		s := &p.Streams[i]
		switch {
		case !s.matches(schema, table):
		case !s.IsPattern:
			return s
		case first == nil:
			first = s
		}
	}
	return first
}

// Source is the server to read from.
type Source struct {
	Kind string // "postgres"
	DSN  Secret
	// Salt goes into the hashes of masked columns. Empty where none is hashed.
	Salt Secret
	// LockTimeout bounds the wait for a table lock. Default 30s, 0 … 24h;
	// 0 waits for ever.
	LockTimeout time.Duration
	Pos         Pos
}

// Destination is the server to write to.
type Destination struct {
	Kind string // "postgres"
	DSN  Secret
	// Schema takes all tables. Empty, the default, means that each table goes
	// into the schema of the same name as at the source.
	Schema string
	// ForeignKeys says whether foreign keys between the copied tables are
	// created as well. Default false.
	ForeignKeys bool
	// Analyze says whether the destination is to look at the rows before they
	// become visible, so that its planner knows them. Default true.
	Analyze bool
	// Compression is how created tables compress long values: "pglz", "lz4" or,
	// by default, SourceCompression.
	Compression string
	// LockTimeout bounds the wait for a table lock. Default 10s, 0 … 24h;
	// 0 waits for ever.
	LockTimeout time.Duration
	Pos         Pos
}

// SourceCompression leaves the columns' compression as it is at the source.
const SourceCompression = "source"

// SyncMode says which rows of a table a run reads.
type SyncMode string

const (
	FullRefresh SyncMode = "full_refresh" // all rows
	Incremental SyncMode = "incremental"  // rows whose cursor is beyond that of the last run
)

// WriteMode says what happens to the rows that the destination holds already.
type WriteMode string

const (
	Replace WriteMode = "replace" // the target is swapped for the new rows in one transaction
	Append  WriteMode = "append"  // they stay
	Upsert  WriteMode = "upsert"  // those with the same primary key are updated
)

// Deleted says what happens to rows of the destination that a full refresh does
// not find at the source any more.
type Deleted string

const (
	KeepDeleted Deleted = "none" // they stay
	MarkDeleted Deleted = "soft" // they are marked
	DropDeleted Deleted = "hard" // they are deleted
)

// Evolution says what happens to a target whose columns are not the stream's.
type Evolution struct {
	NewColumn     NewColumn     // default add
	RemovedColumn RemovedColumn // default keep
	TypeChange    TypeChange    // default widen
	Nullability   Nullability   // default relax
}

// NewColumn says what happens to a column that only the source has.
type NewColumn string

const (
	AddColumn     NewColumn = "add"    // the target gets it
	IgnoreColumn  NewColumn = "ignore" // it is not copied
	FailNewColumn NewColumn = "fail"
)

// RemovedColumn says what happens to a column that only the target has.
type RemovedColumn string

const (
	KeepColumn        RemovedColumn = "keep"
	DropColumn        RemovedColumn = "drop"
	FailRemovedColumn RemovedColumn = "fail"
)

// TypeChange says what happens to a column whose type differs.
type TypeChange string

const (
	WidenType      TypeChange = "widen" // the target's becomes the wider of the two
	CastType       TypeChange = "cast"  // the target's stays, and reads the texts of the source's values
	FailTypeChange TypeChange = "fail"
)

// Nullability says what happens to a column that may be NULL at the source only.
type Nullability string

const (
	RelaxNullability Nullability = "relax" // it may be NULL in the target as well
	FailNullability  Nullability = "fail"
)

// Verify says how a run compares what it has copied with the source, before it
// becomes visible.
type Verify string

const (
	NoVerify       Verify = "none"
	VerifyCount    Verify = "count"    // the number of rows
	VerifyChecksum Verify = "checksum" // and the sum of their hashes
)

// OnBadRow says what happens to a row that the destination refuses for what is in
// it.
type OnBadRow string

const (
	FailOnBadRow OnBadRow = "fail"   // the run fails
	RejectBadRow OnBadRow = "reject" // the row is put aside
)

// Mask says what becomes of the values of a column.
type Mask string

const (
	MaskHash    Mask = "hash"    // a hash of the salt and the value
	MaskRedact  Mask = "redact"  // they are left out
	MaskPartial Mask = "partial" // the last four characters stay
)

// Column is a column that the source computes. Either Expr or Mask is set.
type Column struct {
	Name string
	Expr string // SQL
	Mask Mask
}

// Check is a question about the target that must be answered with true before
// the rows become visible.
type Check struct {
	Name string
	SQL  string // {{target}} in it stands for the table
}

// Resume says what a run does with the parts that a failed run has committed.
type Resume string

const (
	Restart  Resume = "restart"  // copies them again
	Continue Resume = "continue" // keeps them
)

// Stream is one source table and its destination table, or a pattern that
// stands for many.
type Stream struct {
	Label string // as written
	// Name is the parsed label. Schema and Table are its parts, without SQL
	// quotes; those of a pattern stream hold the wildcards.
	Name          Pattern
	Schema, Table string
	IsPattern     bool
	Exclude       []Pattern // of a pattern stream: tables to leave out
	// Query is read in place of a table, which need not exist; empty: the table.
	Query string

	SyncMode SyncMode // default full_refresh
	Cursor   string   // a column; set if and only if SyncMode is incremental
	// TieBreaker is a unique column that orders rows with equal cursors, Initial
	// the least cursor that the first run reads, and Lookback how far back of its
	// last end a run reads again: a duration, or a number. All may be empty, and
	// are where SyncMode is not incremental.
	TieBreaker, Initial, Lookback string

	WriteMode  WriteMode // default replace
	PrimaryKey []string  // columns, only where WriteMode is upsert; empty: the table's own
	Deleted    Deleted   // default none; else WriteMode is upsert and SyncMode full_refresh

	PartitionKey string   // a column; empty: the primary key where it is one integer column
	Columns      []string // empty: all
	Where        string   // SQL; empty: all rows
	Target       string   // a table in the destination; empty: the source table's name
	Computed     []Column
	Verify       Verify // default none
	Evolution    Evolution
	Checks       []Check
	OnBadRow     OnBadRow // default fail
	MaxRejects   int64    // of RejectBadRow: more end the run; default 1000, 0 … 1000000000
	Resume       Resume   // default restart

	// Pins are the knobs that are fixed for this stream. See [Pipeline.PinsOf].
	Pins policy.Setting
	Pos  Pos // of the label

	attributes map[string]Pos
}

func (s *Stream) matches(schema, table string) bool {
	excludes := func(p Pattern) bool { return p.Match(schema, table) }
	return s.Name.Match(schema, table) && !slices.ContainsFunc(s.Exclude, excludes)
}

// PosOf returns where an attribute is written, or the column block of that name
// with `column NAME`, or the stream's label if it is not.
func (s *Stream) PosOf(attribute string) Pos {
	if pos, ok := s.attributes[attribute]; ok {
		return pos
	}
	return s.Pos
}

// Resources bounds what a run may use.
type Resources struct {
	// Parallelism is the number of lanes of a stream before tuning, 1 to
	// WorkerCap. 0, the default, is "auto".
	Parallelism int
	// WorkerCap is the most lanes of the whole run. Default 16, 1 … 256.
	WorkerCap int
	// MaxMemory bounds the buffers of the run in bytes. Default 512MiB,
	// 32MiB … 1TiB.
	MaxMemory int64
	// RetryFor is how long a part that fails is tried again. Default 5m,
	// 0 … 24h; 0 never tries again.
	RetryFor time.Duration
}

// Checkpoint says how often a run commits.
type Checkpoint struct {
	// PartSize is about how many bytes of a table make one part, so one commit
	// and one mark. Default 64MiB, 1MiB … 4GiB.
	PartSize int64
}

// Autotune says whether and how knobs are tuned.
type Autotune struct {
	Enabled bool // default true
	Policy  Policy
	Probe   Probe
}

// Policy says who decides what to try and what counts as best.
type Policy struct {
	Kind string // "builtin" (the default) or "wasm"
	// Module is the path of the WASM module. A relative path is taken from the
	// folder of the pipeline file.
	Module string
	SHA256 string // of the module, 64 lower-case hex digits; empty: not checked
	Engine string // "interpreter" (the default) or "compiler"
	// Timeout bounds one call. Default 500ms, 10ms … 5s.
	Timeout time.Duration
	// MaxMemory bounds the module's memory in bytes. Default 32MiB, 1MiB … 256MiB.
	MaxMemory int64
	// MaxCalls is the most function calls that the module makes within one call
	// of rbt's. Default 2000000, 1000 … 1000000000.
	MaxCalls int64
	Config   json.RawMessage // an object, opaque to rbt; nil if not written
	Pos      Pos             // zero if the file has no policy block

	attributes map[string]Pos
}

// PosOf returns where an attribute is written, or the block if it is not.
func (p Policy) PosOf(attribute string) Pos {
	if pos, ok := p.attributes[attribute]; ok {
		return pos
	}
	return p.Pos
}

// Probe is the budget of the probe phase of one stream.
type Probe struct {
	MaxRows     int64         // default 200000, 1 … 1000000000
	MaxFraction float64       // of the stream's rows; default 0.15, 0.001 … 1
	MaxDuration time.Duration // default 30s, 100ms … 1h
	MinWindows  int           // per candidate; default 2, 1 … 100
	Lead        float64       // that ends the phase early; default 0.08, 0 … 10
	StrictRows  bool          // MaxRows holds even if MinWindows cannot be met; default false
}
