(module
  ;; 5 pages of 64 KiB. The question goes to 65536, with 256 KiB behind it: the largest that there is.
  (memory (export "memory") 5)

  (data (i32.const 1024) "{\"name\":\"eight\",\"version\":\"1.0.0\"}")
  (data (i32.const 2048) "{\"candidates\":[{\"parallelism\":8}],\"note\":\"eight lanes\"}")

  (func (export "rbt_abi") (result i32)
    i32.const 0x10000)

  (func (export "rbt_alloc") (param $len i32) (result i32)
    i32.const 65536)

  ;; Place and length of the first text: 34 bytes.
  (func (export "rbt_describe") (param $ptr i32) (param $len i32) (result i64)
    i64.const 0x00000400_00000022)

  ;; Of the second one: 55 bytes.
  (func (export "rbt_propose") (param $ptr i32) (param $len i32) (result i64)
    i64.const 0x00000800_00000037))
