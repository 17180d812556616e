;; Row 17: gives up as AssemblyScript does, with a message that is hostile to terminals.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"abort\",\"version\":\"1\"}")
  (data (i32.const 256) "\0e\00\00\00n\00o\00 \00\1b\00[\00\2e\20!\00") ;; 14 bytes of UTF-16: "no ", ESC, "[", right-to-left override, "!"
  (data (i32.const 288) "\0e\00\00\00i\00n\00d\00e\00x\00.\00t\00") ;; "index.t"
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001e))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $abort (i32.const 260) (i32.const 292) (i32.const 7) (i32.const 9))
    (unreachable)))
