;; ladder has the stream tried with 1, 2, 4, 8, 12 and 16 lanes, and leaves it to
;; rbt's built-in policy to say which is best. README.md says more. It is written
;; by hand, to show all of the contract (policy/wasm/ABI.md) on one page.
(module
  ;; A line for rbt's log: level (0 debug, 1 info, 2 warning, 3 error), where it is
  ;; and its size. Nothing has to be imported; without this line it says nothing.
  (import "rbt" "log" (func $log (param $level i32) (param $at i32) (param $size i32)))

  ;; rbt reads answers from here, and writes requests to where rbt_alloc says. The
  ;; first page has the texts below, each with a zero byte behind it, and room for
  ;; an answer; requests go behind it.
  (memory (export "memory") 1)

  (data (i32.const 0x100) "{\"name\":\"ladder\",\"version\":\"1.0.0\"}\00")
  (data (i32.const 0x200) "{\"config\":{\00")
  (data (i32.const 0x300) "{\"error\":{\"code\":\"bad_settings\",\"message\":\"there is no setting \\\"\00")
  (data (i32.const 0x400) "\\\": this policy has none\"}}\00")
  (data (i32.const 0x500) "{\"error\":{\"code\":\"bad_input\",\"message\":\"this is not what ABI 1 asks\"}}\00")
  (data (i32.const 0x600) "\"knobs\":\00")
  (data (i32.const 0x680) "\"name\":\"parallelism\",\00")
  (data (i32.const 0x700) "\"round\":1,\00")
  (data (i32.const 0x780) "\"evidence\":\00")
  (data (i32.const 0x900)
    "{\"candidates\":[{\"parallelism\":1},{\"parallelism\":2},{\"parallelism\":4},{\"parallelism\":8},"
    "{\"parallelism\":12},{\"parallelism\":16}],\"note\":\"all rungs from 1 to 16 lanes\"}\00")
  (data (i32.const 0xa00) "{\"candidates\":[]}\00")
  (data (i32.const 0xb00) "the lanes may not be turned: there is no ladder to climb")
  (global $room i32 (i32.const 0x1000)) ;; where an answer is put together

  ;; The version of the contract: 1.0, as major × 65536 + minor.
  (func (export "rbt_abi") (result i32)
    (i32.const 0x10000))

  ;; Room for a request of that size: new pages. 0 says that there is none. rbt
  ;; calls it once in each instance, and makes a fresh instance for each call.
  (func (export "rbt_alloc") (param $size i32) (result i32)
    (local $page i32)
    (local.set $page (memory.grow (i32.shr_u (i32.add (local.get $size) (i32.const 0xffff)) (i32.const 16))))
    (if (i32.eq (local.get $page) (i32.const -1))
      (then (return (i32.const 0))))
    (i32.shl (local.get $page) (i32.const 16)))

  ;; Who the policy is, and whether it accepts its config: {"config":{…}}. It has
  ;; no settings, so a name between the braces is one too many.
  (func (export "rbt_describe") (param $at i32) (param $size i32) (result i64)
    (local $name i32)
    (local.set $name (call $find (local.get $at) (i32.add (local.get $at) (local.get $size)) (i32.const 0x200)))
    (if (i32.eqz (local.get $name))
      (then (return (call $answer (i32.const 0x500)))))
    (if (i32.eq (i32.load8_u (local.get $name)) (i32.const 0x7d)) ;; }
      (then (return (call $answer (i32.const 0x100)))))
    (drop (call $copy (i32.const 0x400)
      (call $copy_name (local.get $name)
        (call $copy (i32.const 0x300) (global.get $room)))))
    (call $answer (global.get $room)))

  ;; What to try next. In the first round that is the whole ladder, if the lanes
  ;; may be turned; later it is nothing, which ends the search. A request is JSON
  ;; without spaces, and its fields have the order of ABI.md: the knobs, the round,
  ;; the evidence. So it can be looked through for what must be in it. A quote
  ;; within a text has a backslash before it: no text looks like a field.
  (func (export "rbt_propose") (param $at i32) (param $size i32) (result i64)
    (local $end i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (local.set $at (call $find (local.get $at) (local.get $end) (i32.const 0x600)))
    (if (local.get $at)
      (then (local.set $end (call $find (local.get $at) (local.get $end) (i32.const 0x780)))))
    (if (i32.or (i32.eqz (local.get $at)) (i32.eqz (local.get $end)))
      (then (return (call $answer (i32.const 0x500)))))
    (if (i32.eqz (call $find (local.get $at) (local.get $end) (i32.const 0x700)))
      (then (return (call $answer (i32.const 0xa00)))))
    (if (i32.eqz (call $find (local.get $at) (local.get $end) (i32.const 0x680)))
      (then
        (call $log (i32.const 1) (i32.const 0xb00) (i32.const 56))
        (return (call $answer (i32.const 0xa00)))))
    (call $answer (i32.const 0x900)))

  ;; There is no export rbt_score, of the same type: the built-in policy scores.

  ;; An answer: where it is in the upper half, its size in the lower one.
  (func $answer (param $at i32) (result i64)
    (local $end i32)
    (local.set $end (local.get $at))
    (loop $next
      (if (i32.load8_u (local.get $end))
        (then
          (local.set $end (i32.add (local.get $end) (i32.const 1)))
          (br $next))))
    (i64.or
      (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
      (i64.extend_i32_u (i32.sub (local.get $end) (local.get $at)))))

  ;; Where the text is over, the first time that it occurs between two places; 0 if
  ;; it does not.
  (func $find (param $at i32) (param $end i32) (param $text i32) (result i32)
    (local $i i32)
    (local $c i32)
    (loop $places
      (local.set $i (i32.const 0))
      (loop $bytes
        (local.set $c (i32.load8_u (i32.add (local.get $text) (local.get $i))))
        (if (i32.eqz (local.get $c))
          (then (return (i32.add (local.get $at) (local.get $i)))))
        (if (i32.ge_u (i32.add (local.get $at) (local.get $i)) (local.get $end))
          (then (return (i32.const 0))))
        (if (i32.eq (local.get $c) (i32.load8_u (i32.add (local.get $at) (local.get $i))))
          (then
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br $bytes))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $places))
    (unreachable))

  ;; Copies a text with its zero byte, and says where that went.
  (func $copy (param $from i32) (param $to i32) (result i32)
    (local $c i32)
    (loop $next
      (local.set $c (i32.load8_u (local.get $from)))
      (i32.store8 (local.get $to) (local.get $c))
      (if (local.get $c)
        (then
          (local.set $from (i32.add (local.get $from) (i32.const 1)))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (br $next))))
    (local.get $to))

  ;; Copies what is between two quotes, as it is escaped, and says where it ends.
  (func $copy_name (param $from i32) (param $to i32) (result i32)
    (local $c i32)
    (local $escaped i32)
    (loop $next
      (local.set $from (i32.add (local.get $from) (i32.const 1)))
      (local.set $c (i32.load8_u (local.get $from)))
      (if (i32.or (local.get $escaped) (i32.ne (local.get $c) (i32.const 0x22))) ;; "
        (then
          (i32.store8 (local.get $to) (local.get $c))
          (local.set $to (i32.add (local.get $to) (i32.const 1)))
          (local.set $escaped ;; by a backslash that is not escaped itself
            (i32.and (i32.eqz (local.get $escaped)) (i32.eq (local.get $c) (i32.const 0x5c))))
          (br $next))))
    (local.get $to))
)
