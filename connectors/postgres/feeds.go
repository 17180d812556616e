package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// feed is what PostgreSQL calls a publication, one that every new table belongs
// to, or every new one of a schema. Its subscribers are sent the rows of a
// staging table, and a subscription stops at the first row of a table that it
// does not have.
type feed struct {
	name   string // quoted
	schema string // empty where it is all of them
}

// readFeeds lists them, where changes are published at all.
func readFeeds(ctx context.Context, conn *pgx.Conn, walLevel string) ([]feed, error) {
	if walLevel != "logical" {
		return nil, nil
	}
	sql := "SELECT quote_ident(pubname), '' FROM pg_publication WHERE puballtables"
	if version(conn) >= 15 {
		sql += `
UNION ALL
SELECT quote_ident(p.pubname), n.nspname FROM pg_publication_namespace pn
JOIN pg_publication p ON p.oid = pn.pnpubid JOIN pg_namespace n ON n.oid = pn.pnnspid`
	}
	rows, err := conn.Query(ctx, sql+" ORDER BY 1, 2")
	if err != nil {
		return nil, err
	}
	var found []feed
	var f feed
	_, err = pgx.ForEachRow(rows, []any{&f.name, &f.schema}, func() error {
		found = append(found, f)
		return nil
	})
	return found, err
}

// warnOfFeeds says whom else the rows go to.
func (p *planner) warnOfFeeds(t *connectors.Target) {
	for _, f := range p.feeds {
		switch f.schema {
		case "":
			step(t, "publication %s publishes every table: its subscribers are sent the staging table and rbt's books, "+
				"and stop where they lack them", f.name)
		case t.Schema:
			step(t, "publication %s publishes schema %s: its subscribers are sent the staging table, and stop where they lack it",
				f.name, t.Schema)
		}
	}
}
