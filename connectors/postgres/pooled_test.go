package postgres

import (
	"errors"
	"testing"

	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// pooler starts a PgBouncer in front of a cluster, for one test.
func pooler(t *testing.T, c *pgcluster.Cluster, mode string) *pgcluster.Pooler {
	t.Helper()
	p, err := c.Pooler(t.Context(), mode)
	if err != nil {
		pgtest.Missing(t, err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestPooler holds that a pooler which lends sessions to transactions is refused
// on every connection, also while others use it, and one of sessions is not.
func TestPooler(t *testing.T) {
	server := pgtest.Cluster(t, pgcluster.Options{})
	for _, tc := range []struct {
		mode    string
		refused bool
	}{{"transaction", true}, {"session", false}} {
		t.Run(tc.mode, func(t *testing.T) {
			dsn := pooler(t, server, tc.mode).DSN("postgres")
			for range 5 {
				for _, r := range []role{sourceRole, loadRole, booksRole} {
					conn, err := Config{DSN: dsn}.connect(t.Context(), r)
					if conn != nil {
						defer hangUp(conn)
					}
					if refused := errors.Is(err, errPooled); refused != tc.refused || err != nil && !refused {
						t.Errorf("error %v", err)
					}
				}
			}
		})
	}
}
