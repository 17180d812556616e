# Takes values from the command line and from the environment.
#   rbt run -var dest_schema=staging examples/variables/pipeline.hcl
#   RBT_VAR_dest_schema=staging rbt run examples/variables/pipeline.hcl

pipeline "variables" {}

variable "dest_schema" {
  description = "schema of the destination that takes the tables"
  default     = "raw"
}

variable "min_total" {
  description = "smallest order to copy"
  default     = 0
}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn    = env("DEST_DSN")
  schema = var.dest_schema
}

stream "public.orders" {
  where = "total >= ${var.min_total}"
}

resources {
  max_memory = env("RBT_MEMORY", "256MiB")
}
