pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
checkpoint {
  part_size = "64 apples"
}
resources {
  max_memory = "1MiB"
}
