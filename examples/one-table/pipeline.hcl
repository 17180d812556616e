# Copies one table. Everything else is left to its default.
#   rbt run examples/one-table/pipeline.hcl

pipeline "one-table" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn = env("DEST_DSN")
}

stream "public.orders" {}
