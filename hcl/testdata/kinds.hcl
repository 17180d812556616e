pipeline "p" {}
source "mysql" {
  dsn = "x"
}
destination "postgres" "extra" {
  dsn = "x"
}
stream {}
autotune {
  policy "wasmer" {}
  policy "builtin" {
    module = "x"
  }
}
pin "x" {
  parallelism = 1
}
