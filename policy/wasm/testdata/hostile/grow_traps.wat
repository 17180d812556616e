;; Row 18: takes all the memory that it gets, and traps.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"grow_traps\",\"version\":\"1\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000023))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (loop $on
      (br_if $on (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (i64.store (i32.mul (memory.size) (i32.const 0x10000)) (i64.const 1))
    (unreachable)))
