//go:build !wasip1

// Modules of policies do without: what this file needs would be made ready anew
// for each of their calls.

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
