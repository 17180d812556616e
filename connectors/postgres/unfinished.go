package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Unfinished is the attempt that the pipeline's next run begins with, where it takes
// up an unfinished one; nil where it does not.
func (d *Destination) Unfinished(ctx context.Context, pipeline string) (*connectors.Attempt, error) {
	var a connectors.Attempt
	err := d.consult(ctx, func(conn *pgx.Conn) error {
		return wrap("find an unfinished run", pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) (err error) {
			if a.RunID, a.Number, err = lastUnfinished(ctx, tx, pipeline); err != nil || a.RunID == "" {
				return err
			}
			a.Number++
			a.Streams, err = readStreams(ctx, tx, a.RunID)
			return err
		}))
	})
	if err != nil || a.RunID == "" {
		return nil, err
	}
	return &a, nil
}
