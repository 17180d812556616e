;; Row 14: calls itself 1900 deep, which is allowed, and answers.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"deep\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func $deeper (param $n i32)
    (if (local.get $n) (then (call $deeper (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001d))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $deeper (i32.const 1900))
    (i64.const 0x100_00000011)))
