;; Row 21: writes its answer over the question.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"overlap\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[]}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000020))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (memory.copy (i32.add (local.get $ptr) (i32.const 3)) (i32.const 256) (i32.const 17))
    (i64.or (i64.shl (i64.extend_i32_u (i32.add (local.get $ptr) (i32.const 3))) (i64.const 32)) (i64.const 17))))
