package testbed

import (
	"context"
	"fmt"

	"github.com/rapidbyte/rbt/internal/measure"
)

// Turn is one copy of tables of the source.
type Turn struct {
	// Rows are those that have to arrive, by table.
	Rows map[string]int64
	Copy func(context.Context) (measure.Usage, error)
}

// Take takes a turn.
func (b *Bed) Take(ctx context.Context, t Turn) (measure.Usage, error) {
	if err := b.Clear(ctx); err != nil {
		return measure.Usage{}, err
	}
	before := b.CPU(ctx)
	u, err := t.Copy(ctx)
	if err != nil {
		return measure.Usage{}, err
	}
	u.Servers = b.CPU(ctx) - before
	for table, rows := range t.Rows {
		arrived, err := b.Destination.Rows(ctx, table)
		if err != nil {
			return u, err
		}
		if arrived != rows {
			return u, fmt.Errorf("%d rows of %s arrived of %d", arrived, table, rows)
		}
	}
	return u, nil
}

// Clear makes the destination's database anew, and leaves nothing to write on either server.
func (b *Bed) Clear(ctx context.Context) error {
	if err := b.Destination.Renew(ctx); err != nil {
		return err
	}
	for _, s := range []*Server{b.Source, b.Destination} {
		if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
			return err
		}
	}
	return nil
}
