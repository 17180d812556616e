pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.*" {
  target        = "t"
  columns       = ["id"]
  where         = "true"
  partition_key = "id"
  sync_mode     = "incremental"
  cursor        = "at"
  exclude       = []
}
