package runtime

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/rapidbyte/rbt/connectors"
)

// Backoff between tries: short enough that a dropped connection costs little,
// long enough at the end that a server that starts up is not in the way of
// itself.
const (
	firstPause = 200 * time.Millisecond
	maxPause   = 10 * time.Second
)

// firstPatience is how long a run that has not begun tries again: long enough
// for tables that change just now, short enough for a mistake in a DSN.
const firstPatience = 3 * time.Second

// patience is how long preparing the run is tried again.
func (r *run) patience() time.Duration {
	if r.started {
		return r.cfg.RetryFor
	}
	return min(firstPatience, r.cfg.RetryFor)
}

// retry does op until it succeeds, fails for good, or has failed for RetryFor.
func retry[T any](ctx context.Context, r *run, stream, doing string, op func() (T, error)) (T, error) {
	return retryFor(ctx, r, r.cfg.RetryFor, stream, doing, op)
}

func retryFor[T any](ctx context.Context, r *run, patience time.Duration, stream, doing string, op func() (T, error)) (T, error) {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = firstPause, maxPause
	var failing time.Time // since when
	try := 0
	return backoff.Retry(ctx, func() (T, error) {
		began := time.Now()
		v, err := op()
		if err == nil {
			return v, nil
		}
		// A try that lasted longer than that shows that the last fault had passed.
		if failing.IsZero() || time.Since(began) > patience {
			failing = time.Now()
		}
		if ctx.Err() != nil || !connectors.Retryable(err) || time.Since(failing) > patience {
			return v, backoff.Permanent(err)
		}
		return v, err
	},
		backoff.WithBackOff(pause),
		backoff.WithMaxElapsedTime(0), // counted above: from the first failure
		backoff.WithNotify(func(err error, after time.Duration) {
			try++
			r.emit(Retry{Stream: stream, Doing: doing, Err: err, After: after, Try: try})
		}))
}
