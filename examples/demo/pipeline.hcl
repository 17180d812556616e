# What `rbt demo` runs: a small shop, copied from one server to another.
#
# To run it on databases of your own, name your own streams, which
# `rbt discover --dsn "$SOURCE_DSN"` lists, set SOURCE_DSN and DEST_DSN, and:
#   rbt run examples/demo/pipeline.hcl

pipeline "demo" {}

source "postgres" {
  dsn = env("SOURCE_DSN")
}

destination "postgres" {
  dsn          = env("DEST_DSN")
  foreign_keys = true
}

# Two million rows of numbers and times. All lanes share the table.
stream "shop.orders" {}

# Wide rows, tens of kilobytes each.
stream "shop.documents" {}

# All the rest of the schema.
stream "shop.*" {}

# Mixed case, a dot, an enum, a domain, arrays, jsonb, NaN, infinity, generated
# and identity columns.
stream "shop.\"Odd.Names\"" {}
