;; A policy that traps when it is to propose, and scores nothing. Made by wat2wasm broken.wat -o broken.wasm.
(module
  (memory (export "memory") 6)
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param i32) (result i32) (i32.const 0x10000))
  (data (i32.const 0x100) "{\22name\22:\22broken\22,\22version\22:\220.1.0\22}")
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10000000023))
  (func (export "rbt_propose") (param i32 i32) (result i64) unreachable)
  (data (i32.const 0x200) "{\22scores\22:[]}")
  (func (export "rbt_score") (param i32 i32) (result i64) (i64.const 0x2000000000d)))
