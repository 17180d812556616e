package postgres

import (
	"context"
	"maps"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/policy"
)

// Destination is a PostgreSQL database to copy to.
//
// Every stream is loaded into a staging table beside its target; Publish then
// makes the rows visible in one transaction. What rbt knows of its runs it
// keeps in the schema _rbt of the same database.
type Destination struct {
	config  Config
	options DestinationOptions
}

// DestinationOptions is what the pipeline may choose.
type DestinationOptions struct {
	// ForeignKeys copies the foreign keys between the tables of a run, and lets
	// a run take off and put back those that are in its way.
	ForeignKeys bool
	// IndexJobs is how many indexes of a table are built at a time; 0 is 2.
	IndexJobs int
	// Compression, pglz or lz4, is for the columns of the tables that a run
	// creates; empty leaves them as they are at the source.
	Compression string
	// SkipAnalyze leaves the statistics of the copied rows to autovacuum.
	SkipAnalyze bool
}

var _ connectors.Destination = (*Destination)(nil)

// NewDestination returns the destination. It does not connect.
func NewDestination(config Config, options DestinationOptions) *Destination {
	if options.IndexJobs <= 0 {
		options.IndexJobs = 2
	}
	config.refusesTLS = new(atomic.Bool)
	return &Destination{config: config, options: options}
}

// Room is how many connections the destination has left.
func (d *Destination) Room(ctx context.Context) (int, error) { return d.config.room(ctx, loadRole) }

// Knobs are the settings of a lane that the destination acts on.
func (d *Destination) Knobs() []policy.Knob { return []policy.Knob{flushKnob(), formatKnob()} }

func flushKnob() policy.Knob {
	return policy.Knob{
		Name:    knobFlush,
		Owner:   policy.Destination,
		Kind:    policy.Bytes,
		Min:     1 << 20,
		Max:     32 << 20,
		Default: policy.IntValue(8 << 20),
		Doc:     "After how many bytes, at the end of a row, a lane has the destination take all rows so far.",
	}
}

func formatKnob() policy.Knob {
	return policy.Knob{
		Name:    knobFormat,
		Owner:   policy.Destination,
		Kind:    policy.Enum,
		Values:  []string{formatBinary, formatText},
		Default: policy.EnumValue(formatBinary),
		Doc:     "The form in which rows travel; binary only where every column's type has the same stable binary form.",
	}
}

// The methods are how Publish makes rows visible, in words for people.
const (
	methodCreate   = "create"
	methodSwap     = "swap"
	methodTruncate = "truncate and insert"
	methodInsert   = "insert"
	methodUpsert   = "upsert"
)

// connect opens a session that may change the books.
func (d *Destination) connect(ctx context.Context) (*pgx.Conn, error) {
	return d.config.connect(ctx, booksRole)
}

// Targets says what the streams would become. It changes nothing.
func (d *Destination) Targets(ctx context.Context, streams []*connectors.Stream) (_ []*connectors.Target, err error) {
	defer func() { err = onDestination(err) }()
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	began := time.Now()
	if _, err := conn.Exec(ctx, "SET default_transaction_read_only = on"); err != nil {
		return nil, wrap("set up the session", err)
	}
	notes := connectionNotes("destination", conn, time.Since(began))
	encoding := conn.PgConn().ParameterStatus("server_encoding")
	p, err := newPlanner(ctx, conn, d.options, d.config.Pipeline, streams)
	if err != nil {
		return nil, err
	}
	maps.Copy(p.site.notes, notes)
	p.site.notes["destination.synchronous_commit"] = "off" // of the lanes
	targets := make([]*connectors.Target, len(streams))
	for i, s := range streams {
		targets[i] = p.plan(s)
		targets[i].Encoding = encoding
		if err := planChecks(ctx, conn, targets[i]); err != nil {
			return nil, wrap("look at the checks", err)
		}
	}
	return targets, nil
}

// targetName is where a stream goes.
func targetName(spec connectors.StreamSpec) relName {
	name := relName{Schema: spec.TargetSchema, Name: spec.Target}
	if name.Schema == "" {
		name.Schema = spec.Schema
	}
	if name.Name == "" {
		name.Name = spec.Table
	}
	return name
}
