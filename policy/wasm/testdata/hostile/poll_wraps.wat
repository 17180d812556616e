;; Row 32: waits for so many events that their size in bytes is 0 in 32 bits.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"poll_wraps\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000023))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (drop (call $poll (i32.const 512) (i32.const 1024) (i32.const 0x10000000) (i32.const 1280)))
    (i64.const 0x100_00000011)))
