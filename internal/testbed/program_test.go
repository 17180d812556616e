package testbed

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPipeline(t *testing.T) {
	const want = `pipeline "bench" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn = env("DEST_DSN")
}

stream "public.metrics" {
  pin {
    parallelism = "8"
    partition_mode = "mod"
  }
}

resources {
  parallelism = "auto"
}

autotune {
  enabled = true
}
`
	got := Job{Table: "metrics", Pins: []Pin{{"parallelism", "8"}, {"partition_mode", "mod"}}, Tune: true}.pipeline()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the pipeline differs (-want +got):\n%s", diff)
	}
}
