package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// TestSnapshotPing holds that a question about the source needs none of the
// connections that hold the moment, and that the moment outlives it.
func TestSnapshotPing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := pgtest.New(t)
	snap, err := newSnapshot(ctx, Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(context.Background())
	id := snap.ID()
	ping := func(want bool) {
		t.Helper()
		took, err := snap.Ping(ctx)
		if (err == nil) != want || want != (took > 0) || took > time.Second {
			t.Errorf("the source took %s, %v", took, err)
		}
	}
	snap.mu.Lock() // the holders are busy
	ping(true)
	ping(true)
	snap.mu.Unlock()
	pid := snap.beside.conn.PgConn().PID()
	for _, h := range snap.holders {
		if h.PgConn().PID() == pid {
			t.Error("a holder was asked")
		}
	}
	db.Exec(t, "SELECT pg_terminate_backend($1, 5000)", int(pid))
	ping(false)
	ping(false)
	snap.beside.resting = time.Time{}
	ping(true)

	given, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := snap.Ping(given); !errors.Is(err, context.Canceled) {
		t.Errorf("a question that was given up: %v", err)
	}
	ping(true) // and no rest behind it
	if err := snap.look(ctx); err != nil || snap.ID() != id || len(snap.holders) != holders {
		t.Errorf("%d holders of %s, once %s: %v", len(snap.holders), snap.ID(), id, err)
	}
	snap.Close(ctx)
	ping(false)
}

// TestSnapshotPingOfSilence holds that a source that does not answer any more
// costs a few seconds once, and never the moment.
func TestSnapshotPingOfSilence(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	db, other := pgtest.New(t), pgtest.On(t, pgtest.Cluster(t, pgcluster.Options{}))
	snap, err := newSnapshot(t.Context(), Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(context.Background())
	snap.cfg.DSN = other.DSN
	if _, err := snap.Ping(t.Context()); !errors.Is(err, errOtherServer) || !connectors.Retryable(err) {
		t.Errorf("another server: %v, want %v", err, errOtherServer)
	}
	snap.beside.resting = time.Time{}
	snap.cfg.DSN = "postgres://nobody@" + silent.Addr().String() + "/none?sslmode=disable"
	for _, most := range []time.Duration{asidePatience + time.Second, 100 * time.Millisecond} {
		began := time.Now()
		if took, err := snap.Ping(t.Context()); err == nil {
			t.Errorf("nobody answered in %s", took)
		}
		if took := time.Since(began); took > most {
			t.Errorf("%s for nothing", took)
		}
	}
	snap.cfg.DSN = db.DSN
	if err := snap.look(t.Context()); err != nil {
		t.Errorf("the moment: %v", err)
	}
}

// TestIdle holds that sessions at work are told from those that wait, and that one
// which the server does not know, as behind a pooler, keeps nobody from an answer.
func TestIdle(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	snap, err := newSnapshot(t.Context(), Config{DSN: db.DSN}, SourceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close(context.Background())
	idle, busy := db.Conn(t), db.Conn(t)
	asleep := make(chan error, 1)
	go func() {
		_, err := busy.Exec(t.Context(), "select pg_sleep(30)")
		asleep <- err
	}()
	want := map[uint32]bool{idle.PgConn().PID(): true, busy.PgConn().PID(): false}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		got, err := snap.Idle(t.Context(), []uint32{idle.PgConn().PID(), busy.PgConn().PID(), 1, math.MaxUint32})
		if err != nil {
			t.Fatal(err)
		}
		if cmp.Equal(want, got) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%v, want %v", got, want)
		}
	}
	db.Exec(t, fmt.Sprintf("select pg_cancel_backend(%d)", busy.PgConn().PID()))
	<-asleep
}
