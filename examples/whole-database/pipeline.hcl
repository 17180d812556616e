# Copies every table of every schema, but not the audit tables. One table gets
# a stream of its own; what it sets holds for that table only.
#   rbt run examples/whole-database/pipeline.hcl

pipeline "whole-database" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn          = env("DEST_DSN")
  foreign_keys = true
}

stream "public.orders" {
  pin {
    parallelism = 2
  }
}

stream "*.*" {
  exclude = ["*.audit_*"]
}
