package main

import (
	"os"
	"runtime"
)

// spareProcessors leaves half of the processors to others while rows move: the
// servers, where they are on the same machine. Goroutines that relay rows wait
// most of their time, and with as many threads as processors Go's scheduler
// spends more on looking for work than they do: beside two servers on two cores,
// one thread takes rbt 0.2 to 0.4 CPU-s per GB less, and the runs 2 to 4 % less
// time (docs/rationale.md). One thread relays about 1 GB/s. A module has to be
// asked beside the lanes, so it gets them all.
func spareProcessors(module bool) {
	if os.Getenv("GOMAXPROCS") == "" && !module {
		runtime.GOMAXPROCS(sparing(runtime.GOMAXPROCS(0)))
	}
}

// sparing is half of the processors, at least one.
func sparing(processors int) int { return max(processors/2, 1) }
