// Package testbed is what benchmarks of rbt need: a build of it, tables to copy, and two servers to copy between, set
// up as servers for real data are and not as those of tests.
package testbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/internal/pgcluster"
)

// Dedicated are settings with memory and WAL as on a small dedicated machine, and without autovacuum, which would run
// in one contender's turn and not in another's.
func Dedicated() map[string]string {
	return map[string]string{
		"shared_buffers": "512MB",
		"max_wal_size":   "4GB",
		"autovacuum":     "off",
	}
}

// Fresh are the settings of a fresh installation, spelt out, but for autovacuum.
func Fresh() map[string]string {
	return map[string]string{
		"shared_buffers": "128MB",
		"max_wal_size":   "1GB",
		"autovacuum":     "off",
	}
}

// Bed is a source and a destination.
type Bed struct {
	Source, Destination *Server
}

// Start starts both servers with the settings, each with an empty database.
func Start(ctx context.Context, settings map[string]string) (*Bed, error) {
	b := &Bed{Source: &Server{database: "origin"}, Destination: &Server{database: "copy"}}
	var group errgroup.Group
	group.Go(func() error { return b.Source.start(ctx, settings) })
	group.Go(func() error { return b.Destination.start(ctx, settings) })
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, b.Close())
	}
	return b, nil
}

// Close ends the servers and removes their data.
func (b *Bed) Close() error { return errors.Join(b.Source.close(), b.Destination.close()) }

// CPU is the processor time that both servers have taken; 0 where the system does not tell.
func (b *Bed) CPU(ctx context.Context) time.Duration {
	source, err := b.Source.CPU(ctx)
	if err != nil {
		return 0
	}
	destination, err := b.Destination.CPU(ctx)
	if err != nil {
		return 0
	}
	return source + destination
}

// Server is one server with one database.
type Server struct {
	cluster  *pgcluster.Cluster
	database string
}

func (s *Server) start(ctx context.Context, settings map[string]string) (err error) {
	s.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Durable: true, Settings: settings})
	if err != nil {
		return err
	}
	return s.Renew(ctx)
}

func (s *Server) close() error {
	if s.cluster == nil {
		return nil
	}
	return s.cluster.Close()
}

// DSN is the URL of the database.
func (s *Server) DSN() string { return s.cluster.DSN(s.database) }

// Renew makes the database anew.
func (s *Server) Renew(ctx context.Context) error {
	name := pgx.Identifier{s.database}.Sanitize()
	return execute(ctx, s.cluster.DSN("postgres"), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)", "CREATE DATABASE "+name)
}

// Exec executes the statements one after the other.
func (s *Server) Exec(ctx context.Context, statements ...string) error {
	return execute(ctx, s.DSN(), statements...)
}

// ExecAtOnce executes the statements side by side.
func (s *Server) ExecAtOnce(ctx context.Context, statements ...string) error {
	group, ctx := errgroup.WithContext(ctx)
	for _, sql := range statements {
		group.Go(func() error { return s.Exec(ctx, sql) })
	}
	return group.Wait()
}

func execute(ctx context.Context, dsn string, statements ...string) error {
	return use(ctx, dsn, func(conn *pgx.Conn) error {
		for _, sql := range statements {
			if _, err := conn.Exec(ctx, sql); err != nil {
				return fmt.Errorf("%.60s: %w", sql, err)
			}
		}
		return nil
	})
}

func use(ctx context.Context, dsn string, work func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	return work(conn)
}

// Rows counts a table's rows.
func (s *Server) Rows(ctx context.Context, table string) (int64, error) {
	return s.count(ctx, pgx.Identifier{table}.Sanitize())
}

// Indexes counts the indexes and the constraints in schema public.
func (s *Server) Indexes(ctx context.Context) (int64, error) {
	return s.count(ctx, `(SELECT indexrelid FROM pg_stat_user_indexes WHERE schemaname = 'public'
		UNION ALL SELECT oid FROM pg_constraint WHERE connamespace = 'public'::regnamespace) AS every`)
}

func (s *Server) count(ctx context.Context, from string) (n int64, err error) {
	err = use(ctx, s.DSN(), func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SELECT count(*) FROM "+from).Scan(&n)
	})
	return n, err
}

// CopyBytes is how many bytes a table's rows are as binary COPY sends them.
func (s *Server) CopyBytes(ctx context.Context, table string) (bytes int64, err error) {
	var count counter
	err = use(ctx, s.DSN(), func(conn *pgx.Conn) error {
		_, err := conn.PgConn().CopyTo(ctx, &count, "COPY "+pgx.Identifier{table}.Sanitize()+" TO STDOUT (FORMAT binary)")
		return err
	})
	return int64(count), err
}

// Version is the server's, as it tells it.
func (s *Server) Version(ctx context.Context) (version string, err error) {
	err = use(ctx, s.DSN(), func(conn *pgx.Conn) error {
		return conn.QueryRow(ctx, "SHOW server_version").Scan(&version)
	})
	return version, err
}

// counter counts the bytes written to it.
type counter int64

var _ io.Writer = (*counter)(nil)

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
