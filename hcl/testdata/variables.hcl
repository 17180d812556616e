pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
variable "no_value" {}
variable "a" {
  default = var.b
}
variable "list" {
  default = ["x"]
}
variable "a" {
  default = 1
}
variable "not valid" {
  default = 1
}
variable {}
resources {
  worker_cap = var.list
  retry_for  = "${var.no_value}s"
}
