;; Row 32: reads standard input and says how many bytes came.
(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"stdin\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[],\"note\":\"read 0\"}")
  (data (i32.const 512) "\00\08\00\00\00\01\00\00") ;; 256 bytes at 2048
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001e))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (if (call $read (i32.const 0) (i32.const 512) (i32.const 1) (i32.const 520)) (then (unreachable)))
    (i32.store8 (i32.const 286) (i32.add (i32.const 0x30) (i32.load (i32.const 520))))
    (i64.const 0x100_00000021)))
