;; A policy that no config is good enough for. Made by wat2wasm picky.wat -o picky.wasm.
(module
  (memory (export "memory") 6)
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param i32) (result i32) (i32.const 0x10000))
  (data (i32.const 0x100) "{\22error\22:{\22code\22:\22no_target\22,\22message\22:\22config needs a target\22}}")
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10000000040))
  (data (i32.const 0x200) "{\22candidates\22:[]}")
  (func (export "rbt_propose") (param i32 i32) (result i64) (i64.const 0x20000000011)))
