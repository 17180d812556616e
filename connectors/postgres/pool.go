package postgres

import (
	"context"
	"errors"
	"sync"

	"github.com/jackc/pgx/v5"
)

// pool is the few connections that the methods of a load share. It is not
// pgxpool, because all that is needed is a bound, and that every connection is
// opened by Config.connect.
type pool struct {
	connect func(context.Context) (*pgx.Conn, error)
	slots   chan struct{} // holds one token for each connection in use

	mu     sync.Mutex // guards the fields below
	idle   []*pgx.Conn
	closed bool
}

func newPool(size int, connect func(context.Context) (*pgx.Conn, error)) *pool {
	return &pool{connect: connect, slots: make(chan struct{}, size)}
}

// use runs work on a connection. It waits for a free one, so work must not ask
// for another.
func (p *pool) use(ctx context.Context, work func(*pgx.Conn) error) error {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-p.slots }()
	conn, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.put(conn)
	return work(conn)
}

// take finds a connection that answers: after a restart of the server the
// idle ones are dead.
func (p *pool) take(ctx context.Context) (*pgx.Conn, error) {
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, errors.New("the load is finished")
		}
		if len(p.idle) == 0 {
			p.mu.Unlock()
			return p.connect(ctx)
		}
		conn := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.mu.Unlock()
		if conn.Ping(ctx) == nil {
			return conn, nil
		}
		hangUp(conn)
	}
}

// put keeps a connection that is between transactions for the next one.
func (p *pool) put(conn *pgx.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || conn.IsClosed() || conn.PgConn().TxStatus() != 'I' {
		hangUp(conn)
		return
	}
	p.idle = append(p.idle, conn)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, conn := range p.idle {
		hangUp(conn)
	}
	p.idle = nil
}
