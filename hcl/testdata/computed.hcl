pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {
  where   = 1 + 2
  columns = [for c in ["a"] : c]
  target  = true ? "a" : "b"
  cursor  = "${["a"]}"
}
