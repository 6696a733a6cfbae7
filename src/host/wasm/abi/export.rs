//! The callbacks, as `postern_on_*`: the `proxy-wasm` crate has the names that the host calls, and the step after the
//! link puts ours instead.
//!
//! Each exported callback costs every request. So there is no `on_log`; there is no `on_done`, because Envoy calls it right
//! before `on_delete`, for streams and for roots, where shared data can still be written; and there is no `on_vm_start`,
//! which would have nothing to do.

use std::slice::from_raw_parts;

use super::buffer::allocate;
use super::{now, random};
use crate::host::hostcalls::Action;
use crate::host::id::{CallToken, ContextId};
use crate::host::seed::VmSeed;
use crate::host::vm::Vm;
use crate::host::wasm::compare::compare;
use crate::host::wasm::{Wasm, install_log};

thread_local! {
    static VM: Vm<Wasm> = {
        install_log();
        Vm::new(Wasm, VmSeed::draw(random, now().unwrap_or_default()))
    };
}

unsafe extern "C" {
    /// Made by the linker: runs the C library's and the language's initialisers.
    fn __wasm_call_ctors();
}

/// Replaces the C library's, by its name.
///
/// # Safety
/// As the C standard has it: both point to `length` bytes.
#[inline(never)]
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    if length == 0 {
        return 0;
    }
    // SAFETY: the caller keeps the contract, so neither is null.
    let (left, right) = unsafe { (from_raw_parts(left, length), from_raw_parts(right, length)) };
    compare(left, right)
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_memory_allocate(size: usize) -> *mut u8 {
    allocate(size)
}

#[unsafe(no_mangle)]
extern "C" fn postern_initialize() {
    // SAFETY: the host calls `_initialize` once, before anything else.
    unsafe { __wasm_call_ctors() };
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_context_create(context: u32, parent: u32) {
    VM.with(|vm| vm.on_context_create(ContextId(context), ContextId(parent)));
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_configure(context: u32, size: usize) -> u32 {
    VM.with(|vm| u32::from(vm.on_configure(ContextId(context), size)))
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_tick(context: u32) {
    VM.with(|vm| vm.on_tick(ContextId(context)));
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_request_headers(context: u32, _count: usize, _end: u32) -> Action {
    VM.with(|vm| vm.on_request_headers(ContextId(context)))
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_response_headers(context: u32, _count: usize, _end: u32) -> Action {
    VM.with(|vm| vm.on_response_headers(ContextId(context)))
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_http_call_response(
    _context: u32,
    token: u32,
    headers: usize,
    body: usize,
    _trailers: usize,
) {
    VM.with(|vm| vm.on_http_call_response(CallToken(token), headers, body));
}

#[unsafe(no_mangle)]
extern "C" fn postern_on_delete(context: u32) {
    VM.with(|vm| vm.on_delete(ContextId(context)));
}
