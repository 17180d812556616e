;; Row 18: takes all the memory that it gets, page by page, and answers.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"grow\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001d))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (loop $on
      (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (i64.const 0x100_00000011)))
