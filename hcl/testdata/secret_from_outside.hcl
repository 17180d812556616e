pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {
  write_mode = env("SOURCE_DSN")
  columns    = [env("SOURCE_DSN"), 5]
  sync_mode  = "${env("SOURCE_DSN")}x"
}
resources {
  max_memory = env("SOURCE_DSN")
  worker_cap = env("SOURCE_DSN")
}
autotune {
  policy "wasm" {
    module = "p.wasm"
    config = { a = [env("SOURCE_DSN")] }
  }
}
