pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
stream "orders" {}
stream "\"orders\"" {}
stream "sales.*" {}
stream "sales.*" {}
