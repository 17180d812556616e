// Command rbt copies tables between PostgreSQL servers.
//
// Each command is in a file of its own name; what a person sees goes through
// ui.go, and wire.go is the only file that knows all packages.
package main

import (
	"context"
	"io"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main without the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	u := newUI(stdin, stdout, stderr)
	defer func() {
		if p := recover(); p != nil {
			code = u.bug(p)
		}
	}()
	ctx, release := withSignals(ctx, u)
	defer release()
	return u.finish(newRoot(u, args).ExecuteContext(ctx))
}
