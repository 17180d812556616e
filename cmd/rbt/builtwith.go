package main

import "runtime"

// builtWith is in a file of its own because it needs the standard package
// runtime, whose name is also that of rbt's engine.
func builtWith() string {
	return runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
