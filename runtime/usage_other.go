//go:build !unix

package runtime

import "time"

// usage is what this process has used.
type usage struct {
	cpu     time.Duration
	memory  int64 // the most that was resident, in bytes
	missing []string
}

func readUsage() usage { return usage{missing: []string{"cpu_secs", "peak_memory_bytes"}} }
