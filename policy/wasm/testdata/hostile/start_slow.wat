;; Row 10: its start function turns a loop 5 million times, which a load has time for and a call has
;; not.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"start_slow\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func $start (local $n i32)
    (loop $on
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $n) (i32.const 5_000_000)))))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000023))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (i64.const 0x100_00000011))
  (start $start))
