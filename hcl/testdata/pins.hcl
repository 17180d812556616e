pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {
  pin {
    partition_mode = "rnage"
    copy_format    = "json"
    parallelism    = 20
  }
}
pin {
  copy_flush_byte  = "8MiB"
  copy_flush_bytes = "64MiB"
  parallelism      = "many"
}
