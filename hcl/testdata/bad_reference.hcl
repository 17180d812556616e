pipeline "p" {}
variable "dest_schema" {
  default = "raw"
}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn    = env("DEST_DSN")
  schema = var.dest_shema
}
stream "public.orders" {
  target = vars.dest_schema
  where  = orders
  cursor = var
}
