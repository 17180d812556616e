pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.a" {
  column "both" {
    expr = "lower(both)"
    mask = "redact"
  }
  column "neither" {}
  column "hashed" {
    mask = "hash"
  }
  column "hashed" {
    expr = "1"
  }
}
stream "public.*" {
  column "x" {
    expr = "1"
  }
}
