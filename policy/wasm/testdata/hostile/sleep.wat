;; Row 32: sleeps for an hour, and answers.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"sleep\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (data (i32.const 512) "\00\00\00\00\00\00\00\00"  ;; user data
    "\00\00\00\00\00\00\00\00"                      ;; a clock
    "\01\00\00\00\00\00\00\00"                      ;; the monotonic one
    "\00\a0\b8\30\46\03\00\00"                      ;; 3600 s in ns
    "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001e))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (if (call $poll (i32.const 512) (i32.const 1024) (i32.const 1) (i32.const 1280)) (then (unreachable)))
    (i64.const 0x100_00000011)))
