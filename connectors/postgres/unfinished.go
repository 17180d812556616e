package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Unfinished is the attempt that the pipeline's next run begins with, where it takes
// up an unfinished one; nil where it does not.
func (d *Destination) Unfinished(ctx context.Context, pipeline string) (_ *connectors.Attempt, err error) {
	defer func() { err = onDestination(err) }()
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer hangUp(conn)
	format, err := readBooksFormat(ctx, conn)
	if err != nil || format == 0 {
		return nil, wrap("open the books (schema _rbt)", err)
	}
	var a connectors.Attempt
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
		if a.RunID, a.Number, err = lastUnfinished(ctx, tx, pipeline); err != nil || a.RunID == "" {
			return err
		}
		a.Number++
		a.Streams, err = readStreams(ctx, tx, a.RunID)
		return err
	})
	if err != nil || a.RunID == "" {
		return nil, wrap("find an unfinished run", err)
	}
	return &a, nil
}
