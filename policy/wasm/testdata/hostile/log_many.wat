;; Row 33: logs 100 000 lines, and answers.
(module
  (import "rbt" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"log_many\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000021))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (local $n i32)
    (loop $on
      (call $log (i32.const 1) (i32.const 256) (i32.const 3))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $n) (i32.const 100_000))))
    (i64.const 0x100_00000011)))
