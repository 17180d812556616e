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

// vitals reads what the server says of itself.
type vitals struct {
	aside

	// Its mu guards these too.
	queries     map[string]string // by metric
	checkpoints checkpointLog
}

func newVitals(connect func(context.Context) (*pgx.Conn, error)) *vitals {
	v := &vitals{}
	v.connect = func(ctx context.Context) (*pgx.Conn, error) {
		conn, err := connect(ctx)
		if err == nil {
			v.queries = map[string]string{metricWAL: walSQL, metricCheckpoints: checkpointsSQL(version(conn))}
		}
		return conn, err
	}
	return v
}

// Vitals reads what the server says of itself.
func (l *load) Vitals(ctx context.Context) (connectors.Vitals, error) {
	v := l.vitals.look(ctx)
	return v, ctx.Err()
}

// look asks the server, in two round trips.
func (v *vitals) look(ctx context.Context) connectors.Vitals {
	v.mu.Lock()
	defer v.mu.Unlock()
	now, answers := connectors.Vitals{}, map[string][]byte{}
	// What has no answer is missing, whatever kept it away.
	_ = v.ask(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		if now.RoundTrip, err = roundTrip(ctx, conn); err == nil {
			answers, err = v.askAll(ctx, conn)
		}
		return err
	})
	v.read(answers, &now)
	return now
}

// askAll sends all queries at once, each in a transaction of its own: one that
// the server refuses keeps no other from its answer. It is not asked again,
// since the server would log it every time. Statistics stay as they are while a
// transaction lasts, so there is none around them either.
func (v *vitals) askAll(ctx context.Context, conn *pgx.Conn) (map[string][]byte, error) {
	metrics := slices.Sorted(maps.Keys(v.queries))
	p := conn.PgConn().StartPipeline(ctx)
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
