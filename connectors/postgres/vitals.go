package postgres

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

// The metrics of a window that vitals read, by their names in JSON.
const (
	metricWAL         = "dest_wal_bytes"
	metricCheckpoints = "dest_checkpoints"
	metricRoundTrip   = "round_trip_secs"
)

// vitals reads what the server says of itself, over a connection of its own: one
// of the pool may be busy with an index for hours.
type vitals struct {
	connect func(context.Context) (*pgx.Conn, error)

	mu          sync.Mutex // guards the fields below; held while the server is asked
	conn        *pgx.Conn  // nil before the first look, behind a failure, and at the end
	queries     map[string]string
	resting     time.Time // until when a failure keeps it from being asked again
	closed      bool
	checkpoints checkpointLog
}

// vitalsPatience bounds what a look may take. On a link of 100 ms it takes 0.2 s,
// and a second more the first time.
const vitalsPatience = 2 * time.Second

// vitalsRest is for how long nothing is asked behind a failure: a server that
// cannot answer must not cost every window the patience.
const vitalsRest = 5 * time.Second

// Vitals reads what the server says of itself.
func (l *load) Vitals(ctx context.Context) (connectors.Vitals, error) {
	v := l.vitals.look(ctx)
	return v, ctx.Err()
}

// look asks the server, in two round trips.
func (v *vitals) look(ctx context.Context) connectors.Vitals {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := connectors.Vitals{}
	answers, err := v.ask(ctx, &now)
	if err != nil && v.conn != nil {
		hangUp(v.conn)
		v.conn = nil
	}
	if err != nil && ctx.Err() == nil {
		v.resting = time.Now().Add(vitalsRest)
	}
	v.read(answers, &now)
	return now
}

// ask measures a round trip and returns the queries' answers, by metric.
func (v *vitals) ask(ctx context.Context, now *connectors.Vitals) (map[string][]byte, error) {
	if v.closed || time.Now().Before(v.resting) {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, vitalsPatience)
	defer cancel()
	if err := v.open(ctx); err != nil {
		return nil, err
	}
	began := time.Now()
	if err := v.conn.Ping(ctx); err != nil {
		return nil, err
	}
	now.RoundTrip = time.Since(began)
	return v.askAll(ctx)
}

func (v *vitals) open(ctx context.Context) (err error) {
	if v.conn != nil {
		return nil
	}
	if v.conn, err = v.connect(ctx); err != nil {
		return err
	}
	v.queries = map[string]string{metricWAL: walSQL, metricCheckpoints: checkpointsSQL(version(v.conn))}
	return nil
}

// askAll sends all queries at once, each in a transaction of its own: one that
// the server refuses keeps no other from its answer. It is not asked again,
// since the server would log it every time. Statistics stay as they are while a
// transaction lasts, so there is none around them either.
func (v *vitals) askAll(ctx context.Context) (map[string][]byte, error) {
	metrics := slices.Sorted(maps.Keys(v.queries))
	p := v.conn.PgConn().StartPipeline(ctx)
	for _, m := range metrics {
		p.SendQueryParams(v.queries[m], nil, nil, nil, nil)
		p.SendPipelineSync()
	}
	if err := p.Flush(); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	answers := map[string][]byte{}
	for _, m := range metrics {
		answer, err := nextAnswer(p)
		var refused *pgconn.PgError
		if errors.As(err, &refused) {
			delete(v.queries, m)
		} else if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		answers[m] = answer
	}
	return answers, p.Close()
}

// nextAnswer is the value that a pipeline's next query returns, or what the
// server says against it. It reads on to the synchronisation behind the query.
func nextAnswer(p *pgconn.Pipeline) (answer []byte, said error) {
	for {
		results, err := p.GetResults()
		switch r := results.(type) {
		case *pgconn.PipelineSync:
			return answer, said
		case *pgconn.ResultReader:
			read := r.Read()
			if err = read.Err; len(read.Rows) == 1 {
				answer = read.Rows[0][0]
			}
		case nil:
			err = cmp.Or(err, io.ErrUnexpectedEOF)
		}
		var refused *pgconn.PgError
		if errors.As(err, &refused) {
			said = err
		} else if err != nil {
			return nil, err
		}
	}
}

// read fills in what the answers say, and names what they do not.
func (v *vitals) read(answers map[string][]byte, now *connectors.Vitals) {
	miss := func(metric string) { now.Missing = append(now.Missing, metric) }
	if json.Unmarshal(answers[metricWAL], &now.WAL) != nil {
		miss(metricWAL)
	}
	var c checkpointCounts
	if json.Unmarshal(answers[metricCheckpoints], &c) != nil {
		miss(metricCheckpoints)
	} else {
		v.checkpoints.note(c)
		now.Checkpoints, now.Checkpointing = v.checkpoints.events, v.checkpoints.writing
	}
	if now.RoundTrip == 0 {
		miss(metricRoundTrip)
	}
}

func (v *vitals) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	if v.conn != nil {
		hangUp(v.conn)
	}
	v.conn = nil
}

// walSQL fails on a standby, which writes no log.
const walSQL = "SELECT (pg_current_wal_insert_lsn() - '0/0')::int8"

// checkpointsSQL asks for a checkpointCounts as JSON. What is counted moved to
// another view with 17. A checkpointer that waits for something to do is in an
// Activity.
func checkpointsSQL(version int) string {
	begun, written, spent, view := "num_timed + num_requested", "buffers_written", "write_time + sync_time", "pg_stat_checkpointer"
	if version < 17 {
		begun, written, spent, view = "checkpoints_timed + checkpoints_req", "buffers_checkpoint",
			"checkpoint_write_time + checkpoint_sync_time", "pg_stat_bgwriter"
	}
	return fmt.Sprintf(`
SELECT json_build_object('Begun', %s, 'Written', %s, 'Spent', %s,
	'End', (SELECT (checkpoint_lsn - '0/0')::int8 FROM pg_control_checkpoint()),
	'Writing', (SELECT wait_event_type <> 'Activity' FROM pg_stat_activity WHERE backend_type = 'checkpointer'))
FROM %s`, begun, written, spent, view)
}
