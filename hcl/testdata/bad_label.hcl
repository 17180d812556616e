pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "a.b.c" {}
stream "a." {}
stream "\"open" {}
stream "a.b\"c" {}
stream "a. b" {}
stream "" {}
stream "a.*" {
  exclude = ["b.c.d"]
}
