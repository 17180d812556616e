# Rows that are put aside, and hashes that go with no old ones.
pipeline "p" {}
source "postgres" {
  dsn  = "postgres://source"
  salt = "s"
}
destination "postgres" {
  dsn = "postgres://dest"
}
stream "public.a" {
  max_rejects = 7
}
stream "public.b" {
  on_bad_row  = "reject"
  max_rejects = -1
}
stream "public.c" {
  on_bad_row = "skip"
}
stream "public.d" {
  resume = "continue"
  column "x" {
    mask = "hash"
  }
}
stream "public.e" {
  new_column     = "drop"
  removed_column = "add"
  type_change    = "no"
  nullability    = ""
}
stream "public.*" {
  query = "select 1"
}
