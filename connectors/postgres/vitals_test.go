package postgres

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func vitalsOf(t *testing.T, dsn string) *vitals {
	v := newVitals(NewDestination(Config{DSN: dsn, Pipeline: "test"}, DestinationOptions{}).connect)
	t.Cleanup(v.close)
	return v
}

// TestVitals holds that a role reads what it may, and that the rest is named and
// no error.
func TestVitals(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Cluster(t, pgcluster.Options{})
	db := pgtest.On(t, cluster)
	db.Exec(t, `CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE ROLE root LOGIN SUPERUSER;
		CREATE TABLE t (i int)`)
	const (
		noWAL     = "REVOKE EXECUTE ON FUNCTION pg_current_wal_insert_lsn() FROM public"
		noControl = "REVOKE EXECUTE ON FUNCTION pg_control_checkpoint() FROM public"
	)
	for _, tc := range []struct {
		role, refuse string
		missing      []string
	}{
		{"plain", "", nil},
		{"monitor", "", nil},
		{"root", "", nil},
		{"plain", noWAL, []string{metricWAL}},
		{"root", "", nil},
		{"plain", noControl, []string{metricWAL, metricCheckpoints}},
		{"root", "", nil},
	} {
		t.Run(fmt.Sprint(tc.role, len(tc.missing)), func(t *testing.T) {
			if tc.refuse != "" {
				db.Exec(t, tc.refuse)
			}
			v := vitalsOf(t, as(t, db, tc.role))
			before := v.look(t.Context())
			db.Exec(t, "INSERT INTO t SELECT generate_series(1, 10000); CHECKPOINT")
			after := v.look(t.Context())
			diff(t, tc.missing, before.Missing)
			diff(t, tc.missing, after.Missing)
			if grown := after.WAL - before.WAL; slices.Contains(tc.missing, metricWAL) != (after.WAL == 0) ||
				after.WAL > 0 && (grown < 10_000*30 || grown > 10_000*1000) {
				t.Errorf("10 000 rows took the log from %d to %d", before.WAL, after.WAL)
			}
			if before.Checkpoints != 0 || (after.Checkpoints == 0) != slices.Contains(tc.missing, metricCheckpoints) {
				t.Errorf("a CHECKPOINT took the count from %d to %d", before.Checkpoints, after.Checkpoints)
			}
			if after.RoundTrip <= 0 || after.RoundTrip > time.Second {
				t.Errorf("a round trip of %s", after.RoundTrip)
			}
		})
	}
	if n := strings.Count(cluster.Log(), "permission denied for function"); n != 3 {
		t.Errorf("three refusals are %d lines in the server's log", n)
	}
}

// TestVitalsOfACheckpoint holds that a plain role, too, sees a checkpoint that
// the server takes its time for.
func TestVitalsOfACheckpoint(t *testing.T) {
	t.Parallel()
	db := pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{Settings: map[string]string{
		"max_wal_size": "32MB", "min_wal_size": "32MB", "checkpoint_completion_target": "0.9", "autovacuum": "off",
	}}))
	db.Exec(t, "CREATE ROLE plain LOGIN; CREATE ROLE monitor LOGIN IN ROLE pg_monitor; CREATE TABLE t (i int, x text); CHECKPOINT")
	roles := map[string]*vitals{"plain": vitalsOf(t, as(t, db, "plain")), "monitor": vitalsOf(t, as(t, db, "monitor"))}
	first, busy := map[string]connectors.Vitals{}, map[string]connectors.Vitals{}
	for role, v := range roles {
		if first[role] = v.look(t.Context()); first[role].Checkpointing {
			t.Errorf("%s sees a checkpoint on an idle server", role)
		}
	}
	db.Exec(t, "INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 40000) i")
	for role, v := range roles {
		wait(t, func() bool {
			busy[role] = v.look(t.Context())
			return busy[role].Checkpointing
		})
		if busy[role].Checkpoints == 0 {
			t.Errorf("%s sees a checkpoint, but not that it began", role)
		}
	}
	db.Exec(t, "CHECKPOINT")
	for role, v := range roles {
		wait(t, func() bool { return !v.look(t.Context()).Checkpointing })
		if now := v.look(t.Context()); now.Checkpoints <= busy[role].Checkpoints {
			t.Errorf("%s does not see that the checkpoint has ended", role)
		}
	}
}

func TestCheckpointLog(t *testing.T) {
	t.Parallel()
	yes, no := new(bool), new(bool)
	*yes = true
	type look struct {
		says    checkpointCounts
		events  int64
		writing bool
	}
	for name, looks := range map[string][]look{
		"nothing happens": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
		},
		"a long one": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 8, Written: 110, Spent: 50, End: 1000}, 1, true},
			{checkpointCounts{Begun: 8, Written: 110, Spent: 50, End: 1000}, 1, true}, // writing to the disk
			{checkpointCounts{Begun: 8, Written: 120, Spent: 50, End: 2000}, 2, false},
			{checkpointCounts{Begun: 8, Written: 130, Spent: 90, End: 2000}, 2, false}, // the last pages are told late
		},
		"under way at first": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 7, Written: 110, Spent: 50, End: 1000}, 1, true},
		},
		"a short one": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 2000}, 1, false},
			{checkpointCounts{Begun: 8, Written: 190, Spent: 90, End: 2000}, 2, false},
		},
		"one behind the other": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 8, Written: 110, Spent: 50, End: 1000}, 1, true},
			{checkpointCounts{Begun: 9, Written: 190, Spent: 90, End: 2000}, 3, false},
			{checkpointCounts{Begun: 9, Written: 195, Spent: 90, End: 2000}, 4, true},
		},
		"skipped": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{Begun: 8, Written: 100, Spent: 50, End: 1000}, 1, false},
		},
		"seen at work": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000, Writing: no}, 0, false},
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000, Writing: yes}, 1, true},
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 1, true}, // waits for nothing
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 2000, Writing: no}, 2, false},
		},
		"seen at first": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000, Writing: yes}, 0, true},
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000, Writing: no}, 1, false},
		},
		"statistics reset": {
			{checkpointCounts{Begun: 7, Written: 100, Spent: 50, End: 1000}, 0, false},
			{checkpointCounts{End: 1000}, 0, false},
			{checkpointCounts{Begun: 1, Written: 3, End: 1000}, 1, true},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log checkpointLog
			for i, l := range looks {
				log.note(l.says)
				if log.events != l.events || log.writing != l.writing {
					t.Errorf("look %d: %d events, writing %t; want %d, %t", i+1, log.events, log.writing, l.events, l.writing)
				}
			}
		})
	}
}

// TestVitalsOfSilence holds that a server that does not answer costs a few
// seconds once, and no run.
func TestVitalsOfSilence(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	v := vitalsOf(t, "postgres://nobody@"+silent.Addr().String()+"/none?sslmode=disable")
	all := []string{metricWAL, metricCheckpoints, metricRoundTrip}
	for _, most := range []time.Duration{asidePatience + time.Second, 100 * time.Millisecond} {
		began := time.Now()
		diff(t, all, v.look(t.Context()).Missing)
		if took := time.Since(began); took > most {
			t.Errorf("%s for nothing", took)
		}
	}
	v.resting = time.Time{}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := (&load{vitals: v}).Vitals(ctx); err == nil {
		t.Error("a cancelled look is no error")
	}
}

// TestVitalsOutliveConnections holds that a lost connection costs some metrics,
// and that no other connection of the load is waited for.
func TestVitalsOutliveConnections(t *testing.T) {
	t.Parallel()
	b := newBench(t, DestinationOptions{})
	l := b.begin(t).(*load)
	defer l.Close()
	release := occupy(t, l.pool)
	defer release()
	look := func(missing int) {
		t.Helper()
		v, err := l.Vitals(t.Context())
		if err != nil || len(v.Missing) != missing {
			t.Errorf("%+v, %v", v, err)
		}
	}
	look(0)
	b.dst.Exec(t, "SELECT pg_terminate_backend($1)", int(l.vitals.conn.PgConn().PID()))
	look(3)
	look(3)
	l.vitals.resting = time.Time{}
	look(0)
	l.Close()
	look(3)
}

// occupy takes all connections of a pool until it is released.
func occupy(t *testing.T, p *pool) (release func()) {
	held, done := make(chan error), make(chan struct{})
	for range cap(p.slots) {
		go func() {
			held <- p.use(t.Context(), func(*pgx.Conn) error {
				held <- nil
				<-done
				return nil
			})
		}()
		if err := <-held; err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		close(done)
		for range cap(p.slots) {
			<-held
		}
	}
}
