//go:build unix

package runtime

import (
	goruntime "runtime"
	"syscall"
	"time"
)

// usage is what this process has used.
type usage struct {
	cpu     time.Duration
	memory  int64 // the most that was resident, in bytes
	missing []string
}

func readUsage() usage {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return usage{missing: []string{"cpu_secs", "peak_memory_bytes"}}
	}
	unit := int64(1 << 10)
	if goruntime.GOOS == "darwin" { // which counts bytes
		unit = 1
	}
	return usage{
		cpu:    time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		memory: int64(r.Maxrss) * unit,
	}
}
