package main

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rapidbyte/rbt/internal/pgcluster"
	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestMain(m *testing.M) {
	testscript.Main(withCluster{m}, map[string]func(){"rbt": main})
}

// withCluster closes the cluster that the scripts share.
type withCluster struct{ m *testing.M }

func (w withCluster) Run() int { return pgtest.Run(w.m) }

// TestScripts runs testdata/*.txtar as shell sessions. Beyond testscript's own
// commands they have:
//
//	rc CODE COMMAND …    runs a command that must end with that exit code
//	db NAME              a fresh database; its DSN goes into $NAME
//	guarded NAME         the same on a server that asks the role app for a password
//	sql NAME FILE        runs a file of SQL in the database
//	hold NAME TABLE      locks a table until the script ends
//	waiting NAME         waits until somebody waits for a lock in the database
//	ownTMPDIR            sets TMPDIR to a folder that the servers can use too
//
// $REPOSITORY is the folder of the sources.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		UpdateScripts:       os.Getenv("RBT_UPDATE") != "",
		Setup: func(env *testscript.Env) error {
			repository, err := filepath.Abs("../..")
			if err != nil {
				return err
			}
			env.Setenv("REPOSITORY", repository)
			env.Values[databasesKey{}] = databases{t: env.T().(testing.TB), byName: map[string]*pgtest.DB{}}
			cache, err := goCache()
			env.Setenv("GOCACHE", cache) // scripts have no home
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"rc":        exitCode,
			"db":        withDatabases(databases.db),
			"guarded":   withDatabases(databases.guarded),
			"sql":       withDatabases(databases.sql),
			"hold":      withDatabases(databases.hold),
			"waiting":   withDatabases(databases.waiting),
			"ownTMPDIR": withDatabases(databases.ownTMPDIR),
			"takenPort": takenPort,
		},
	})
}

// takenPort puts a port that somebody listens at into a variable.
func takenPort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	_, port, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// goCache is where Go keeps what it has compiled.
func goCache() (string, error) {
	if dir := os.Getenv("GOCACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "go-build"), err
}

// exitCode runs a command and compares its exit code: testscript's exec only
// tells success from failure.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case !errors.As(err, &exit):
		ts.Fatalf("exit code 0 (%v), want %s", err, args[0])
	case strconv.Itoa(exit.ExitCode()) != args[0]:
		ts.Fatalf("exit code %d, want %s", exit.ExitCode(), args[0])
	}
}

// databases are those of a script.
type databases struct {
	t      testing.TB
	byName map[string]*pgtest.DB
}

// databasesKey is where a script keeps them.
type databasesKey struct{}

type databaseCommand func(databases, *testscript.TestScript, []string)

func withDatabases(command databaseCommand) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("this command cannot be expected to fail")
		}
		command(ts.Value(databasesKey{}).(databases), ts, args)
	}
}

func (d databases) db(ts *testscript.TestScript, args []string) {
	d.add(ts, args[0], pgtest.New(d.t))
}

func (d databases) add(ts *testscript.TestScript, name string, db *pgtest.DB) {
	d.byName[name] = db
	ts.Setenv(name, db.DSN)
}

func (d databases) guarded(ts *testscript.TestScript, args []string) {
	db := pgtest.On(d.t, pgtest.Cluster(d.t, pgcluster.Options{}))
	db.Exec(d.t, `create role app login password 'right'`)
	db.Exec(d.t, `do $$ begin execute format('copy (select unnest(array[%L, %L])) to %L',
		'host all postgres all trust', 'host all app all scram-sha-256', current_setting('hba_file')); end $$;
		select pg_reload_conf()`)
	db.DSN = strings.Replace(db.DSN, "postgres://postgres@", "postgres://app:s3cr3t@", 1)
	d.add(ts, args[0], db)
}

func (d databases) sql(ts *testscript.TestScript, args []string) {
	d.byName[args[0]].Exec(d.t, ts.ReadFile(args[1]))
}

func (d databases) hold(ts *testscript.TestScript, args []string) {
	conn := d.byName[args[0]].Conn(d.t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := conn.Exec(ctx, "begin; lock table "+args[1]); err != nil {
		ts.Fatalf("lock %s: %v", args[1], err)
	}
}

func (d databases) waiting(ts *testscript.TestScript, args []string) {
	const sql = `select from pg_locks where not granted and database = (select oid from pg_database where datname = current_database())`
	deadline := time.Now().Add(20 * time.Second)
	for len(d.byName[args[0]].Query(d.t, sql)) == 0 {
		if time.Now().After(deadline) {
			ts.Fatalf("nobody waits for a lock in %s", args[0])
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// ownTMPDIR is needed where a script looks for what a command leaves behind:
// the path of $WORK is too long for a socket, and closed to other users.
func (d databases) ownTMPDIR(ts *testscript.TestScript, _ []string) {
	dir, err := os.MkdirTemp("/tmp", "rbt")
	ts.Check(err)
	ts.Defer(func() { _ = os.RemoveAll(dir) })
	ts.Check(os.Chmod(dir, 0o755))
	ts.Setenv("TMPDIR", dir)
}
