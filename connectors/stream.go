package connectors

import "github.com/rapidbyte/rbt/policy"

// StreamSpec is a stream as the pipeline asks for it.
type StreamSpec struct {
	Name          string   // unique in the pipeline; schema.table for people
	Schema, Table string   // at the source
	Columns       []string // empty for all
	Where         string   // empty for all rows
	PartitionKey  string   // empty for the source's choice
	TargetSchema  string
	Target        string
	WriteMode     WriteMode
	Resume        Resume
}

// WriteMode says what becomes of the rows that the target has.
type WriteMode string

const (
	Replace WriteMode = "replace" // they give way to the source's
	Append  WriteMode = "append"  // they stay, the source's come on top
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
	// Notes are what a policy may want to know of the stream and the source's
	// server, by names that begin with "source.": "source.version".
	Notes map[string]string
	// Facts are the source's own notes about the stream, for its Cutter.
	Facts any
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
	Columns []string
	// Choices are the destination's knobs as they hold for this stream.
	Choices []Choice
	// Method says how Publish will make the rows visible, in a word for
	// people: "create", "swap", "truncate and insert", "insert".
	Method string
	// Steps say in words what Stage and Publish will create or change.
	Steps []string
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
