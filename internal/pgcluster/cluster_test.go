package pgcluster_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/internal/pgcluster"
)

// helperEnv turns the test binary into a program that starts a cluster, says where, and waits to be killed.
const helperEnv = "RBT_PGCLUSTER_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperEnv) != "" {
		holdCluster()
		return
	}
	os.Exit(m.Run())
}

func holdCluster() {
	c, err := pgcluster.Start(context.Background(), pgcluster.Options{})
	if err != nil {
		os.Stdout.WriteString("error " + err.Error() + "\n")
		return
	}
	os.Stdout.WriteString(pidFile(c) + "\n")
	time.Sleep(time.Minute)
}

func pidFile(c *pgcluster.Cluster) string {
	config, _ := pgx.ParseConfig(c.SocketDSN("postgres"))
	return config.Host + "/postmaster.pid" // the socket is in the data folder
}

func start(t *testing.T, o pgcluster.Options) *pgcluster.Cluster {
	t.Helper()
	requireServer(t)
	c, err := pgcluster.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func requireServer(t *testing.T) {
	t.Helper()
	_, err := pgcluster.Find()
	switch {
	case err == nil:
	case os.Getenv("CI") != "" || os.Getenv("RBT_TEST_REQUIRE") != "":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var text string
	err = conn.QueryRow(t.Context(), sql).Scan(&text)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return text
}

func TestStart(t *testing.T) {
	c := start(t, pgcluster.Options{Settings: map[string]string{
		"work_mem":         "12MB",
		"application_name": `it's a \ test`,
	}})
	for name, dsn := range map[string]string{"tcp": c.DSN("postgres"), "socket": c.SocketDSN("postgres")} {
		t.Run(name, func(t *testing.T) {
			for setting, want := range map[string]string{
				"work_mem": "12MB", "application_name": `it's a \ test`, "server_encoding": "UTF8", "fsync": "off",
			} {
				if got := query(t, dsn, "show "+setting); got != want {
					t.Errorf("%s is %q, want %q", setting, got, want)
				}
			}
		})
	}
}

func TestDurable(t *testing.T) {
	c := start(t, pgcluster.Options{Durable: true})
	if got := query(t, c.DSN("postgres"), "show fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
}

func TestSocketOnly(t *testing.T) {
	c := start(t, pgcluster.Options{Settings: map[string]string{"listen_addresses": ""}})
	if got := query(t, c.SocketDSN("postgres"), "select 'here'"); got != "here" {
		t.Errorf("got %q", got)
	}
	if _, err := pgx.Connect(t.Context(), c.DSN("postgres")); err == nil {
		t.Error("the server listens on TCP")
	}
}

func TestRestartKeepsDataAndPort(t *testing.T) {
	for name, mode := range map[string]pgcluster.Mode{"fast": pgcluster.Fast, "immediate": pgcluster.Immediate} {
		t.Run(name, func(t *testing.T) {
			c := start(t, pgcluster.Options{})
			dsn := c.DSN("postgres")
			query(t, dsn, "create table kept as select 'row' as v")
			if err := c.Restart(t.Context(), mode); err != nil {
				t.Fatal(err)
			}
			if c.DSN("postgres") != dsn {
				t.Errorf("the port moved: %s, then %s", dsn, c.DSN("postgres"))
			}
			if got := query(t, dsn, "select v from kept"); got != "row" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestStopDisconnects(t *testing.T) {
	c := start(t, pgcluster.Options{})
	conn, err := pgx.Connect(t.Context(), c.DSN("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a second stop is no mistake
		if err := c.Stop(pgcluster.Immediate); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("the connection outlived the server")
	}
	if _, err := pgx.Connect(t.Context(), c.DSN("postgres")); err == nil {
		t.Error("the server still takes connections")
	}
	if err := c.Restart(t.Context(), pgcluster.Fast); err != nil {
		t.Error(err)
	}
}

// TestCloseLeavesNothing counts folders, so it must not run in parallel with others.
func TestCloseLeavesNothing(t *testing.T) {
	tmp := shortTempDir(t)
	first, second := start(t, pgcluster.Options{}), start(t, pgcluster.Options{})
	pid := serverPID(t, pidFile(first))
	for _, c := range []*pgcluster.Cluster{first, second, first} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if left := entries(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if alive(pid) {
		t.Errorf("the server, process %d, still runs", pid)
	}
	if err := first.Restart(t.Context(), pgcluster.Fast); err == nil {
		t.Error("a closed cluster was started")
	}
}

func TestFailedStartShowsLogAndLeavesNothing(t *testing.T) {
	requireServer(t)
	tmp := shortTempDir(t)
	_, err := pgcluster.Start(t.Context(), pgcluster.Options{Settings: map[string]string{"work_mem": "a lot"}})
	if err == nil || !strings.Contains(err.Error(), `invalid value for parameter "work_mem"`) {
		t.Errorf("the error does not show the log: %v", err)
	}
	if left := entries(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	requireServer(t)
	tmp := shortTempDir(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // amid initdb
	defer cancel()
	if _, err := pgcluster.Start(ctx, pgcluster.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if left := entries(t, tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestLongTempDir(t *testing.T) {
	long := filepath.Join(shortTempDir(t), strings.Repeat("long", 25))
	if err := os.Mkdir(long, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", long)
	c := start(t, pgcluster.Options{})
	query(t, c.SocketDSN("postgres"), "select 'reached'")
}

// TestWithoutRoot runs the other tests again as an unprivileged user: that path is not the one root takes.
func TestWithoutRoot(t *testing.T) {
	requireServer(t)
	if os.Geteuid() != 0 {
		t.Skip("not root: the other tests have shown it")
	}
	nobody, err := user.Lookup("nobody")
	if err != nil {
		t.Skip(err)
	}
	uid, _ := strconv.ParseUint(nobody.Uid, 10, 32)
	gid, _ := strconv.ParseUint(nobody.Gid, 10, 32)
	cmd := exec.Command(publicBinary(t), "-test.run=TestStart|TestRestart|TestCloseLeavesNothing", "-test.v")
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestCloseLeavesNothing") {
		t.Errorf("as nobody: %v\n%s", err, out)
	}
}

// publicBinary copies the test binary to where another user may run it: go test builds it in a folder closed to others.
func publicBinary(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(shortTempDir(t), "pgcluster.test")
	if err := os.WriteFile(path, content, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// shortTempDir makes a folder that everyone may use, short enough to hold sockets, and has clusters started in it.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "rbt-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o1777); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", dir)
	return dir
}

func entries(t *testing.T, dir string) []fs.DirEntry {
	t.Helper()
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func serverPID(t *testing.T, pidFile string) int {
	t.Helper()
	content, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// alive takes a zombie for dead: in a container there may be no init to wait for it.
func alive(pid int) bool {
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
		_, state, _ := strings.Cut(string(stat), ") ")
		return !strings.HasPrefix(state, "Z")
	}
	return syscall.Kill(pid, 0) == nil
}
