pipeline "p" {}
source "postgres" {
  dsn = env("NOT_SET")
}
destination "postgres" {
  dsn    = env("NOT_SET_EITHER", env("NOR_THIS"))
  schema = getenv("SCHEMA")
}
stream "public.orders" {
  where  = env()
  target = env(5)
}
