;; Row 17: gives up with a message outside of its memory.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"abort_beyond\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000025))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $abort (i32.const 0x7fffffff) (i32.const 0xffffffff) (i32.const 7) (i32.const 9))
    (unreachable)))
