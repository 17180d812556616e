pipeline "p" {}
# café
