;; Row 3: a table that grows by two thousand million entries when it is asked.
(module
  (table $t 1 funcref)
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"table_grow\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000023))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (drop (table.grow $t (ref.null func) (i32.const 2_000_000_000)))
    (unreachable)))
