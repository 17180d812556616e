# Fixes knobs, so that the tuner leaves them alone: the flush size for all
# streams, the partition mode for one.
#   rbt run examples/pins/pipeline.hcl

pipeline "pins" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn = env("DEST_DSN")
}

stream "public.orders" {
  pin {
    partition_mode = "range"
  }
}

stream "public.customers" {}

pin {
  copy_flush_bytes = "8MiB"
}
