;; Row 11: does not accept its config, whatever it is.
(module
  (memory (export "memory") 6)
  (data (i32.const 16) "{\"error\":{\"code\":\"bad_settings\",\"message\":\"max_rtt must be a duration such as \\\"5ms\\\"\"}}")
  (func (export "rbt_abi") (result i32) (i32.const 0x10000))
  (func (export "rbt_alloc") (param $len i32) (result i32) (i32.const 0x10000))
  (func (export "rbt_describe") (param i32 i32) (result i64) (i64.const 0x10_00000058))
  (func (export "rbt_propose") (param i32 i32) (result i64) (unreachable)))
