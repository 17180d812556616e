pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
resources {
  parallelism = 32
}
pin {
  parallelism = 17
}
