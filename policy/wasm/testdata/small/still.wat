;; A policy that proposes nothing. The built-in policy scores. Made by wat2wasm still.wat -o still.wasm.
(module
  (memory (export "memory") 6)
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param i32) (result i32) (i32.const 0x10000))
  (data (i32.const 0x100) "{\22name\22:\22still\22,\22version\22:\221.0.0\22}")
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10000000022))
  (data (i32.const 0x200) "{\22candidates\22:[],\22note\22:\22all is well\22}")
  (func (export "rbt_propose") (param i32 i32) (result i64) (i64.const 0x20000000026)))
