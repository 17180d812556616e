package postgres

import (
	"context"
	"crypto/rand"
	"encoding/binary"

	"github.com/jackc/pgx/v5"
)

// origin is how a destination can tell whether it is the database that a stream
// comes from. Neither names nor addresses nor the cluster's identifier tell:
// clones have the same ones. A lock of the source's session does, because every
// session of the same database can see it, and no other.
type origin struct {
	backend  int   // the source's session
	lock     int64 // an advisory lock that it holds, of a number drawn at random
	database string
	// standby says that the session is on a standby, whose locks its primary
	// does not see. cluster and timeline are then what is known of that primary.
	standby  bool
	cluster  string // empty where the role may not ask
	timeline int
}

// markOrigin takes the lock, until the open transaction ends.
func markOrigin(ctx context.Context, conn *pgx.Conn) (origin, error) {
	o := origin{lock: randomKey()}
	const mark = `
SELECT pg_backend_pid(), current_database()::text, pg_is_in_recovery(),
	has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
		AND has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE')
FROM pg_advisory_xact_lock_shared($1::bigint)`
	var allowed bool
	err := conn.QueryRow(ctx, mark, o.lock).Scan(&o.backend, &o.database, &o.standby, &allowed)
	if err != nil || !o.standby || !allowed {
		return o, err
	}
	const of = "SELECT system_identifier::text, timeline_id FROM pg_control_system(), pg_control_checkpoint()"
	err = conn.QueryRow(ctx, of).Scan(&o.cluster, &o.timeline)
	return o, err
}

func randomKey() int64 {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return int64(binary.BigEndian.Uint64(b[:]))
}

// isHere reports whether the connection's database is the origin, or the one
// that the origin is a standby of.
func (o origin) isHere(ctx context.Context, conn *pgx.Conn) (here bool, err error) {
	if o.cluster != "" {
		const primary = `
SELECT system_identifier::text = $1 AND timeline_id = $2 AND current_database() = $3
FROM pg_control_system(), pg_control_checkpoint()`
		err = conn.QueryRow(ctx, primary, o.cluster, o.timeline, o.database).Scan(&here)
		if hasState(err, "42501") { // it may not ask: then only the lock tells
			err = nil
		}
		if here || err != nil {
			return here, err
		}
	}
	const sees = "SELECT EXISTS (SELECT FROM pg_locks WHERE pid = $2::int AND " + holdsLock + ")"
	err = conn.QueryRow(ctx, sees, o.lock, o.backend).Scan(&here)
	return here, err
}
