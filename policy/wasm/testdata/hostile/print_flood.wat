;; Row 12: prints for ever, to standard output and error.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"print_flood\",\"version\":\"1\"}")
  (data (i32.const 256) "\00\02\00\00\00\00\01\00") ;; 64 KiB at 512
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000024))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (loop $on
      (drop (call $write (i32.const 1) (i32.const 256) (i32.const 1) (i32.const 264)))
      (drop (call $write (i32.const 2) (i32.const 256) (i32.const 1) (i32.const 264)))
      (br $on))
    (unreachable)))
