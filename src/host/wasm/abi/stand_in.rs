//! The same functions as `import`, over the fake host of this thread.

use crate::host::fake::{call, foreign, stats};

#[cfg(test)]
use super::buffer::without_memory;

/// Hands a result over. In unit tests there is no memory left by then.
#[cfg(not(test))]
fn without_memory<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// # Safety
/// `data` points to `size` bytes that live through the call.
unsafe fn slice<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(data, size) }
}

/// # Safety
/// `data` and `size` are where the caller wants a buffer.
unsafe fn give(bytes: &[u8], data: *mut *mut u8, size: *mut usize) {
    let pointer = if bytes.is_empty() {
        std::ptr::null_mut()
    } else {
        let pointer = super::buffer::allocate(bytes.len());
        // SAFETY: there is room for all of the bytes.
        unsafe { pointer.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        pointer
    };
    // SAFETY: the caller's promise.
    unsafe {
        data.write(pointer);
        size.write(bytes.len());
    }
}

fn status(done: Result<(), u32>) -> u32 {
    done.err().unwrap_or(0)
}

// SAFETY of all below: their only callers are the wrappers above, which pass slices and pointers of their own.
pub(super) unsafe fn proxy_log(level: u32, line: *const u8, size: usize) -> u32 {
    status(call::log(level, unsafe { slice(line, size) }))
}
pub(super) unsafe fn proxy_get_log_level(level: *mut u32) -> u32 {
    status(call::log_level().map(|now| unsafe { level.write(now) }))
}
pub(super) unsafe fn proxy_get_header_map_pairs(
    map: u32,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    status(call::header_map(map).map(|wire| unsafe { give(&wire, data, size) }))
}
pub(super) unsafe fn proxy_add_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    let (name, value) = unsafe { (slice(name, name_size), slice(value, value_size)) };
    status(call::add_header(map, name, value))
}
pub(super) unsafe fn proxy_replace_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    let (name, value) = unsafe { (slice(name, name_size), slice(value, value_size)) };
    status(call::replace_header(map, name, value))
}
pub(super) unsafe fn proxy_remove_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
) -> u32 {
    status(call::remove_header(map, unsafe { slice(name, name_size) }))
}
#[expect(clippy::too_many_arguments, reason = "the ABI's signature")]
pub(super) unsafe fn proxy_send_local_response(
    code: u32,
    details: *const u8,
    details_size: usize,
    body: *const u8,
    body_size: usize,
    headers: *const u8,
    headers_size: usize,
    grpc_status: i32,
) -> u32 {
    let (details, body) = unsafe { (slice(details, details_size), slice(body, body_size)) };
    let headers = unsafe { slice(headers, headers_size) };
    status(call::send_local_response(
        code,
        headers,
        body,
        details,
        grpc_status,
    ))
}
pub(super) unsafe fn proxy_continue_stream(stream: u32) -> u32 {
    status(call::continue_stream(stream))
}
#[expect(clippy::too_many_arguments, reason = "the ABI's signature")]
pub(super) unsafe fn proxy_http_call(
    cluster: *const u8,
    cluster_size: usize,
    headers: *const u8,
    headers_size: usize,
    body: *const u8,
    body_size: usize,
    _trailers: *const u8,
    _trailers_size: usize,
    timeout: u32,
    token: *mut u32,
) -> u32 {
    let (cluster, body) = unsafe { (slice(cluster, cluster_size), slice(body, body_size)) };
    let headers = unsafe { slice(headers, headers_size) };
    let sent = call::http_call(cluster, headers, body, timeout);
    status(sent.map(|number| unsafe { token.write(number) }))
}
pub(super) unsafe fn proxy_get_buffer_bytes(
    kind: u32,
    start: usize,
    most: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    status(call::buffer(kind, start, most).map(|bytes| unsafe { give(&bytes, data, size) }))
}
pub(super) unsafe fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    status(call::set_tick_period(period))
}
pub(super) unsafe fn proxy_get_current_time_nanoseconds(nanos: *mut u64) -> u32 {
    status(call::now().map(|now| unsafe { nanos.write(now) }))
}
pub(super) unsafe fn proxy_get_shared_data(
    key: *const u8,
    key_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
    mark: *mut u32,
) -> u32 {
    let found = call::shared_data(unsafe { slice(key, key_size) });
    status(found.map(|(bytes, now)| unsafe {
        give(&bytes, data, size);
        mark.write(now);
    }))
}
pub(super) unsafe fn proxy_set_shared_data(
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
    mark: u32,
) -> u32 {
    let (key, value) = unsafe { (slice(key, key_size), slice(value, value_size)) };
    status(call::set_shared_data(key, value, mark))
}
pub(super) unsafe fn proxy_set_effective_context(context: u32) -> u32 {
    status(call::set_effective_context(context))
}
pub(super) unsafe fn proxy_get_property(
    path: *const u8,
    path_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    let found = call::property(unsafe { slice(path, path_size) });
    status(found.map(|bytes| unsafe { give(&bytes, data, size) }))
}
pub(super) unsafe fn proxy_set_property(
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    let (name, value) = unsafe { (slice(name, name_size), slice(value, value_size)) };
    status(call::set_property(name, value))
}
pub(super) unsafe fn proxy_call_foreign_function(
    name: *const u8,
    name_size: usize,
    arguments: *const u8,
    arguments_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    let (name, arguments) = unsafe { (slice(name, name_size), slice(arguments, arguments_size)) };
    let result = foreign::call_foreign_function(name, arguments);
    status(result.map(|bytes| without_memory(|| unsafe { give(&bytes, data, size) })))
}
pub(super) unsafe fn proxy_define_metric(
    kind: u32,
    name: *const u8,
    name_size: usize,
    id: *mut u32,
) -> u32 {
    let name = unsafe { slice(name, name_size) };
    status(stats::define_metric(kind, name).map(|number| unsafe { id.write(number) }))
}
pub(super) unsafe fn proxy_increment_metric(id: u32, by: i64) -> u32 {
    status(stats::increment_metric(id, by))
}
pub(super) unsafe fn proxy_record_metric(id: u32, value: u64) -> u32 {
    status(stats::record_metric(id, value))
}
