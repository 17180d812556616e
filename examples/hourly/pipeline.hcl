# What a schedule runs every hour: the rows that came or changed since the last
# run, written over those with the same key. Addresses leave the source as hashes.
#   SALT=… rbt run examples/hourly/pipeline.hcl

pipeline "hourly" {}

variable "salt" {
  default = env("SALT", "a salt that only this example should have")
}

source "postgres" {
  dsn  = env("SOURCE_DSN")
  salt = var.salt
}

destination "postgres" {
  dsn    = env("DEST_DSN")
  schema = "raw"
}

stream "public.accounts" {
  sync_mode   = "incremental"
  cursor      = "updated_at"
  lookback    = "5m"
  write_mode  = "upsert"
  primary_key = ["id"]
  verify      = "checksum"

  column "email" {
    mask = "hash"
  }

  check "nobody owes more than the limit" {
    sql = "select coalesce(max(owes), 0) <= 1000 from {{target}}"
  }
}
