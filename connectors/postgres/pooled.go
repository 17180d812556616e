package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// errPooled ends a connection whose transactions would each have a session of
// somebody else's: settings, locks and snapshots would not last.
var errPooled = errors.New("the DSN leads through a pooler that lends a session to one transaction at a time " +
	"(PgBouncer's pool_mode = transaction): give the server's own address, or a pool whose mode is session")

// poolerPatience bounds what finding that out may take: a pool of sessions may be
// all in use, and is what it should be then.
const poolerPatience = 3 * time.Second

// poolerTries is how often two connections are compared. A pooler lends the session
// that came back last; others who use the pool may come in between.
const poolerTries = 3

// checkSession makes sure that the connection has a session of its own. That needs
// a closer look only where backend, which says so itself, is not the process that
// the connection was told: a pooler answers in its place.
func (c Config) checkSession(ctx context.Context, conn *pgx.Conn, cfg *pgx.ConnConfig, backend uint32) error {
	if backend == conn.PgConn().PID() {
		return nil
	}
	patient, cancel := context.WithTimeout(ctx, poolerPatience)
	defer cancel()
	other, err := pgx.ConnectConfig(patient, cfg)
	if err != nil {
		return ctx.Err()
	}
	defer hangUp(other)
	for range poolerTries {
		mine, err := askBackend(ctx, conn)
		if err != nil {
			return wrap("connect", err)
		}
		theirs, err := askBackend(patient, other)
		if err != nil {
			return ctx.Err()
		}
		if mine != backend || mine == theirs { // a session of one's own stays the same process
			return errPooled
		}
	}
	return nil
}

func askBackend(ctx context.Context, conn *pgx.Conn) (pid uint32, err error) {
	err = conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}
