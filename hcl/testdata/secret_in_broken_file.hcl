pipeline "p" {}
source "postgres" {
  dsn = "postgres://u:s3cr3t
}
destination "postgres" {
  dsn = 'postgres://u:s3cr3t@h/db'
}
