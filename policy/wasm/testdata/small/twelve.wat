;; A policy that wants twelve lanes. The built-in policy scores. Made by wat2wasm twelve.wat -o twelve.wasm.
(module
  (memory (export "memory") 6)
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param i32) (result i32) (i32.const 0x10000))
  (data (i32.const 0x100) "{\22name\22:\22twelve\22,\22version\22:\221.0.0\22}")
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10000000023))
  (data (i32.const 0x200) "{\22candidates\22:[{\22parallelism\22:12}],\22note\22:\22twelve lanes\22}")
  (func (export "rbt_propose") (param i32 i32) (result i64) (i64.const 0x20000000039)))
