pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.a" {
  verify = "checksum"
  resume = "continue"
  check "twice" {
    sql = "select true from {{target}}"
  }
  check "twice" {
    sql = "select true"
  }
  check "none" {}
}
