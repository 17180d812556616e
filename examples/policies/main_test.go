package policies_test

import (
	"testing"

	"github.com/rapidbyte/rbt/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }
