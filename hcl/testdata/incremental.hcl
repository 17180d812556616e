pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.a" {
  sync_mode = "incremental"
  cursor    = "at"
}
stream "public.b" {
  sync_mode   = "incremental"
  cursor      = "at"
  write_mode  = "upsert"
  primary_key = ["id"]
  lookback    = "five minutes"
  resume      = "continue"
  delete      = "hard"
}
stream "public.c" {
  tie_breaker = "id"
  initial     = "0"
  lookback    = "5m"
  delete      = "soft"
}
stream "public.*" {
  sync_mode  = "incremental"
  cursor     = "at"
  write_mode = "append"
}
