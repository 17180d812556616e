;; Row 32: its note is 8 letters made of random bytes.
(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"name\":\"random\",\"version\":\"1\"}")
  (data (i32.const 256) "{\"candidates\":[],\"note\":\"@@@@@@@@\"}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_0000001f))
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    (drop (call $random (i32.const 512) (i32.const 8)))
    (i64.store align=1 (i32.const 281) ;; letters from A to P
      (i64.add (i64.and (i64.load (i32.const 512)) (i64.const 0x0f0f0f0f0f0f0f0f)) (i64.const 0x4141414141414141)))
    (i64.const 0x100_00000023)))
