package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// Pooler is a PgBouncer in front of a cluster.
type Pooler struct {
	port    int
	folder  *folder
	process *process
}

// findPooler returns PgBouncer's program, which Debian does not put on everybody's PATH.
func findPooler() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const usual = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(usual); err != nil {
		return "", errors.New("no PgBouncer found: scripts/servers.sh gets it")
	}
	return usual, nil
}

// Pooler starts a PgBouncer with a pool mode: session, transaction or statement.
func (c *Cluster) Pooler(ctx context.Context, mode string) (*Pooler, error) {
	program, err := findPooler()
	if err != nil {
		return nil, err
	}
	f, err := newFolder(c.account)
	if err != nil {
		return nil, err
	}
	p := &Pooler{folder: f}
	if err := p.start(ctx, c, program, mode); err != nil {
		_ = p.Close() // the first error is the one to read
		return nil, fmt.Errorf("start PgBouncer: %w", err)
	}
	return p, nil
}

func (p *Pooler) start(ctx context.Context, c *Cluster, program, mode string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	ini := p.folder.join("pgbouncer.ini")
	text := fmt.Sprintf("[databases]\n* = host=127.0.0.1 port=%d user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\n"+
		"unix_socket_dir =\nauth_type = any\npool_mode = %s\nmax_client_conn = 200\ndefault_pool_size = 50\n", c.port, p.port, mode)
	if err := os.WriteFile(ini, []byte(text), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(program, "-q", ini)
	c.account.adopt(cmd, p.folder.path)
	if p.process, err = launch(cmd); err != nil {
		return err
	}
	for {
		conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(p.port)))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.process.exited:
			return errors.New("it ended")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// DSN is the URL of a database by way of the pooler.
func (p *Pooler) DSN(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", p.port, url.PathEscape(database))
}

// Close ends the pooler.
func (p *Pooler) Close() error {
	if p.process != nil {
		p.process.end(syscall.SIGTERM, immediatePatience)
	}
	return p.folder.remove()
}
