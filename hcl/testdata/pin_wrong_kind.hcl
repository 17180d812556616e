pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
pin {
  copy_flush_bytes = 8388608
  partition_mode   = 1
  parallelism      = 0
}
