// Package pgtest gives tests fresh PostgreSQL databases.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestCopy(t *testing.T) {
//		src, dst := pgtest.New(t), pgtest.New(t)
//		src.Exec(t, `create table orders (id int primary key)`)
//		…
//		got := dst.Query(t, `select id from orders order by id`)
//	}
//
// [New] makes databases on one cluster that the tests of a package share. A test that stops the server, or needs other
// settings, takes a cluster of its own: [Cluster], then [On].
//
// Where no PostgreSQL is installed these tests are skipped; they fail instead if CI or RBT_TEST_REQUIRE is set.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/internal/pgcluster"
)

// patience bounds each step of this package, so that a server that hangs fails a test with a line that says where.
const patience = 60 * time.Second

// sharedCluster is the package's cluster. It is a variable because TestMain and the tests have no other way to meet.
type sharedCluster struct {
	mu        sync.Mutex
	inMain    bool // Main runs, so somebody will close the cluster
	cluster   *pgcluster.Cluster
	databases int

	dropping sync.Mutex // held while a database is dropped
}

var shared sharedCluster

// Main runs a package's tests, closes the cluster they share, and exits. Ctrl-C closes it too.
func Main(m *testing.M) { os.Exit(Run(m)) }

// Run is Main for a package whose TestMain has more to do than this: it returns the exit code.
func Run(m interface{ Run() int }) int {
	shared.inMain = true
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-interrupted
		_ = shared.close() // on the way out: there is nobody to tell
		os.Exit(130)
	}()
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: close the shared cluster:", err)
		code = max(code, 1)
	}
	return code
}

// get returns the package's cluster, which the first test that asks starts.
func (s *sharedCluster) get(t testing.TB) *pgcluster.Cluster {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inMain {
		t.Fatal("this package's TestMain must call pgtest.Main: nobody would close the shared cluster")
	}
	if s.cluster == nil {
		s.cluster = start(t, pgcluster.Options{})
	}
	return s.cluster
}

func (s *sharedCluster) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Close()
}

func (s *sharedCluster) nextName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.databases++
	return fmt.Sprintf("test_%d", s.databases)
}

// Cluster starts a cluster for this test alone, and closes it after the test. If the test failed, the end of the
// server's log is shown.
func Cluster(t testing.TB, o pgcluster.Options) *pgcluster.Cluster {
	t.Helper()
	c := start(t, o)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server's log ends with:\n%s", c.Log())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func start(t testing.TB, o pgcluster.Options) *pgcluster.Cluster {
	t.Helper()
	if o.BinDir == "" {
		requireServer(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	c, err := pgcluster.Start(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func requireServer(t testing.TB) {
	t.Helper()
	if _, err := pgcluster.Find(); err != nil {
		missing(t, err)
	}
}

func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" || os.Getenv("RBT_TEST_REQUIRE") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

// Missing skips a test for which scripts/servers.sh has to install something, and fails it in CI, where that can be had.
func Missing(t testing.TB, err error) {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip(err)
	}
	missing(t, err)
}

// DB is one database, gone some time after its test.
type DB struct {
	Name string
	DSN  string // a URL, over TCP
}

// New creates a database on the cluster that the package's tests share.
func New(t testing.TB) *DB {
	t.Helper()
	c := shared.get(t)
	db := On(t, c)
	t.Cleanup(func() { go shared.drop(c, db.Name) })
	return db
}

// On creates a database on a cluster, which takes it along when it is closed. It is not copied by a strategy of our choice: file_copy is no faster than the
// server's default (both 0.1 to 0.25 s on two cores) and forces checkpoints on all who share the cluster.
func On(t testing.TB, c *pgcluster.Cluster) *DB {
	t.Helper()
	name := shared.nextName()
	admin := &DB{Name: "postgres", DSN: c.DSN("postgres")}
	admin.Exec(t, "create database "+name+" template template0")
	return &DB{Name: name, DSN: c.DSN(name)}
}

// drop only saves space and connections, so no test waits for it, and it ignores errors: the tests may be over. The
// server writes all of its data to disk each time, which two at once would only make slower.
func (s *sharedCluster) drop(c *pgcluster.Cluster, name string) {
	s.dropping.Lock()
	defer s.dropping.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return
	}
	defer conn.Close(ctx)
	_, _ = conn.Exec(ctx, "drop database if exists "+name+" with (force)")
}

// Exec runs SQL, several statements if there are no arguments, on a connection of its own.
func (db *DB) Exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	db.use(t, func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, sql, args...)
		return err
	})
}

// Query returns rows as psql would show them, NULL as "NULL".
func (db *DB) Query(t testing.TB, sql string, args ...any) [][]string {
	t.Helper()
	var found [][]string
	db.use(t, func(ctx context.Context, conn *pgx.Conn) error {
		// The simple protocol has the server write every value as text.
		rows, err := conn.Query(ctx, sql, append([]any{pgx.QueryExecModeSimpleProtocol}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			found = append(found, textOf(rows.RawValues()))
		}
		return rows.Err()
	})
	return found
}

func textOf(values [][]byte) []string {
	row := make([]string, len(values))
	for i, value := range values {
		row[i] = string(value)
		if value == nil {
			row[i] = "NULL"
		}
	}
	return row
}

// use does not take the test's context: tests also look at the database in a Cleanup, when that has ended.
func (db *DB) use(t testing.TB, work func(context.Context, *pgx.Conn) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if err := work(ctx, conn); err != nil {
		t.Fatalf("%s: %v", db.Name, err)
	}
}

// Conn opens a connection that is closed after the test.
func (db *DB) Conn(t testing.TB) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, db.DSN)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		conn.Close(ctx)
	})
	return conn
}
