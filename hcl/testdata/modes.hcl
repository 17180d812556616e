pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.a" {
  sync_mode = "incremental"
}
stream "public.b" {
  cursor      = "x"
  primary_key = ["id"]
}
stream "public.c" {
  write_mode  = "upsrt"
  primary_key = ["id"]
}
stream "public.d" {
  write_mode  = "upsert"
  primary_key = ["id", "tenant"]
  columns     = ["id"]
}
stream "public.e" {
  exclude = ["x"]
}
