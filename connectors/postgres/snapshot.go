package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/rapidbyte/rbt/connectors"
)

const beginReading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// snapshot is one moment of the source: the snapshot of a transaction that
// exported it. A transaction that imported a snapshot can export it again, so
// two connections hold it, and each can replace the other.
type snapshot struct {
	cfg     Config
	options SourceOptions
	version int
	started string            // when the server was: it tells servers apart
	notes   map[string]string // of the server, for policies
	beside  aside
	bounds  map[string]bound // of the incremental streams

	mu sync.Mutex // guards the fields below and the connections in holders
	// holders' transactions see the moment; the first one exported id.
	holders []*pgx.Conn
	id      string
	locks   []string // statements with which every holder keeps the streams' relations as they are
}

// holders is how many connections hold a snapshot: one and its deputy.
const holders = 2

// holdEvery is how often the holders are looked at, so that one that is gone
// is replaced before the other goes too. It also keeps a firewall from
// forgetting the idle connections; the usual limits are minutes.
const holdEvery = 5 * time.Second

// Snapshot exports a new moment.
func (s *Source) Snapshot(ctx context.Context, specs []connectors.StreamSpec) (connectors.Snapshot, error) {
	bounds, err := s.bounds(ctx, specs)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the source: %w", err)
	}
	snap, err := newSnapshot(ctx, s.cfg, s.options)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the source: %w", err)
	}
	snap.bounds = bounds
	return snap, nil
}

func newSnapshot(ctx context.Context, cfg Config, options SourceOptions) (*snapshot, error) {
	conn, err := cfg.connect(ctx, sourceRole)
	if err != nil {
		return nil, err
	}
	s := &snapshot{cfg: cfg, options: options, version: version(conn), holders: []*pgx.Conn{conn}}
	s.beside.connect = s.connect
	if err := s.open(ctx, conn); err != nil {
		s.Close(ctx)
		return nil, err
	}
	return s, nil
}

// open begins the moment on its first connection, and finds a deputy for it.
func (s *snapshot) open(ctx context.Context, conn *pgx.Conn) error {
	if err := s.greet(ctx, conn); err != nil {
		return err
	}
	began := time.Now()
	// Compiling the questions about the catalog takes 17 ms, running them one or two. The
	// only other one, for a row without a cursor, ends at the first that it finds.
	if _, err := conn.PgConn().Exec(ctx, beginReading+"; SET LOCAL jit = off").ReadAll(); err != nil {
		return wrap("begin to read", err)
	}
	maps.Copy(s.notes, connectionNotes("source", conn, time.Since(began)))
	if err := s.export(ctx); err != nil {
		return err
	}
	return s.deputise(ctx)
}

// export makes the first holder's snapshot the one that others import.
func (s *snapshot) export(ctx context.Context) error {
	err := s.holders[0].QueryRow(ctx, "SELECT pg_export_snapshot()").Scan(&s.id)
	return wrap("export the snapshot", err)
}

// join opens a connection whose transaction sees the snapshot id.
func (s *snapshot) join(ctx context.Context, id string) (*pgx.Conn, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	sql := beginReading + "; SET TRANSACTION SNAPSHOT " + literal(id)
	if _, err = conn.PgConn().Exec(ctx, sql).ReadAll(); err != nil {
		conn.Close(ctx)
		return nil, &opError{doing: "import the snapshot", err: err, retry: gone(err) || mayPass(err)}
	}
	return conn, nil
}

// connect opens one more connection to the snapshot's server.
func (s *snapshot) connect(ctx context.Context) (*pgx.Conn, error) {
	conn, err := s.cfg.connect(ctx, sourceRole)
	if err != nil {
		return nil, err
	}
	if err := s.sameServer(ctx, conn); err != nil {
		conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

// errOtherServer ends a connection that a DSN of several hosts, or a balancer,
// led elsewhere. Another run may have exported a snapshot of the same name there.
var errOtherServer = errors.New("the source's DSN leads to more than one server, or the server was restarted: name one host")

func (s *snapshot) sameServer(ctx context.Context, conn *pgx.Conn) error {
	started, err := startTime(ctx, conn)
	if err == nil && started != s.started {
		return &opError{doing: "connect", err: errOtherServer, retry: true}
	}
	return err
}

// startedSQL is when the server was started.
const startedSQL = "pg_postmaster_start_time()::text"

func startTime(ctx context.Context, conn *pgx.Conn) (started string, err error) {
	err = conn.QueryRow(ctx, "SELECT "+startedSQL).Scan(&started)
	return started, wrap("ask when the source was started", err)
}

// gone reports whether an import failed because the transaction that exported
// the snapshot has ended.
func gone(err error) bool {
	if errors.Is(err, errOtherServer) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "22023", "42704", "55000": // no such file, the same since 17, its process is not running
		return true
	}
	return false
}

// ID names the moment; it changes when another connection takes it over.
func (s *snapshot) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// Reader opens a source lane.
func (s *snapshot) Reader(ctx context.Context) (connectors.Reader, error) {
	conn, err := s.member(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a source lane: %w", err)
	}
	r, err := newReader(ctx, conn)
	if err != nil {
		conn.Close(ctx)
		return nil, err
	}
	return r, nil
}

// lockedByLanes is up to how many tables a lane locks as soon as it is open,
// rather than each as it comes to it: somebody who waits to change a table, for
// as long as the holders lock it, makes everybody wait who comes later. The
// locks of two holders and sixteen lanes on so many tables fit into a server's
// lock table with its default settings (about 7 800 tables, twice as many
// locks).
const lockedByLanes = 500

// member opens a connection that sees the moment, and heals the snapshot
// first where it must.
func (s *snapshot) member(ctx context.Context) (*pgx.Conn, error) {
	conn, err := s.join(ctx, s.ID())
	if gone(err) {
		if err := s.healed(ctx); err != nil {
			return nil, err
		}
		conn, err = s.join(ctx, s.ID())
	}
	if err != nil {
		return nil, err
	}
	if locks := s.locked(); len(locks) <= lockedByLanes {
		if err := lock(ctx, conn, locks); err != nil {
			conn.Close(ctx)
			return nil, err
		}
	}
	return conn, nil
}

func (s *snapshot) healed(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.heal(ctx)
}

// locked are the statements that lock the streams' relations.
func (s *snapshot) locked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.locks
}

// Hold looks after the holders until ctx ends or the moment is lost.
func (s *snapshot) Hold(ctx context.Context) error {
	tick := time.NewTicker(holdEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.look(ctx); errors.Is(err, connectors.ErrSnapshotLost) {
			return err
		}
	}
}

// look heals the snapshot. What else fails can wait for the next time.
func (s *snapshot) look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.heal(ctx); err != nil {
		return err
	}
	return s.deputise(ctx)
}

// heal drops the holders that are gone, and exports again where the exporter
// was among them. s.mu is held.
func (s *snapshot) heal(ctx context.Context) error {
	exporter := s.holders[0]
	var alive []*pgx.Conn
	for _, h := range s.holders {
		if _, err := h.Exec(ctx, "SELECT 1"); err == nil {
			alive = append(alive, h)
		} else if ctx.Err() != nil {
			return ctx.Err()
		} else {
			h.Close(ctx)
		}
	}
	if len(alive) == 0 {
		s.holders = []*pgx.Conn{exporter} // closed: every later look finds the same
		return connectors.ErrSnapshotLost
	}
	s.holders = alive
	if alive[0] == exporter {
		return nil
	}
	return s.export(ctx)
}

// deputise opens the connections that are missing among the holders. s.mu is
// held.
func (s *snapshot) deputise(ctx context.Context) error {
	for len(s.holders) < holders {
		conn, err := s.join(ctx, s.id)
		if err != nil {
			return err
		}
		s.holders = append(s.holders, conn)
		if err := lock(ctx, conn, s.locks); err != nil {
			return err
		}
	}
	return nil
}

// lock runs the statements that keep relations from being dropped, rewritten or
// truncated while the transaction lasts.
func lock(ctx context.Context, conn *pgx.Conn, statements []string) error {
	_, err := conn.PgConn().Exec(ctx, strings.Join(statements, ";")).ReadAll()
	return wrap("lock the source tables", err)
}

// lockStatement locks a relation against changes. LOCK TABLE locks nothing
// else, where a query locks the indexes too, and servers have room for some
// thousand locks only; but a query that reads nothing serves for every kind of
// relation, and for a role that may read some columns.
func lockStatement(r *relation) string {
	if r.CanSelect && (r.Kind == connectors.PlainTable || r.Kind == connectors.PartitionedTable) {
		return "LOCK TABLE " + fromClause(r) + " IN ACCESS SHARE MODE"
	}
	return "SELECT FROM " + fromClause(r) + " LIMIT 0"
}

// Ping asks over a connection of its own, outside the moment: a question that is
// given up takes its connection with it, and neither a holder's nor a lane's may
// go for that.
func (s *snapshot) Ping(ctx context.Context) (took time.Duration, err error) {
	s.beside.mu.Lock()
	defer s.beside.mu.Unlock()
	err = s.beside.ask(ctx, func(ctx context.Context, conn *pgx.Conn) (err error) {
		took, err = roundTrip(ctx, conn)
		return err
	})
	return took, wrap("ask the source how long an answer takes", err)
}

// Close ends the moment.
func (s *snapshot) Close(ctx context.Context) error {
	s.beside.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, h := range s.holders {
		errs = append(errs, h.Close(ctx))
	}
	return errors.Join(errs...)
}
