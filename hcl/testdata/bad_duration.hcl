pipeline "p" {}
source "postgres" {
  dsn          = env("SOURCE_DSN")
  lock_timeout = "-5s"
}
destination "postgres" {
  dsn          = env("DEST_DSN")
  lock_timeout = 10
}
stream "public.orders" {}
resources {
  retry_for = "5 minutes"
}
autotune {
  probe {
    max_duration = "2h"
  }
}
