pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}

resources {
  worker_kap  = 4
  paralelism  = 8
  part_size   = "1MiB"
  xyz         = 1
}
autotune = false
