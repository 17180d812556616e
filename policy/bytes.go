package policy

import (
	"fmt"
	"math"
	"regexp"

	"github.com/dustin/go-humanize"
)

var bytesText = regexp.MustCompile(`^\s*[0-9]+(\.[0-9]+)?\s*[A-Za-z]*\s*$`)

// ParseBytes reads a size as a pipeline file has it: "8MiB" is 8·1024²,
// "64kb" is 64 000, a bare number is bytes.
func ParseBytes(s string) (int64, error) {
	if !bytesText.MatchString(s) {
		return 0, fmt.Errorf("%q is not a size such as \"8MiB\" or \"64kb\"", s)
	}
	n, err := humanize.ParseBytes(s)
	if err != nil || n > math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size such as \"8MiB\" or \"64kb\"", s)
	}
	return int64(n), nil
}

// FormatBytes writes n with the largest binary unit that divides it, so that
// ParseBytes reads the same number back: 8MiB, 1536KiB, 1000B.
func FormatBytes(n int64) string {
	units := []struct {
		size int64
		name string
	}{{1 << 40, "TiB"}, {1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}}
	for _, u := range units {
		if n != 0 && n%u.size == 0 {
			return fmt.Sprintf("%d%s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%dB", n)
}
