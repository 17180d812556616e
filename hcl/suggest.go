package hcl

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agext/levenshtein"
)

// maxName is how many bytes of a name a message quotes, and the longest name
// that is looked up among the known ones: the distance costs the product of
// both lengths.
const maxName = 64

// quote writes a name that the file chose.
func quote(name string) string {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return strconv.Quote(name)
}

// nearest returns the known name that was probably meant, or "".
func nearest(name string, known []string) string {
	if len(name) > maxName {
		return ""
	}
	best, bestDistance := "", max(2, len(name)/3)+1
	for _, k := range known {
		if d := levenshtein.Distance(strings.ToLower(name), strings.ToLower(k), nil); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// suggest says which known name was probably meant, or else names them all.
func suggest(name string, known []string) string {
	if best := nearest(name, known); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	if len(known) == 0 {
		return ""
	}
	return "known: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}
