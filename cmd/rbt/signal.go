package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// sameSignal is the time within which a second signal is taken for an echo of
// the first: timeout(1) and make send one to the process and one to its group.
const sameSignal = 300 * time.Millisecond

// withSignals returns a context that ends with the first SIGINT or SIGTERM, or
// SIGHUP where nohup does not keep it away. A second one ends the process.
func withSignals(ctx context.Context, u *ui) (_ context.Context, release func()) {
	ctx, cancel := context.WithCancel(ctx)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) {
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() {
		var first time.Time
		for range signals {
			switch {
			case first.IsZero():
				first = time.Now()
				cancel()
				u.warn("stopping cleanly; once more to stop at once")
			case time.Since(first) > sameSignal:
				os.Exit(exitFailed)
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(signals)
		cancel()
	}
}
