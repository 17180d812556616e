pipeline "p" {}
variable "auth" {
  default = "s3cr3t"
}
source "postgres" {
  dsn = "postgres://u:s3cr3t@h/${vars.db}"
  password = "s3cr3t"
}
destination "postgres" {
  dns = "host=h password='s3cr3t' dbname=d"
  url = "postgres://u:s3c@r3t s3cr3t@h/db"
  dsn = <<EOT
host=h
s3cr3t ${nothing}
EOT
}
stream "public.orders" {
  dsn = env("postgres://u:s3cr3t@h/db")
}
