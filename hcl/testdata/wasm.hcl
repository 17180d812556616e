pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {}
autotune {
  policy "wasm" {
    module     = "p.wasm"
    sha256     = "ABC"
    engine     = "jit"
    timeout    = "1m"
    max_memory = "1GiB"
    config     = { a = 1, a = 2, (var.x) = 3 }
  }
}
