;; Row 7: neither rbt_propose nor rbt_score.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"no_half\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000020)))
