source "postgres" {
}
autotune {
  policy "wasm" {}
}
