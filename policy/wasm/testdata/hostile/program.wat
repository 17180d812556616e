;; Row 7: a program, with _start and none of the functions of a policy.
(module
  (memory (export "memory") 6)
  (func (export "_start")))
