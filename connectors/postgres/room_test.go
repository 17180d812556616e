package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// TestRoom holds that a role which cannot see others' sessions counts them all the
// same.
func TestRoom(t *testing.T) {
	server := pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{"max_connections": "50", "superuser_reserved_connections": "3", "autovacuum": "off"}})
	db := pgtest.On(t, server)
	role := createRole(t, db, "login")
	room := func() int {
		n, err := Config{DSN: as(t, db, role)}.room(t.Context(), sourceRole)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	watch := db.Conn(t)
	quiet, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for others := "?"; others != ""; time.Sleep(10 * time.Millisecond) { // those that hung up may take a moment to go
		const sql = `select coalesce(string_agg(application_name || ': ' || query, '; '), '') from pg_stat_activity
			where backend_type = 'client backend' and pid <> pg_backend_pid()`
		if err := watch.QueryRow(quiet, sql).Scan(&others); err != nil {
			t.Fatalf("%v; there are %s", err, others)
		}
	}
	before := room()
	for range 10 {
		db.Conn(t)
	}
	if after := room(); before-after != 10 || before > 47 {
		t.Errorf("%d connections free, and %d behind ten more", before, after)
	}
}
