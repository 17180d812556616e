package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// Idle asks beside the moment, as Ping does.
func (s *snapshot) Idle(ctx context.Context, sessions []uint32) (map[uint32]bool, error) {
	idle, err := s.beside.idle(ctx, sessions)
	return idle, wrap("ask the source what lanes wait for", err)
}

// Idle asks over the connection of Vitals.
func (l *load) Idle(ctx context.Context, sessions []uint32) (map[uint32]bool, error) {
	idle, err := l.vitals.idle(ctx, sessions)
	return idle, wrap("ask the destination what lanes wait for", err)
}

// idle says which sessions wait for their client. A role sees what its own do.
func (a *aside) idle(ctx context.Context, sessions []uint32) (map[uint32]bool, error) {
	const sql = "SELECT pid, wait_event_type IS NOT DISTINCT FROM 'Client' FROM pg_stat_activity WHERE pid = ANY ($1::bigint[])"
	idle := map[uint32]bool{}
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.ask(ctx, func(ctx context.Context, conn *pgx.Conn) error {
		rows, err := conn.Query(ctx, sql, sessions)
		if err != nil {
			return err
		}
		var session uint32
		var waits bool
		_, err = pgx.ForEachRow(rows, []any{&session, &waits}, func() error {
			idle[session] = waits
			return nil
		})
		return err
	})
	return idle, err
}
