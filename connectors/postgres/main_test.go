package postgres

import (
	"flag"
	"testing"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

// rapidChecks is how many cases a property is tried on here, where each takes
// a server some milliseconds.
const rapidChecks = "40"

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", rapidChecks) // before the flags of the command line
	pgtest.Main(m)
}
