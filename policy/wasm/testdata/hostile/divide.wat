;; Row 15: divides by zero.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"divide\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001f))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (i64.div_u (i64.const 1) (i64.extend_i32_u (i32.const 0)))))
