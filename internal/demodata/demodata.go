// Package demodata fills a database with the sample data of `rbt demo`: a small
// shop with one table of two million rows, one with wide rows, a few ordinary
// ones, and one whose names and types are awkward. The rows are the same every
// time, and the server makes them itself.
package demodata

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"
)

var (
	//go:embed schema.sql
	schemaSQL string
	//go:embed rows.sql
	rowsSQL string
	//go:embed finish.sql
	finishSQL string
	//go:embed links.sql
	linksSQL string
)

// parts is how many connections share the rows of a long table.
const parts = 4

// Create makes an empty database.
func Create(ctx context.Context, adminDSN, name string) error {
	return execute(ctx, adminDSN, []string{"CREATE DATABASE " + pgx.Identifier{name}.Sanitize()}, 1)
}

// Seed fills an empty database.
func Seed(ctx context.Context, dsn string) error {
	for _, phase := range []struct {
		name       string
		statements []string
		atOnce     int
	}{
		{"create the tables", paragraphs(schemaSQL), 1},
		{"insert the rows", divided(paragraphs(rowsSQL)), parts},
		{"build the indexes", paragraphs(finishSQL), parts},
		{"link the tables", paragraphs(linksSQL), 1},
	} {
		if err := execute(ctx, dsn, phase.statements, phase.atOnce); err != nil {
			return fmt.Errorf("%s of the sample data: %w", phase.name, err)
		}
	}
	return nil
}

// paragraphs splits SQL at empty lines, and leaves out the first paragraph,
// which is a comment.
func paragraphs(sql string) []string {
	return strings.Split(strings.TrimSpace(sql), "\n\n")[1:]
}

// divided repeats the statements that name a part, once for each.
func divided(statements []string) []string {
	var out []string
	for _, sql := range statements {
		if !strings.Contains(sql, "{part}") {
			out = append(out, sql)
			continue
		}
		for part := range parts {
			out = append(out, strings.NewReplacer("{part}", strconv.Itoa(part), "{parts}", strconv.Itoa(parts)).Replace(sql))
		}
	}
	return out
}

// execute runs statements over a number of connections.
func execute(ctx context.Context, dsn string, statements []string, connections int) error {
	group, ctx := errgroup.WithContext(ctx)
	queue := make(chan string, len(statements))
	for _, sql := range statements {
		queue <- sql
	}
	close(queue)
	for range min(connections, len(statements)) {
		group.Go(func() error {
			conn, err := pgx.Connect(ctx, dsn)
			if err != nil {
				return err
			}
			defer conn.Close(context.WithoutCancel(ctx))
			for sql := range queue {
				if _, err := conn.Exec(ctx, sql); err != nil {
					return fmt.Errorf("%s …: %w", strings.SplitN(sql, "\n", 2)[0], err)
				}
			}
			return nil
		})
	}
	return group.Wait()
}
