//! The raw edge: host calls out, callbacks in. The only file with `unsafe`; longer than most because it is the only one.
//!
//! Bytes in and out, and a [`Failure`] for every status but "ok": the wrappers of the `proxy-wasm` crate panic on a
//! status that they don't expect, and an operator's capability restriction makes any call answer "internal failure".
//! Natively `import` is the `fake` host, behind the same signatures, so that the tests run these same wrappers.
#![expect(
    unsafe_code,
    reason = "the host's functions take pointers, and the linker must see our callbacks by name"
)]

use std::cell::Cell;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ptr::{null, null_mut};

// Linked for its ABI marker; without a mention the linker drops it.
#[cfg(target_arch = "wasm32")]
use proxy_wasm as _;

use crate::time::Timestamp;

use super::id::{CallToken, ContextId};

/// What the host may do with a stream whose headers came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    /// Let it go on.
    Continue = 0,
    /// Hold it, body and all, until it is continued or answered. Safe after a local response too.
    Pause = 1,
}

/// Which header map a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum MapKind {
    Request = 0,
    Response = 2,
    Reply = 6,
}

/// Which buffer a call is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum BufferKind {
    ReplyBody = 4,
    Configuration = 7,
}

/// What a stat of the host's does with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum MetricKind {
    /// Only ever grows.
    Counter = 0,
    /// Is what was said last.
    Gauge = 1,
}

/// The host's number for a stat, in this VM alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MetricId(u32);

/// The host's levels of logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub(crate) enum LogLevel {
    Trace = 0,
    Debug = 1,
    Info = 2,
    Warn = 3,
    Error = 4,
}

/// What a host call answered; other than [`Status::OK`] it did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// No such thing.
    pub const NOT_FOUND: Self = Self(1);
    /// The host doesn't like an argument: an unknown cluster or context, a map that isn't there now.
    pub const BAD_ARGUMENT: Self = Self(2);
    /// Shared data was written by somebody else since it was read.
    pub const CAS_MISMATCH: Self = Self(8);
    /// It didn't work, or the operator's `capability_restriction_config` doesn't allow it.
    pub const INTERNAL_FAILURE: Self = Self(10);
}

#[cfg(target_arch = "wasm32")]
const _: () = {
    use proxy_wasm::types as abi;
    assert!(Action::Pause as u32 == abi::Action::Pause as u32);
    assert!(MapKind::Response as u32 == abi::MapType::HttpResponseHeaders as u32);
    assert!(MapKind::Reply as u32 == abi::MapType::HttpCallResponseHeaders as u32);
    assert!(BufferKind::ReplyBody as u32 == abi::BufferType::HttpCallResponseBody as u32);
    assert!(BufferKind::Configuration as u32 == abi::BufferType::PluginConfiguration as u32);
    assert!(LogLevel::Error as u32 == abi::LogLevel::Error as u32);
    assert!(MetricKind::Counter as u32 == abi::MetricType::Counter as u32);
    assert!(MetricKind::Gauge as u32 == abi::MetricType::Gauge as u32);
    assert!(Status::CAS_MISMATCH.0 == abi::Status::CasMismatch as u32);
    assert!(Status::INTERNAL_FAILURE.0 == abi::Status::InternalFailure as u32);
};

/// A host call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The call's name in the ABI, as an operator allows or restricts it.
    pub call: &'static str,
    /// What it answered.
    pub status: Status,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.call, self.status.0)
    }
}

impl std::error::Error for Failure {}

fn check(call: &'static str, status: u32) -> Result<(), Failure> {
    match Status(status) {
        Status::OK => Ok(()),
        status => Err(Failure { call, status }),
    }
}

/// A buffer of more bytes than this isn't kept.
const MOST_SPARE: usize = 16 * 1024;

thread_local! {
    /// What the host's next buffer is made of: most requests need one, and only one at a time.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// Where the host writes into the spare buffer, and how many bytes have room there.
    static LENT: Cell<(*mut u8, usize)> = const { Cell::new((null_mut(), 0)) };
}

/// Memory that the host may write `size` bytes to, until they are adopted.
fn allocate(size: usize) -> *mut u8 {
    let spare = SPARE.take();
    if size == 0 || spare.capacity() < size {
        SPARE.set(spare);
        return Box::into_raw(Box::<[u8]>::new_uninit_slice(size)).cast();
    }
    let mut spare = ManuallyDrop::new(spare);
    LENT.set((spare.as_mut_ptr(), spare.capacity()));
    spare.as_mut_ptr()
}

/// Takes over a buffer that the host allocated in this VM, without a copy.
///
/// # Safety
/// `data` is null, or came from [`allocate`] for `size` bytes, was the last that did, and nobody else owns it.
unsafe fn adopt(data: *mut u8, size: usize) -> Vec<u8> {
    if data.is_null() || size == 0 {
        return Vec::new();
    }
    let (lent, room) = LENT.replace((null_mut(), 0));
    let room = if lent == data { room } else { size };
    // SAFETY: this program allocated so much room there as bytes, and the host has filled `size` of them.
    unsafe { Vec::from_raw_parts(data, size, room) }
}

/// Keeps a buffer that came from the host for the next one.
pub(crate) fn give_back(buffer: Vec<u8>) {
    let spare = SPARE.take();
    let is_better = (spare.capacity()..=MOST_SPARE).contains(&buffer.capacity());
    SPARE.set(if is_better { buffer } else { spare });
}

/// Makes a call that hands a buffer over.
fn received(
    call: &'static str,
    ask: impl FnOnce(*mut *mut u8, *mut usize) -> u32,
) -> Result<Vec<u8>, Failure> {
    let mut data = null_mut();
    let mut size = 0;
    check(call, ask(&raw mut data, &raw mut size))?;
    // SAFETY: on success the host has written both, and gives the buffer away.
    Ok(unsafe { adopt(data, size) })
}

/// Writes one line to the host's log.
pub(crate) fn log(level: LogLevel, line: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads the slice during the call.
    let status = unsafe { import::proxy_log(level as u32, line.as_ptr(), line.len()) };
    check("proxy_log", status)
}

/// The level that the host's log is at.
pub(crate) fn log_level() -> Result<LogLevel, Failure> {
    let mut level = 0;
    // SAFETY: the host writes one word during the call.
    let status = unsafe { import::proxy_get_log_level(&raw mut level) };
    check("proxy_get_log_level", status)?;
    Ok(match level {
        0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        _ => LogLevel::Error,
    })
}

/// All pairs of a map in wire form; nothing at all where the map isn't there or is empty.
pub(crate) fn header_map(map: MapKind) -> Result<Vec<u8>, Failure> {
    received("proxy_get_header_map_pairs", |data, size| {
        // SAFETY: the host writes both words during the call.
        unsafe { import::proxy_get_header_map_pairs(map as u32, data, size) }
    })
}

/// Adds one more value of `name`.
pub(crate) fn add_header(map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_add_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_add_header_map_value", status)
}

/// Replaces all values of `name` by one.
pub(crate) fn replace_header(map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_replace_header_map_value(
            map as u32,
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_replace_header_map_value", status)
}

/// Removes all values of `name`.
pub(crate) fn remove_header(map: MapKind, name: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads the slice during the call.
    let status =
        unsafe { import::proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
    check("proxy_remove_header_map_value", status)
}

/// Answers the effective stream. `headers` are in wire form; without a gRPC status Envoy derives one from `status` for
/// clients that speak gRPC.
pub(crate) fn send_local_response(
    status: u16,
    headers: &[u8],
    body: &[u8],
    details: &[u8],
    grpc_status: Option<u8>,
) -> Result<(), Failure> {
    // SAFETY: the host reads the slices during the call.
    let status = unsafe {
        import::proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            grpc_status.map_or(-1, i32::from),
        )
    };
    check("proxy_send_local_response", status)
}

/// Lets the request of the effective stream go on.
pub(crate) fn continue_request() -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_continue_stream", unsafe {
        import::proxy_continue_stream(0)
    })
}

/// Sends a callout. `headers` are in wire form; a timeout of zero would mean none.
pub(crate) fn http_call(
    cluster: &[u8],
    headers: &[u8],
    body: &[u8],
    timeout_ms: u32,
) -> Result<CallToken, Failure> {
    let mut token = 0;
    // SAFETY: the host reads the slices and writes one word during the call; there are no trailers.
    let status = unsafe {
        import::proxy_http_call(
            cluster.as_ptr(),
            cluster.len(),
            headers.as_ptr(),
            headers.len(),
            body.as_ptr(),
            body.len(),
            null(),
            0,
            timeout_ms,
            &raw mut token,
        )
    };
    check("proxy_http_call", status)?;
    Ok(CallToken(token))
}

/// The first `most` bytes of a buffer; nothing at all where there is no such buffer now.
pub(crate) fn buffer(kind: BufferKind, most: usize) -> Result<Vec<u8>, Failure> {
    piece(kind, 0, most)
}

/// The bytes of a buffer from `start` on: `most` of them, fewer only where it ends before.
pub(crate) fn piece(kind: BufferKind, start: usize, most: usize) -> Result<Vec<u8>, Failure> {
    received("proxy_get_buffer_bytes", |data, size| {
        // SAFETY: the host writes both words during the call.
        unsafe { import::proxy_get_buffer_bytes(kind as u32, start, most, data, size) }
    })
}

/// Has the root of the effective context ticked every so many milliseconds; zero ends it.
pub(crate) fn set_tick_period(milliseconds: u32) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_set_tick_period_milliseconds", unsafe {
        import::proxy_set_tick_period_milliseconds(milliseconds)
    })
}

/// The host's clock.
pub(crate) fn now() -> Result<Timestamp, Failure> {
    let mut nanos = 0;
    // SAFETY: the host writes eight bytes during the call.
    let status = unsafe { import::proxy_get_current_time_nanoseconds(&raw mut nanos) };
    check("proxy_get_current_time_nanoseconds", status)?;
    Ok(Timestamp::from_nanos(nanos))
}

/// What is shared under `key`, and its mark.
pub(crate) fn shared_data(key: &[u8]) -> Result<(Vec<u8>, u32), Failure> {
    let mut mark = 0;
    let bytes = received("proxy_get_shared_data", |data, size| {
        // SAFETY: the host reads the slice and writes the three words during the call.
        unsafe { import::proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut mark) }
    })?;
    Ok((bytes, mark))
}

/// Shares `value` under `key`; with a mark other than zero only where the key still has it, or doesn't exist.
pub(crate) fn set_shared_data(key: &[u8], value: &[u8], mark: u32) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), mark)
    };
    check("proxy_set_shared_data", status)
}

/// Has the further calls of this callback attributed to another context. It ends with the callback. A context that is
/// gone is a bad argument.
pub(crate) fn set_effective_context(context: ContextId) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_set_effective_context", unsafe {
        import::proxy_set_effective_context(context.0)
    })
}

/// Says something of the effective stream that its access log can show, as `%FILTER_STATE(wasm.NAME:PLAIN)%`.
pub(crate) fn set_property(name: &[u8], value: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len())
    };
    check("proxy_set_property", status)
}

/// Names a stat. The same name means the same stat in every VM, but each has a number of its own for it.
pub(crate) fn define_metric(kind: MetricKind, name: &[u8]) -> Result<MetricId, Failure> {
    let mut id = 0;
    // SAFETY: the host reads the slice and writes one word during the call.
    let status =
        unsafe { import::proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &raw mut id) };
    check("proxy_define_metric", status)?;
    Ok(MetricId(id))
}

/// Adds to a stat; what is less than zero only to a gauge.
pub(crate) fn increment_metric(metric: MetricId, by: i64) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_increment_metric", unsafe {
        import::proxy_increment_metric(metric.0, by)
    })
}

/// Says what a gauge is now.
pub(crate) fn record_metric(metric: MetricId, value: u64) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_record_metric", unsafe {
        import::proxy_record_metric(metric.0, value)
    })
}

/// Some random bits; zero where there are none to be had.
#[cfg(target_arch = "wasm32")]
fn random() -> u64 {
    let mut bits = 0_u64;
    // SAFETY: the host writes eight bytes during the call. On a failure the word stays as it is; the standard library
    // would panic there, and the operator may have restricted this call.
    let _ = unsafe { import::random_get((&raw mut bits).cast(), 8) };
    bits
}

/// A variable of the VM's environment: what `vm_config.environment_variables` sets, and nothing of Envoy's own. `None`
/// where it isn't set, is no UTF-8, or may not be asked for: the standard library would end the VM there.
#[cfg(target_arch = "wasm32")]
pub(crate) fn variable(name: &str) -> Option<String> {
    let (mut count, mut size) = (0, 0);
    // SAFETY: the host writes both words during the call.
    if unsafe { import::environ_sizes_get(&raw mut count, &raw mut size) } != 0 {
        return None;
    }
    let mut places = vec![null_mut::<u8>(); count];
    let mut text = vec![0_u8; size];
    // SAFETY: there is room for as many places and bytes as the host has just said that it writes.
    if unsafe { import::environ_get(places.as_mut_ptr(), text.as_mut_ptr()) } != 0 {
        return None;
    }
    let set = text
        .split(|byte| *byte == 0)
        .find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(set.to_vec()).ok()
}

#[cfg(target_arch = "wasm32")]
mod import {
    #[link(wasm_import_module = "env")]
    unsafe extern "C" {
        pub(super) fn proxy_log(level: u32, line: *const u8, size: usize) -> u32;
        pub(super) fn proxy_get_log_level(level: *mut u32) -> u32;
        pub(super) fn proxy_get_header_map_pairs(
            map: u32,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_add_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> u32;
        pub(super) fn proxy_replace_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> u32;
        pub(super) fn proxy_remove_header_map_value(
            map: u32,
            name: *const u8,
            name_size: usize,
        ) -> u32;
        pub(super) fn proxy_send_local_response(
            status: u32,
            details: *const u8,
            details_size: usize,
            body: *const u8,
            body_size: usize,
            headers: *const u8,
            headers_size: usize,
            grpc_status: i32,
        ) -> u32;
        pub(super) fn proxy_continue_stream(stream: u32) -> u32;
        pub(super) fn proxy_http_call(
            cluster: *const u8,
            cluster_size: usize,
            headers: *const u8,
            headers_size: usize,
            body: *const u8,
            body_size: usize,
            trailers: *const u8,
            trailers_size: usize,
            timeout: u32,
            token: *mut u32,
        ) -> u32;
        pub(super) fn proxy_get_buffer_bytes(
            kind: u32,
            start: usize,
            most: usize,
            data: *mut *mut u8,
            size: *mut usize,
        ) -> u32;
        pub(super) fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
        pub(super) fn proxy_get_current_time_nanoseconds(nanos: *mut u64) -> u32;
        pub(super) fn proxy_get_shared_data(
            key: *const u8,
            key_size: usize,
            data: *mut *mut u8,
            size: *mut usize,
            mark: *mut u32,
        ) -> u32;
        pub(super) fn proxy_set_shared_data(
            key: *const u8,
            key_size: usize,
            value: *const u8,
            value_size: usize,
            mark: u32,
        ) -> u32;
        pub(super) fn proxy_set_effective_context(context: u32) -> u32;
        pub(super) fn proxy_set_property(
            name: *const u8,
            name_size: usize,
            value: *const u8,
            value_size: usize,
        ) -> u32;
        pub(super) fn proxy_define_metric(
            kind: u32,
            name: *const u8,
            name_size: usize,
            id: *mut u32,
        ) -> u32;
        pub(super) fn proxy_increment_metric(id: u32, by: i64) -> u32;
        pub(super) fn proxy_record_metric(id: u32, value: u64) -> u32;
    }

    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        pub(super) fn random_get(bytes: *mut u8, size: usize) -> i32;
        pub(super) fn environ_sizes_get(count: *mut usize, size: *mut usize) -> i32;
        pub(super) fn environ_get(places: *mut *mut u8, text: *mut u8) -> i32;
    }
}

/// The same functions, over the fake host of this thread.
#[cfg(not(target_arch = "wasm32"))]
mod import {
    use crate::host::fake::call;

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
            let pointer = super::allocate(bytes.len());
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

    // SAFETY of all below: their only callers are the wrappers above, which pass slices and places of their own.
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
    pub(super) unsafe fn proxy_set_property(
        name: *const u8,
        name_size: usize,
        value: *const u8,
        value_size: usize,
    ) -> u32 {
        let (name, value) = unsafe { (slice(name, name_size), slice(value, value_size)) };
        status(call::set_property(name, value))
    }
    pub(super) unsafe fn proxy_define_metric(
        kind: u32,
        name: *const u8,
        name_size: usize,
        id: *mut u32,
    ) -> u32 {
        let name = unsafe { slice(name, name_size) };
        status(call::define_metric(kind, name).map(|number| unsafe { id.write(number) }))
    }
    pub(super) unsafe fn proxy_increment_metric(id: u32, by: i64) -> u32 {
        status(call::increment_metric(id, by))
    }
    pub(super) unsafe fn proxy_record_metric(id: u32, value: u64) -> u32 {
        status(call::record_metric(id, value))
    }
}

/// The callbacks, as `postern_on_*`: the `proxy-wasm` crate has the names that the host calls, and the step after the
/// link puts ours in their place.
///
/// Each one that is exported costs every request, so there is no `on_log`, and no `on_done` either: Envoy calls it right
/// before `on_delete`, for streams and for roots, and shared data can still be written there. `on_vm_start` has nothing
/// to do.
#[cfg(target_arch = "wasm32")]
mod export {
    use std::slice::from_raw_parts;

    use super::{Action, CallToken, ContextId, allocate, random};
    use crate::host::{Vm, compare::compare};

    thread_local! {
        static VM: Vm = Vm::new(random());
    }

    unsafe extern "C" {
        /// Made by the linker: runs the C library's and the language's initialisers.
        fn __wasm_call_ctors();
    }

    /// In place of the C library's, by its name.
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
        let (left, right) =
            unsafe { (from_raw_parts(left, length), from_raw_parts(right, length)) };
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
}

#[cfg(test)]
mod tests {
    use super::{MOST_SPARE, adopt, allocate, give_back};

    /// A buffer as the host makes one: it allocates, writes, and we adopt.
    fn handed_over(bytes: &[u8]) -> Vec<u8> {
        let data = allocate(bytes.len());
        // SAFETY: so many bytes have room there, and nobody else has them.
        unsafe {
            data.copy_from_nonoverlapping(bytes.as_ptr(), bytes.len());
            adopt(data, bytes.len())
        }
    }

    #[test]
    fn a_buffer_that_was_given_back_is_the_next_ones_memory() {
        let first = handed_over(&[1; 600]);
        let place = first.as_ptr();
        give_back(first);
        for size in [600, 1, 599] {
            let next = handed_over(&vec![2; size]);
            assert_eq!(
                (next.as_ptr(), next.len(), next.capacity()),
                (place, size, 600)
            );
            assert!(next.iter().all(|byte| *byte == 2));
            give_back(next);
        }
    }

    #[test]
    fn a_buffer_has_one_owner() {
        give_back(handed_over(&[1; 600]));
        let first = handed_over(&[1; 600]);
        let second = handed_over(&[2; 500]);
        assert_ne!(first.as_ptr(), second.as_ptr());
        give_back(second);
        give_back(first);
        // The larger one was kept.
        assert_eq!(handed_over(&[3; 600]).capacity(), 600);
    }

    #[test]
    fn what_does_not_fit_has_memory_of_its_own() {
        give_back(handed_over(&[1; 100]));
        let larger = handed_over(&[2; 101]);
        assert_eq!((larger.len(), larger.capacity()), (101, 101));
        assert_eq!(handed_over(&[3; 100]).capacity(), 100);
        assert!(handed_over(&[]).is_empty());
    }

    #[test]
    fn a_buffer_that_never_came_harms_none() {
        give_back(handed_over(&[1; 600]));
        // The host allocated, and then failed.
        let lost = allocate(600);
        let next = handed_over(&[2; 600]);
        assert_ne!(next.as_ptr().cast_mut(), lost);
        assert_eq!(next, [2; 600]);
        // SAFETY: it is still what was allocated; its bytes are the first buffer's.
        drop(unsafe { Vec::from_raw_parts(lost, 600, 600) });
    }

    #[test]
    fn a_huge_buffer_is_let_go() {
        give_back(handed_over(&vec![1; MOST_SPARE + 1]));
        assert_eq!(handed_over(&[2; 10]).capacity(), 10);
        give_back(handed_over(&vec![1; MOST_SPARE]));
        assert_eq!(handed_over(&[2; 10]).capacity(), MOST_SPARE);
    }
}
