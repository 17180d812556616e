package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// verifySide is a table on one of the two servers.
type verifySide struct {
	name string // for errors
	conn *pgx.Conn
	from string // what follows FROM
	hash string // the expression of a row's hash

	rows int64
	sum  string
}

// digest counts the table's rows and adds up their hashes. It leaves a
// transaction open, so that hashes reads the same moment.
func (s *verifySide) digest(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, beginReading); err != nil {
		return ended(ctx, wrap("begin", err))
	}
	sum, err := sumOf(ctx, s.conn, s.from, s.hash, connectors.VerifyChecksum)
	s.rows, s.sum = sum.Rows, sum.Hash
	return ended(ctx, wrap("compute the checksum", err))
}

// hashes returns the hashes of the table's rows, in their order.
func (s *verifySide) hashes(ctx context.Context) (pgx.Rows, error) {
	return s.conn.Query(ctx, "SELECT h FROM (SELECT "+s.hash+" AS h FROM "+s.from+") AS hashed ORDER BY h")
}

// matchRows counts the rows that only the first side has, and that only the
// second has, by merging their hashes. It holds one hash of either side.
func matchRows(ctx context.Context, sides [2]*verifySide) (missing, extra int64, err error) {
	var streams [2]hashStream
	for i, s := range sides {
		work, release := stopServer(ctx, s.conn)
		defer release()
		rows, err := s.hashes(work)
		if err != nil {
			return 0, 0, ended(ctx, wrap(s.name+": find the rows that differ", err))
		}
		defer rows.Close()
		streams[i].rows = rows
	}
	missing, extra = merge(&streams[0], &streams[1])
	err = errors.Join(streams[0].rows.Err(), streams[1].rows.Err())
	return missing, extra, ended(ctx, wrap("find the rows that differ", err))
}

// merge counts the hashes that only one of two ordered streams has.
func merge(left, right *hashStream) (onlyLeft, onlyRight int64) {
	left.advance()
	right.advance()
	for left.more || right.more {
		switch {
		case !right.more || left.more && left.hash < right.hash:
			onlyLeft++
			left.advance()
		case !left.more || right.hash < left.hash:
			onlyRight++
			right.advance()
		default:
			left.advance()
			right.advance()
		}
	}
	return onlyLeft, onlyRight
}

// hashStream reads hashes one by one.
type hashStream struct {
	rows pgx.Rows
	hash int64
	more bool
}

// advance reads the next hash. After an error there is none, as at the end;
// rows keeps the error.
func (s *hashStream) advance() {
	s.more = s.rows.Next() && s.rows.Scan(&s.hash) == nil
}

// stopServer makes the end of ctx cancel what the server does for the
// connection: one that is not told computes on, for hours perhaps. The context
// it returns is for the work, and ends a little after ctx, for a server that
// does not answer.
func stopServer(ctx context.Context, conn *pgx.Conn) (work context.Context, release func()) {
	const patience = 2 * time.Second
	work, abandon := context.WithCancel(context.WithoutCancel(ctx))
	forget := context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(work, patience)
		defer cancel()
		_ = conn.PgConn().CancelRequest(soon) // fails where the server is gone
		time.AfterFunc(patience, abandon)
	})
	return work, func() {
		forget()
		abandon()
	}
}

// ended replaces the error of work that was stopped with the reason for it.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
