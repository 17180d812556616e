;; Row 33: logs a text that lies outside of its memory.
(module
  (import "rbt" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"log_beyond\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000023))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $log (i32.const 1) (i32.const 0x5fff0) (i32.const 0x20))
    (i64.const 0x100_00000011)))
