package runtime

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/rapidbyte/rbt/connectors"
)

// verify compares a loaded task's staged rows with the source's, where the
// stream asks for that. It is done before anybody sees them.
func (r *run) verify(ctx context.Context, snap connectors.Snapshot, t *task) error {
	how := t.plan.Stream.Spec.Verify
	if how == connectors.NoVerify {
		return nil
	}
	r.emit(PublishStep{Stream: t.name(), Step: "verify the " + string(how)})
	type counted struct {
		sum   connectors.Sum
		types map[string]string
	}
	staged, err := retry(ctx, r, t.name(), "verify", func() (counted, error) {
		sum, types, err := r.load.Sum(ctx, t.plan.Target, t.generation, connectors.VerifyCount)
		return counted{sum, types}, err
	})
	if err != nil {
		return err
	}
	source, err := r.sums(ctx, snap, t, how, staged.types, &staged.sum)
	if errors.Is(err, connectors.ErrSnapshotLost) {
		return errors.New("the source lost the snapshot before the rows could be verified: start the run again")
	}
	if err != nil {
		return err
	}
	if source == staged.sum {
		return nil
	}
	// A crash of the destination takes rows and marks together.
	if marks, err := r.marks(ctx, t); err != nil || len(marks) < len(t.issued) {
		return cmp.Or(err, connectors.ErrUndone)
	}
	if source.Rows != staged.sum.Rows {
		return fmt.Errorf("verification failed: the source has %d rows, and %d were staged; what was visible before still is", source.Rows, staged.sum.Rows)
	}
	return fmt.Errorf("verification failed: the checksum of the %d rows at the source is %s, and of those that were staged %s; what was visible before still is",
		source.Rows, source.Hash, staged.sum.Hash)
}

// sums asks both sides at once. What the destination says takes the place of
// staged, which has the number of rows only.
func (r *run) sums(ctx context.Context, snap connectors.Snapshot, t *task, how connectors.Verify, types map[string]string, staged *connectors.Sum) (source connectors.Sum, err error) {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		source, err = retry(ctx, r, t.name(), "verify", func() (connectors.Sum, error) {
			return snap.Sum(ctx, t.plan.Stream, t.plan.Target.Columns, types, how)
		})
		return err
	})
	if how == connectors.VerifyChecksum {
		g.Go(func() (err error) {
			*staged, err = retry(ctx, r, t.name(), "verify", func() (connectors.Sum, error) {
				sum, _, err := r.load.Sum(ctx, t.plan.Target, t.generation, how)
				return sum, err
			})
			return err
		})
	}
	return source, g.Wait()
}
