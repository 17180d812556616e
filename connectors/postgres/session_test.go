package postgres

import (
	"net"
	"strings"
	"testing"

	"github.com/rapidbyte/rbt/connectors"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

// TestBadDSN holds that no error shows a password.
func TestBadDSN(t *testing.T) {
	for _, dsn := range []string{
		"postgres://u:s3cret@h:x/d", "postgres://u:s3%cret@h/d", "postgres://u@h:x/d?password=s3cret",
		"host=h password=s3cret port=x", "host=h password = s3cret port=x", `host=h password=a\ s3cret port=x`,
		"host=h port=x password='a s3cret", "s3cret",
	} {
		_, err := Config{DSN: dsn}.parse()
		if err == nil || strings.Contains(err.Error(), "cret") || !strings.HasPrefix(err.Error(), "read the DSN: ") {
			t.Errorf("%s: %v", dsn, err)
		}
	}
}

// TestErrorNamesTheSide holds that who reads that a server cannot be reached
// knows which of the two it is.
func TestErrorNamesTheSide(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	cfg := Config{DSN: "postgres://u@" + closed.Addr().String() + "/d?sslmode=disable"}
	_, snapshot := NewSource(cfg, SourceOptions{}).Snapshot(t.Context(), nil)
	_, tables := NewSource(cfg, SourceOptions{}).Tables(t.Context())
	d := NewDestination(cfg, DestinationOptions{})
	_, targets := d.Targets(t.Context(), nil)
	_, begin := d.Begin(t.Context(), connectors.Run{})
	_, lane := newWriter(t.Context(), cfg)
	for err, side := range map[error]string{snapshot: "source", tables: "source", targets: "destination", begin: "destination", lane: "destination"} {
		if err == nil || !strings.Contains(err.Error(), side) || !connectors.Retryable(err) {
			t.Errorf("%v: want one of the %s that may pass", err, side)
		}
	}
}

// TestConnectTimeout holds that a server which does not answer in time is
// asked again: it may be starting.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	_, err = Config{DSN: "postgres://u@" + silent.Addr().String() + "/d?connect_timeout=1&sslmode=disable"}.connect(t.Context(), sourceRole)
	if err == nil || !connectors.Retryable(err) {
		t.Errorf("error %v, Retryable %t", err, connectors.Retryable(err))
	}
}

// TestCommitsOfTheBooksLast holds it also where the server's default is that
// they do not.
func TestCommitsOfTheBooksLast(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Exec(t, "ALTER DATABASE "+db.Name+" SET synchronous_commit = off")
	conn, err := Config{DSN: db.DSN}.connect(t.Context(), booksRole)
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp(conn)
	var value string
	if err := conn.QueryRow(t.Context(), "SHOW synchronous_commit").Scan(&value); err != nil || value != "on" {
		t.Errorf("synchronous_commit is %q, %v", value, err)
	}
}
