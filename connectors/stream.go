package connectors

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/rapidbyte/rbt/policy"
)

// StreamSpec is a stream as the pipeline asks for it.
type StreamSpec struct {
	Name          string   // unique in the pipeline; schema.table for people
	Schema, Table string   // at the source
	Query         string   // what to read in place of a table, in the source's words
	Columns       []string // empty for all
	Where         string   // empty for all rows
	PartitionKey  string   // empty for the source's choice
	TargetSchema  string
	Target        string
	WriteMode     WriteMode
	PrimaryKey    []string // of Upsert: the columns that tell rows apart; empty for the source's primary key
	Deleted       Deleted  // of Upsert
	Resume        Resume
	Evolution     Evolution
	// Computed are the columns that the source computes while it reads.
	Computed []Computed
	// Checks must hold before the rows become visible.
	Checks []Check
	// Verify says how staged rows are compared with the source's.
	Verify Verify
	// Rejects, where it is there, lets rows that the destination refuses be left
	// out; without it one ends the run.
	Rejects *Rejects
	// Cursor, where it is there, makes the stream incremental: a run reads the
	// rows that have come or changed since the one before.
	Cursor *Cursor
}

// Computed is a column whose values the source computes: one of the table's, or
// a new one behind them. Either Expr or Mask is set.
type Computed struct {
	Column string
	Expr   string // in the source's words
	Mask   Mask
	// Salt is the SaltDigest of what goes into a MaskHash, where the rows of
	// several runs must have been hashed alike.
	Salt string `json:",omitempty"`
}

// Mask says what becomes of a column's values.
type Mask string

const (
	MaskHash    Mask = "hash"    // the hex SHA-256 of the source's salt and the value's text
	MaskRedact  Mask = "redact"  // nothing: *** for a text, NULL for others
	MaskPartial Mask = "partial" // all but the last four characters become *
)

// Check is a question about the target, with the rows of the run in it.
type Check struct {
	Name string
	// SQL is one query in the destination's words that says true. {{target}}
	// stands for the table.
	SQL string
}

// Verify says how the rows that a run has staged are compared with those of its
// moment, before they become visible.
type Verify string

const (
	NoVerify       Verify = ""
	VerifyCount    Verify = "count"    // their number
	VerifyChecksum Verify = "checksum" // and the sum of their hashes
)

// Rejects is how a stream goes on without bad rows: those that the destination
// refuses for what is in them.
type Rejects struct {
	Max int64 // more of them end the run
}

// Sum is what a side knows of the rows of a stream.
type Sum struct {
	Rows int64
	// Hash is that of all rows, in any order; empty where only Rows are asked for.
	Hash string
}

// Cursor is what an incremental stream goes by.
type Cursor struct {
	// Column's values grow: a row that comes or changes has a greater one than
	// all rows before it.
	Column string
	// TieBreaker is a column that tells rows with equal cursors apart, in the
	// order in which they come; empty where there is none.
	TieBreaker string
	// Initial is the least cursor that the first run reads; empty for all.
	Initial string
	// Lookback is how far back of the last run's end a run reads again, for rows
	// that became visible late: a duration, or a number where the cursor is one.
	Lookback string
	// After is where the last run ended; nil where there was none.
	After *Position
	// Look says that no row will be read: a source need not wait for transactions
	// that write, to find out up to where it could be.
	Look bool
}

// Position says which rows of an incremental stream are taken. It is plain data
// that a destination keeps with the rows. Values are text as the source has it.
type Position struct {
	Column     string
	TieBreaker string
	// Order and TieOrder are how the values of the two are ordered, in the source's
	// words: values of another order cannot be compared with those below.
	Order, TieOrder string
	// Value is the cursor below which every row is taken. With Reached, rows
	// that have it are taken as well: all of them, or where there is a tie
	// breaker those up to Tie.
	Value   string
	Reached bool
	Tie     string
	// Target is the table that has the rows, in the destination's words; only the
	// destination sets it.
	Target string
	// Computed is the digest of what the rows were computed with.
	Computed string
}

// Digest tells whether columns are computed as others are; empty for none.
func Digest(computed []Computed) string {
	if len(computed) == 0 {
		return ""
	}
	text, err := json.Marshal(computed)
	if err != nil {
		panic(err) // plain strings always marshal
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}

// saltRounds of PBKDF2 take 0.17 s on the machine of bench/README.md: who reads a
// digest and guesses salts has to pay that for each. The number is that of OWASP's
// Password Storage Cheat Sheet for HMAC-SHA-256.
const saltRounds = 600_000

// SaltDigest tells a pipeline's salt from others.
func SaltDigest(pipeline, salt string) string {
	key, err := pbkdf2.Key(sha256.New, salt, []byte("the salt of hashes of "+pipeline), saltRounds, 16)
	if err != nil {
		panic(err) // it refuses short keys only, and these where FIPS 140 is enforced
	}
	return hex.EncodeToString(key)
}

// WriteMode says what becomes of the rows that the target has.
type WriteMode string

const (
	Replace WriteMode = "replace" // they give way to the source's
	Append  WriteMode = "append"  // they stay, the source's come on top
	Upsert  WriteMode = "upsert"  // those with the key of one of the source's become it, the others stay
)

// Deleted says what becomes of the target's rows whose keys a full refresh of
// the source does not have any more.
type Deleted string

const (
	KeepDeleted Deleted = ""     // they stay
	MarkDeleted Deleted = "soft" // they are marked with the time
	DropDeleted Deleted = "hard" // they go
)

// Resume says what becomes of a stream that an attempt left unfinished.
type Resume string

const (
	Restart  Resume = "restart"  // begin again, so that the table is one moment
	Continue Resume = "continue" // keep the finished parts, read the rest of a later moment
)

// Stream is what a source found out about a stream.
type Stream struct {
	Spec  StreamSpec
	Table Table // with the spec's columns only
	// Rows and Bytes are estimates from the catalog; -1 where there is none.
	Rows, Bytes int64
	// Choices are the source's knobs as they hold for this stream.
	Choices []Choice
	// Key is the partition key's column, empty where there is none.
	Key string
	// Position is where an incremental stream's next run begins once this one is
	// published; nil for other streams, and where that is as it was.
	Position *Position
	// Steps say in words what of the stream is read, beyond its columns and where.
	Steps []string
	// Encoding is that of the source's texts; where the destination's is another
	// one, hashes are of what both can be turned into.
	Encoding string
	// Caveats are what people should know of that whenever the stream is read.
	Caveats []string
	// Notes are what a policy may want to know of the stream and the source's
	// server, by names that begin with "source.": "source.version".
	Notes map[string]string
	// Facts are the source's own notes about the stream, for its Cutter.
	Facts any
}

// RowKey names the columns that tell people which row one is: the key of an
// upsert, else the table's own, else that which divides it; none where there is
// no such key.
func (s *Stream) RowKey() []string {
	if len(s.Spec.PrimaryKey) > 0 {
		return s.Spec.PrimaryKey
	}
	for _, c := range s.Table.Constraints {
		if c.Kind == "primary key" {
			return c.Columns
		}
	}
	if s.Key != "" {
		return []string{s.Key}
	}
	return nil
}

// Choice is a knob as it holds for one stream.
type Choice struct {
	// Knob lists as its Values, where it is an Enum, only what the stream
	// supports. With fewer than two of them there is nothing to tune.
	Knob policy.Knob
	// Best is the value that known facts favour, and Why says which facts.
	Best policy.Value
	Why  string
	// Bound says where the knob's upper bound comes from; empty where it is
	// the knob's own.
	Bound string
	// WhyNot says for each unsupported value of an Enum what is in the way.
	WhyNot map[string]string
}

// Obstacle says why the stream cannot have the value v, or nothing.
func (c Choice) Obstacle(v policy.Value) string {
	if why := c.WhyNot[v.Name]; why != "" {
		return why
	}
	if err := c.Knob.Check(v); err != nil {
		return err.Error()
	}
	return ""
}

// Target is what a stream becomes on the destination.
type Target struct {
	Stream       *Stream
	Schema, Name string
	Exists       bool
	// Columns are those to copy, in the order in which both sides name them.
	// Columns that the destination computes itself are not among them.
	Columns  []string
	Encoding string // of the destination's texts
	// Types are the types that the target keeps the Columns in, by name: where
	// they differ, a source hashes its values as of these.
	Types map[string]string
	// Choices are the destination's knobs as they hold for this stream.
	Choices []Choice
	// Method says how Publish will make the rows visible, in a word for
	// people: "create", "swap", "truncate and insert", "insert".
	Method string
	// Steps say in words what Stage and Publish will create or change, and Changes
	// are the statements that change what exists.
	Steps   []string
	Changes []string
	// RefersTo names the streams of the run whose rows have to be visible before
	// this one's, which refer to them. Streams may refer to each other.
	RefersTo []string
	// Problems keep the stream from being copied at all. Each says what is
	// wrong, where, and what to do.
	Problems []string
	// Notes are what a policy may want to know of the destination's server, by
	// names that begin with "destination.": "destination.wal_level".
	Notes map[string]string
	// Facts are the destination's own notes about the target.
	Facts any
}

// TableInfo is a table that a source has to offer.
type TableInfo struct {
	Schema, Name string
	Kind         TableKind
	Rows, Bytes  int64 // estimates; -1 where there is none
	// PartOf is the partitioned table whose partition this is, else empty.
	// Copying the parent copies it.
	PartOf string
}

// Knobs is what both kinds of connectors declare.
type Knobs interface {
	// Knobs are the specs of the knobs that the connector owns.
	Knobs() []policy.Knob
}
