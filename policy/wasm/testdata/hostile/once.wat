;; Row 16: counts its calls in a global. A question of more than one byte traps; the answer to the
;; others has the count as its note.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"once\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[],\"note\":\"0\"}")
  (global $calls (mut i32) (i32.const 0x30))
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001d))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (if (i32.gt_u (local.get $len) (i32.const 1)) (then (unreachable)))
    (i32.store8 (i32.const 281) (global.get $calls))
    (i64.const 0x100_0000001c)))
