;; Row 4: its memory is not exported.
(module
  (memory 6)
  (data (i32.const 16) "{\"name\":\"memory_hidden\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000026))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64) (i64.const 0x100_00000011)))
