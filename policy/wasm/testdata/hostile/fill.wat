;; Row 12: fills 31 MiB of memory for ever.
(module
  (memory (export "memory") 496)
  (data (i32.const 16) "{\"name\":\"fill\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001d))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (loop $on
      (memory.fill (i32.const 0x10000) (i32.const 7) (i32.const 0x1e00000))
      (br $on))
    (unreachable)))
