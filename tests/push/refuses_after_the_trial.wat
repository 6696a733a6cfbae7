;; Denies every request with 403. It accepts every configuration of less than 5 bytes. It accepts a longer one once, over
;; all VMs, and refuses it afterwards. The VM of Envoy's trial asks first, so it accepts and the workers' VMs refuse.
(module
  (import "env" "proxy_set_shared_data" (func $set (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "proxy_send_local_response" (func $deny (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 8) "once")
  (func (export "proxy_abi_version_0_2_1"))
  (func (export "_initialize"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32) (i32.const 1024))
  (func (export "proxy_on_context_create") (param i32 i32))
  (func (export "proxy_on_configure") (param $root i32) (param $size i32) (result i32)
    (if (result i32) (i32.lt_u (local.get $size) (i32.const 5))
      (then (i32.const 1))
      (else (i32.eqz (call $set (i32.const 8) (i32.const 4) (i32.const 8) (i32.const 1) (i32.const -1))))))
  (func (export "proxy_on_request_headers") (param i32 i32 i32) (result i32)
    (drop (call $deny (i32.const 403) (i32.const 8) (i32.const 4) (i32.const 8) (i32.const 0) (i32.const 8) (i32.const 0) (i32.const -1)))
    (i32.const 1)))
