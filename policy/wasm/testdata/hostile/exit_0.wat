;; Row 17: ends itself with code 0.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"exit_0\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001f))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $exit (i32.const 0))
    (unreachable))
  (func (export "rbt_score") (param $ptr i32) (param $len i32) (result i64)
    (call $exit (i32.const 0))
    (unreachable)))
