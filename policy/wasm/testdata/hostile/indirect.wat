;; Row 15: calls a function through a table as if it had another type.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"indirect\",\"version\":\"1\"}")
  (table 1 funcref)
  (elem (i32.const 0) $other)
  (type $expected (func (result i64)))
  (func $other (param f64))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000021))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call_indirect (type $expected) (i32.const 0))))
