;; Row 12: logs for ever.
(module
  (import "rbt" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"log_flood\",\"version\":\"1\"}")
  (data (i32.const 256) "hello")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000022))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (loop $on
      (call $log (i32.const 1) (i32.const 256) (i32.const 5))
      (br $on))
    (unreachable)))
