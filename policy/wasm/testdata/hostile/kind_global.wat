;; Row 8: rbt_score is a global.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"kind_global\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000024))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64) (i64.const 0x100_00000011))
  (global (export "rbt_score") i64 (i64.const 0)))
