package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options of a cluster. The zero value starts a cluster for tests.
type Options struct {
	// BinDir is the folder of the server's programs; "" is what Find finds.
	BinDir string

	// Durable keeps the data safe from a crash of the machine, as a real server does, at a real server's price.
	// Without it a commit still survives a crash of the server: a fault test must see what it committed.
	Durable bool

	// Settings are lines of postgresql.conf, and win over the ones that Start chooses.
	Settings map[string]string
}

// Mode is how a server is stopped.
type Mode int

const (
	// Fast rolls back what is going on, disconnects everyone and writes all to disk.
	Fast Mode = iota
	// Immediate is a crash: the server ends at once and recovers when it starts again.
	Immediate
)

// Cluster is one server and its data. Its methods may be called from several goroutines.
type Cluster struct {
	binDir  string
	account account
	folder  *folder
	port    int

	mu     sync.Mutex // held while the server is started or stopped; guards the fields below
	server *process   // nil before the first start and after a stop
	closed bool
}

// startAttempts bounds how often a start looks for a free port: another program may take it between the look and the use.
const startAttempts = 5

// Start makes a new cluster and returns when it takes connections. The cluster does not end with ctx: call Close.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c, err := create(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("create PostgreSQL cluster: %w", err)
	}
	for range startAttempts {
		if err = c.choosePort(); err != nil {
			break
		}
		if err = c.start(ctx); !errors.Is(err, errPortTaken) {
			break
		}
	}
	if err != nil {
		_ = c.Close() // the first error is the one to read
		return nil, err
	}
	return c, nil
}

func create(ctx context.Context, o Options) (*Cluster, error) {
	binDir := o.BinDir
	if binDir == "" {
		var err error
		if binDir, err = Find(); err != nil {
			return nil, err
		}
	}
	a, err := serverAccount()
	if err != nil {
		return nil, err
	}
	f, err := newFolder(a)
	if err != nil {
		return nil, err
	}
	c := &Cluster{binDir: binDir, account: a, folder: f}
	if err := c.fill(ctx, o); err != nil {
		_ = f.remove() // the first error is the one to read
		return nil, err
	}
	return c, nil
}

func (c *Cluster) fill(ctx context.Context, o Options) error {
	if err := c.account.mkdir(c.data()); err != nil {
		return err
	}
	if err := shared.copyTo(ctx, c.account, c.binDir, c.data()); err != nil {
		return err
	}
	if err := c.configure(o.settings(c.data())); err != nil {
		shared.release()
		return err
	}
	return nil
}

func (o Options) settings(socketDir string) map[string]string {
	s := map[string]string{
		"listen_addresses":        "127.0.0.1",
		"unix_socket_directories": socketDir,
		"max_connections":         "100",
		"lc_messages":             "C", // portTaken reads the log
	}
	if !o.Durable {
		s["fsync"] = "off"
		s["full_page_writes"] = "off"
	}
	maps.Copy(s, o.Settings)
	return s
}

func (c *Cluster) data() string    { return c.folder.join("data") }
func (c *Cluster) logFile() string { return c.folder.join("server.log") }

// configure writes to the file and not to the command line, which would silently win over a test's ALTER SYSTEM.
func (c *Cluster) configure(settings map[string]string) error {
	conf, err := os.OpenFile(c.data()+"/postgresql.conf", os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	quote := strings.NewReplacer(`\`, `\\`, `'`, `''`)
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(conf, "%s = '%s'\n", name, quote.Replace(settings[name]))
	}
	return conf.Close()
}

func (c *Cluster) choosePort() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	c.port = l.Addr().(*net.TCPAddr).Port
	return l.Close()
}

// errPortTaken is the reason for which a start is tried again.
var errPortTaken = errors.New("port is taken")

// start runs the server and returns when it is ready. The caller holds mu, or is the only one who knows c.
func (c *Cluster) start(ctx context.Context) error {
	log, err := os.OpenFile(c.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the server has its own copy
	begin, err := log.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	cmd := exec.Command(c.binDir+"/postgres", "-D", c.data(), "-p", strconv.Itoa(c.port))
	cmd.Stdout, cmd.Stderr = log, log
	c.account.adopt(cmd, c.data())
	server, err := launch(cmd)
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	if err := c.awaitReady(ctx, server); err != nil {
		server.end(syscall.SIGQUIT, immediatePatience)
		return fmt.Errorf("start PostgreSQL on port %d: %w%s", c.port, c.portTaken(begin, err), c.logForError())
	}
	c.server = server
	return nil
}

var errExited = errors.New("the server ended")

// awaitReady waits as pg_ctl does: the server writes its state to the eighth line of postmaster.pid.
func (c *Cluster) awaitReady(ctx context.Context, server *process) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !c.ready(server) {
		select {
		case <-tick.C:
		case <-server.exited:
			return errExited
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (c *Cluster) ready(server *process) bool {
	content, _ := os.ReadFile(c.data() + "/postmaster.pid") // not there yet: not ready
	lines := strings.Split(string(content), "\n")
	return len(lines) > 7 && // after a crash, the file is the dead server's until the new one has replaced it
		lines[0] == strconv.Itoa(server.cmd.Process.Pid) && strings.TrimSpace(lines[7]) == "ready"
}

// portTaken turns err into errPortTaken if that is what the server has complained about since byte begin of its log.
func (c *Cluster) portTaken(begin int64, err error) error {
	log, _ := os.ReadFile(c.logFile())
	if errors.Is(err, errExited) && strings.Contains(string(log[min(begin, int64(len(log))):]), "could not bind") {
		return errPortTaken
	}
	return err
}

// DSN is the URL of a database over TCP.
func (c *Cluster) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, url.PathEscape(database))
}

// SocketDSN is the URL of a database over the Unix socket, which only the account that runs the server may use.
func (c *Cluster) SocketDSN(database string) string {
	query := url.Values{"host": {c.data()}, "port": {strconv.Itoa(c.port)}}
	return fmt.Sprintf("postgres://postgres@/%s?%s", url.PathEscape(database), query.Encode())
}

// Stop stops the server and keeps the data. A stopped server is left as it is.
func (c *Cluster) Stop(mode Mode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stop(mode)
}

// A server that has not stopped by then is killed: fast waits for a checkpoint, immediate for nothing.
const (
	fastPatience      = 60 * time.Second
	immediatePatience = 10 * time.Second
)

func (c *Cluster) stop(mode Mode) error {
	if c.server == nil {
		return nil
	}
	sig, patience := syscall.SIGINT, fastPatience
	if mode == Immediate {
		sig, patience = syscall.SIGQUIT, immediatePatience
	}
	obeyed := c.server.end(sig, patience)
	c.server = nil
	if !obeyed {
		return fmt.Errorf("PostgreSQL did not stop within %s and was killed%s", patience, c.logForError())
	}
	return nil
}

// Restart stops the server and starts it again, with the same data and on the same port. It also starts a server that
// is stopped or has died.
func (c *Cluster) Restart(ctx context.Context, mode Mode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return errors.New("restart PostgreSQL: the cluster is closed")
	}
	if err := c.stop(mode); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := c.start(ctx)
		if !errors.Is(err, errPortTaken) || attempt == startAttempts {
			return err
		}
		time.Sleep(200 * time.Millisecond) // likely someone's outgoing connection, and soon gone
	}
}

// Close stops the server and removes its data. Only the first call does anything.
func (c *Cluster) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	defer shared.release()
	return errors.Join(c.stop(Immediate), c.folder.remove())
}

// logTail bounds what Log returns: enough to see why a server did not start.
const logTail = 4 << 10

// Log is the end of the server's log.
func (c *Cluster) Log() string {
	content, _ := os.ReadFile(c.logFile()) // no log is an empty log
	if len(content) > logTail {
		content = content[len(content)-logTail:]
		if _, whole, ok := strings.Cut(string(content), "\n"); ok {
			return whole
		}
	}
	return string(content)
}

func (c *Cluster) logForError() string {
	if log := strings.TrimSpace(c.Log()); log != "" {
		return "; its log ends with:\n" + log
	}
	return ""
}
