pipeline "p" {}
source "postgres" {
  dsn = env("SOURCE_DSN")
}
destination "postgres" {
  dsn = env("DEST_DSN")
}
stream "public.orders" {
  columns    = "id"
  where      = 5
  write_mode = ["replace"]
}
resources {
  worker_cap  = "lots"
  parallelism = 2.5
  max_memory  = 536870912
}
autotune {
  enabled = "maybe"
  probe {
    max_fraction = null
    max_rows     = { a = 1 }
  }
}
