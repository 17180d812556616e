package testbed

import (
	"context"
	"fmt"

	"github.com/rapidbyte/rbt/internal/measure"
)

// Turn is one copy of a table of the source.
type Turn struct {
	Table string
	Rows  int64 // that have to arrive
	// Prepare is a statement to be executed at the destination; empty is none.
	Prepare string
	Copy    func(context.Context) (measure.Usage, error)
}

// Take takes a turn: into a fresh database, with nothing left to write on either server.
func (b *Bed) Take(ctx context.Context, t Turn) (measure.Usage, error) {
	if err := b.Destination.Renew(ctx); err != nil {
		return measure.Usage{}, err
	}
	if t.Prepare != "" {
		if err := b.Destination.Exec(ctx, t.Prepare); err != nil {
			return measure.Usage{}, err
		}
	}
	for _, s := range []*Server{b.Source, b.Destination} {
		if err := s.Exec(ctx, "CHECKPOINT"); err != nil {
			return measure.Usage{}, err
		}
	}
	before := b.CPU(ctx)
	u, err := t.Copy(ctx)
	if err != nil {
		return measure.Usage{}, err
	}
	u.Servers = b.CPU(ctx) - before
	arrived, err := b.Destination.Rows(ctx, t.Table)
	if err == nil && arrived != t.Rows {
		err = fmt.Errorf("%d rows arrived of %d", arrived, t.Rows)
	}
	return u, err
}
