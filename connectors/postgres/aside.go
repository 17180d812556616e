package postgres

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// aside is a connection over which a server is asked how it is, beside those
// that do the work: they may be busy with one thing for hours.
type aside struct {
	connect func(context.Context) (*pgx.Conn, error)

	mu      sync.Mutex // guards the fields below; held while the server is asked
	conn    *pgx.Conn  // nil before the first question, behind a failure, and at the end
	resting time.Time  // until when a failure keeps it from being asked again
	closed  bool
}

// asidePatience bounds what a question may take. On a link of 100 ms vitals take
// 0.2 s, and a second more the first time.
const asidePatience = 2 * time.Second

// asideRest is for how long nothing is asked behind a failure: a server that
// cannot answer must not cost every window the patience.
const asideRest = 5 * time.Second

// errUnasked is what becomes of a question meanwhile, and of one that comes when
// all is over.
var errUnasked = errors.New("the server is not asked now")

// ask puts a question over the connection, and opens it first where it must.
// a.mu is held.
func (a *aside) ask(ctx context.Context, question func(context.Context, *pgx.Conn) error) error {
	if a.closed || time.Now().Before(a.resting) {
		return errUnasked
	}
	err := a.tryToAsk(ctx, question)
	if err != nil && a.conn != nil {
		hangUp(a.conn)
		a.conn = nil
	}
	if err != nil && ctx.Err() == nil {
		a.resting = time.Now().Add(asideRest)
	}
	return err
}

func (a *aside) tryToAsk(ctx context.Context, question func(context.Context, *pgx.Conn) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, asidePatience)
	defer cancel()
	if a.conn == nil {
		if a.conn, err = a.connect(ctx); err != nil {
			return err
		}
	}
	return question(ctx, a.conn)
}

// roundTrip is how long the server takes to answer a question that asks nothing.
func roundTrip(ctx context.Context, conn *pgx.Conn) (time.Duration, error) {
	began := time.Now()
	if err := conn.Ping(ctx); err != nil {
		return 0, err
	}
	return time.Since(began), nil
}

func (a *aside) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	if a.conn != nil {
		hangUp(a.conn)
	}
	a.conn = nil
}
