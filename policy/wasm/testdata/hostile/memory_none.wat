;; Row 4: it has no memory.
(module
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (unreachable))
  (func (export "rbt_propose") (param i32 i32) (result i64) (unreachable)))
