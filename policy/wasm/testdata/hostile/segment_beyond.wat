;; A data segment that begins beyond the end of the memory: each instance fails.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"segment_beyond\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (data (i32.const 0x7fffff00) "x")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000027))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64) (i64.const 0x100_00000011)))
