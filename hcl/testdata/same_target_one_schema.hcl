pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
  schema = "raw"
}
stream "a.orders" {}
stream "b.orders" {}
