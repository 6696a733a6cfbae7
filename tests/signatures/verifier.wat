;; Passes arguments to the foreign function `verify_signature`, and logs the answers. The configuration is a list of
;; arguments, each after its length in four bytes, the lowest first. The line is `answers: `, and for each of them `1` (status
;; 0 and the result 08 01), `0` (status 0 and another result) or `E` (another status).
(module
  (import "env" "proxy_get_buffer_bytes" (func $read (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_call_foreign_function" (func $ask (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_log" (func $log (param i32 i32 i32) (result i32)))
  (memory (export "memory") 512)
  (data (i32.const 64) "verify_signature")
  (data (i32.const 8192) "answers: ")
  ;; Where the host writes its next buffer: first the configuration, then each result.
  (global $buffer (mut i32) (i32.const 65536))
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "_initialize"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (global.get $buffer))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param $root i32) (param $size i32) (result i32)
    (local $at i32) (local $end i32) (local $out i32) (local $length i32) (local $answer i32)
    ;; The words at 8 and 12 are the place and the length of what the host hands over.
    (drop (call $read (i32.const 7) (i32.const 0) (local.get $size) (i32.const 8) (i32.const 12)))
    (local.set $at (i32.load (i32.const 8)))
    (local.set $end (i32.add (local.get $at) (i32.load (i32.const 12))))
    (local.set $out (i32.const 8201))
    (global.set $buffer (i32.const 1024))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $length (i32.load (local.get $at)))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (i32.store (i32.const 12) (i32.const 0))
        (local.set $answer (i32.const 69))
        (if (i32.eqz (call $ask (i32.const 64) (i32.const 16) (local.get $at) (local.get $length) (i32.const 8) (i32.const 12)))
          (then
            (local.set $answer (i32.const 48))
            (if (i32.and
                  (i32.eq (i32.load (i32.const 12)) (i32.const 2))
                  (i32.eq (i32.load16_u (i32.const 1024)) (i32.const 0x0108)))
              (then (local.set $answer (i32.const 49))))))
        (i32.store8 (local.get $out) (local.get $answer))
        (local.set $out (i32.add (local.get $out) (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (local.get $length)))
        (br $next)))
    (drop (call $log (i32.const 2) (i32.const 8192) (i32.sub (local.get $out) (i32.const 8192))))
    (i32.const 1)))
