;; Row 14: calls itself for ever.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"recursion\",\"version\":\"1\"}")
  (func $deeper (param $n i32) (result i32) (i32.add (i32.const 1) (call $deeper (i32.add (local.get $n) (i32.const 1)))))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000022))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (i64.extend_i32_u (call $deeper (i32.const 0)))))
