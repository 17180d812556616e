pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "a.x" {
  target = "t"
}
stream "a.y" {
  target = "t"
}
stream "b.t" {}
stream "a.t" {}
