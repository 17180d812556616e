package postgres

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Sum counts the rows of the stream that the run reads, as of the snapshot.
func (s *snapshot) Sum(ctx context.Context, t *connectors.Target, how connectors.Verify) (connectors.Sum, error) {
	conn, err := s.member(ctx)
	if err != nil {
		return connectors.Sum{}, wrap("verify the source's rows", err)
	}
	defer hangUp(conn)
	f := t.Stream.Facts.(*facts)
	sum, err := sumOf(ctx, conn, f.from(), sourceHash(t.Stream.Table, t.Columns, t.Types, hasherOf(t)), how)
	return sum, wrap("verify the source's rows", err)
}

// Sum counts the staged rows.
func (l *load) Sum(ctx context.Context, t *connectors.Target, generation int, how connectors.Verify) (sum connectors.Sum, err error) {
	defer func() { err = onDestination(err) }()
	f, err := factsOf(t)
	if err != nil {
		return sum, err
	}
	staging := relName{f.name.Schema, stagingName(f.name.Name, l.attempt.RunID, t.Stream.Spec.Name, generation)}
	err = l.use(ctx, func(conn *pgx.Conn) error {
		sum, err = sumOf(ctx, conn, staging.sql(), targetHash(t.Columns, t.Types, hasherOf(t)), how)
		return err
	})
	return sum, wrap("verify the staged rows", err)
}

// setTypes notes the built-in types of the columns; a source does not know
// others, and hashes their texts.
func setTypes(t *connectors.Target, columns []connectors.Column) {
	t.Types = map[string]string{}
	for _, c := range columns {
		if !strings.Contains(c.Type, ".") { // only the names of users' types have a schema
			t.Types[c.Name] = c.Type
		}
	}
}

// sumOf has the server count rows and add up their hashes.
func sumOf(ctx context.Context, conn *pgx.Conn, from, hash string, how connectors.Verify) (s connectors.Sum, err error) {
	sums := "count(*), ''"
	if how == connectors.VerifyChecksum {
		sums = "count(*), coalesce(sum(" + hash + "::numeric), 0)::text"
	}
	work, release := stopServer(ctx, conn)
	defer release()
	err = conn.QueryRow(work, "SELECT "+sums+" FROM "+from).Scan(&s.Rows, &s.Hash)
	return s, ended(ctx, err)
}
