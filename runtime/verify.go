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
	rejected, err := r.rejects(ctx, t)
	if err != nil {
		return err
	}
	if rejected.loading > 0 && how == connectors.VerifyChecksum {
		how = connectors.VerifyCount
		r.note(t.name(), fmt.Sprintf("%d rows were put aside, so that only the number of the others was verified", rejected.loading))
	}
	r.emit(PublishStep{Stream: t.name(), Step: "verify the " + string(how)})
	var source, staged connectors.Sum
	g, both := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		source, err = retry(both, r, t.name(), "verify", func() (connectors.Sum, error) {
			return snap.Sum(both, t.plan.Target, how)
		})
		return err
	})
	g.Go(func() (err error) {
		staged, err = retry(both, r, t.name(), "verify", func() (connectors.Sum, error) {
			return r.load.Sum(both, t.plan.Target, t.generation, how)
		})
		return err
	})
	err = g.Wait()
	staged.Rows += rejected.loading
	switch {
	case errors.Is(err, connectors.ErrSnapshotLost):
		return errors.New("the source lost the snapshot before the rows could be verified: start the run again")
	case err != nil || source == staged:
		return err
	}
	// A crash of the destination takes rows and marks together.
	if marks, err := r.marks(ctx, t); err != nil || len(marks) < len(t.issued) {
		return cmp.Or(err, connectors.ErrUndone)
	}
	if source.Rows != staged.Rows {
		return fmt.Errorf("verification failed: the source has %d rows, and %d were staged%s; what was visible before still is",
			source.Rows, staged.Rows-rejected.loading, rejected)
	}
	return fmt.Errorf("verification failed: the checksum of the %d rows at the source is %s, and of those that were staged %s; what was visible before still is",
		source.Rows, source.Hash, staged.Hash)
}
