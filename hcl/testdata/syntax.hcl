pipeline "p" {
source "postgres" {
  dsn = env("SOURCE_DSN"
}
stream "a" {
  where = "x
  columns = ["a" "b"]
}
