;; Row 33: logs text that is hostile to terminals, at levels that there are not, and a line that is too
;; long; and answers.
(module
  (import "rbt" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"log\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (data (i32.const 512) "a\ff\feb\1b[31m\e2\80\aec\n") ;; invalid UTF-8, an escape sequence, a right-to-left override
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001c))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (call $log (i32.const 99) (i32.const 512) (i32.const 14))
    (call $log (i32.const -5) (i32.const 256) (i32.const 3))
    (memory.fill (i32.const 2048) (i32.const 0x78) (i32.const 511)) ;; x
    (i32.store (i32.const 2559) (i32.const 0xa9c3)) ;; a letter of two bytes, over the border of 512
    (call $log (i32.const 2) (i32.const 2048) (i32.const 4096))
    (i64.const 0x100_00000011)))
