package probe

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// TestDocumentedConstants holds the numbers that authors of policies are told
// to those that hold.
func TestDocumentedConstants(t *testing.T) {
	text, err := os.ReadFile("../../policy/wasm/ABI.md")
	if err != nil {
		t.Fatal(err)
	}
	percent := func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
	for what, number := range map[string]string{
		"candidates of a round, at most":                              fmt.Sprint(maxCandidates),
		"rounds of a stream, at most":                                 fmt.Sprint(maxRounds),
		"windows of a candidate in a round, at most":                  fmt.Sprint(windowsPerRound),
		"lead that is worth a change":                                 percent(worth),
		"standard errors that a lead must have at the end of a round": fmt.Sprint(adoptErrors),
		fmt.Sprintf("lead that ends a round early (`lead` in the pipeline file), with %d standard errors", stableErrors):            percent(DefaultBudget().Lead),
		fmt.Sprintf("lead or lag that a single window shows, with %.0f standard errors", largeErrors):                               percent(math.Expm1(largeGap)),
		"lead or lag that a single window shows in any case, as a factor":                                                           fmt.Sprintf("%.2f", math.Exp(hugeGap)),
		"relative error of a single window where it is not known":                                                                   percent(priorNoise),
		fmt.Sprintf("lead over the baseline above which the last comparison is left out, with %.1f standard errors", confirmErrors): percent(confirmLead),
		"standard errors that the last comparison must show":                                                                        fmt.Sprint(confirmErrors),
		"difference of two numbers of `ties` that decides":                                                                          percent(tieDiffers),
	} {
		if row := fmt.Sprintf("\n| %s | %s |\n", what, number); !strings.Contains(string(text), row) {
			t.Errorf("ABI.md has no row%s", row)
		}
	}
}
