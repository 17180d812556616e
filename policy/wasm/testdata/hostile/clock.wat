;; Row 32: reads the clock a million times, and answers; the last reading is the state.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"clock\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[],\"note\":\"0123456789abcdef\"}")
  ;; hex writes a number over the note.
  (func $hex (param $x i64) (local $at i32) (local $digit i32)
    (local.set $at (i32.const 297))
    (loop $on
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (local.set $digit (i32.wrap_i64 (i64.and (local.get $x) (i64.const 15))))
      (i32.store8 (local.get $at) (i32.add (local.get $digit)
        (select (i32.const 0x30) (i32.const 0x57) (i32.lt_u (local.get $digit) (i32.const 10)))))
      (local.set $x (i64.shr_u (local.get $x) (i64.const 4)))
      (br_if $on (i32.gt_u (local.get $at) (i32.const 281)))))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001e))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (local $n i32)
    (loop $on
      (drop (call $clock_time_get (i32.const 0) (i64.const 0) (i32.const 512)))
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $on (i32.lt_u (local.get $n) (i32.const 1_000_000))))
    (call $hex (i64.load (i32.const 512)))
    (i64.const 0x100_0000002b)))
