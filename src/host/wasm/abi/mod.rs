//! The raw host calls and callbacks of the proxy-wasm ABI. The only room with `unsafe`.
//!
//! Bytes in and out, and a [`Failure`] for every status but "ok": the wrappers of the `proxy-wasm` crate panic on a
//! status that they don't expect, and an operator's capability restriction makes any call answer "internal failure".
//! Natively `import` is the `fake` host, behind the same signatures, so that the tests run these same wrappers.
#![expect(
    unsafe_code,
    reason = "the host's functions take pointers, and the linker must see our callbacks by name"
)]

mod buffer;
#[cfg(target_arch = "wasm32")]
mod export;
#[cfg(target_arch = "wasm32")]
mod import;
mod numbers;
#[cfg(not(target_arch = "wasm32"))]
mod stand_in;

use std::ptr::{null, null_mut};

// Linked for its ABI marker; without a mention the linker drops it.
#[cfg(target_arch = "wasm32")]
use proxy_wasm as _;

use crate::host::hostcalls::{Failure, MapKind, MetricId, MetricKind, Status};
use crate::host::id::{CallToken, ContextId};
use crate::time::Timestamp;

use buffer::{adopt, reserve};
use numbers::{CONFIGURATION, REPLY_BODY, level, level_of, map_number, metric_number};
#[cfg(not(target_arch = "wasm32"))]
use stand_in as import;

pub(super) use buffer::give_back;
pub(super) use numbers::LogLevel;

/// The most bytes of a foreign function's result. Those of the one that is called have at most 64.
const LONGEST_RESULT: usize = 256;

/// The result of a call by its status.
fn check(call: &'static str, status: u32) -> Result<(), Failure> {
    match Status(status) {
        Status::OK => Ok(()),
        status => Err(Failure { call, status }),
    }
}

/// Makes a call that returns a buffer.
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
pub(in crate::host::wasm) fn log(level: LogLevel, line: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads the slice during the call.
    let status = unsafe { import::proxy_log(level_of(level), line.as_ptr(), line.len()) };
    check("proxy_log", status)
}

/// The level of the host's log.
pub(in crate::host::wasm) fn log_level() -> Result<LogLevel, Failure> {
    let mut level = 0;
    // SAFETY: the host writes one word during the call.
    let status = unsafe { import::proxy_get_log_level(&raw mut level) };
    check("proxy_get_log_level", status)?;
    Ok(self::level(level))
}

/// All pairs of a map in wire form; nothing at all where the map isn't there or is empty.
pub(in crate::host::wasm) fn header_map(map: MapKind) -> Result<Vec<u8>, Failure> {
    received("proxy_get_header_map_pairs", |data, size| {
        // SAFETY: the host writes both words during the call.
        unsafe { import::proxy_get_header_map_pairs(map_number(map), data, size) }
    })
}

/// Adds one more value of `name`.
pub(in crate::host::wasm) fn add_header(
    map: MapKind,
    name: &[u8],
    value: &[u8],
) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_add_header_map_value(
            map_number(map),
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_add_header_map_value", status)
}

/// Replaces all values of `name` by one.
pub(in crate::host::wasm) fn replace_header(
    map: MapKind,
    name: &[u8],
    value: &[u8],
) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_replace_header_map_value(
            map_number(map),
            name.as_ptr(),
            name.len(),
            value.as_ptr(),
            value.len(),
        )
    };
    check("proxy_replace_header_map_value", status)
}

/// Removes all values of `name`.
pub(in crate::host::wasm) fn remove_header(map: MapKind, name: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads the slice during the call.
    let status = unsafe {
        import::proxy_remove_header_map_value(map_number(map), name.as_ptr(), name.len())
    };
    check("proxy_remove_header_map_value", status)
}

/// Answers the effective stream. `headers` are in wire form; without a gRPC status Envoy derives one from `status` for
/// clients that speak gRPC.
pub(in crate::host::wasm) fn send_local_response(
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
pub(in crate::host::wasm) fn continue_request() -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_continue_stream", unsafe {
        import::proxy_continue_stream(0)
    })
}

/// Sends a callout. `headers` are in wire form; a timeout of zero would mean none.
pub(in crate::host::wasm) fn http_call(
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

/// The first `most` bytes of a reply's body; nothing at all where there is none now.
pub(in crate::host::wasm) fn reply_body(most: usize) -> Result<Vec<u8>, Failure> {
    piece(REPLY_BODY, 0, most)
}

/// The bytes of the configuration from `start` on: `most` of them, fewer only where it ends before.
pub(in crate::host::wasm) fn configuration(start: usize, most: usize) -> Result<Vec<u8>, Failure> {
    piece(CONFIGURATION, start, most)
}

fn piece(buffer: u32, start: usize, most: usize) -> Result<Vec<u8>, Failure> {
    received("proxy_get_buffer_bytes", |data, size| {
        // SAFETY: the host writes both words during the call.
        unsafe { import::proxy_get_buffer_bytes(buffer, start, most, data, size) }
    })
}

/// Has the root of the effective context ticked every so many milliseconds; zero ends it.
pub(in crate::host::wasm) fn set_tick_period(milliseconds: u32) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_set_tick_period_milliseconds", unsafe {
        import::proxy_set_tick_period_milliseconds(milliseconds)
    })
}

/// The host's clock.
pub(in crate::host::wasm) fn now() -> Result<Timestamp, Failure> {
    let mut nanos = 0;
    // SAFETY: the host writes eight bytes during the call.
    let status = unsafe { import::proxy_get_current_time_nanoseconds(&raw mut nanos) };
    check("proxy_get_current_time_nanoseconds", status)?;
    Ok(Timestamp::from_nanos(nanos))
}

/// The shared data under `key`, and their compare-and-swap token.
pub(in crate::host::wasm) fn shared_data(key: &[u8]) -> Result<(Vec<u8>, u32), Failure> {
    let mut mark = 0;
    let bytes = received("proxy_get_shared_data", |data, size| {
        // SAFETY: the host reads the slice and writes the three words during the call.
        unsafe { import::proxy_get_shared_data(key.as_ptr(), key.len(), data, size, &raw mut mark) }
    })?;
    Ok((bytes, mark))
}

/// Writes shared data under `key`; with a token other than zero only where the key still has it, or doesn't exist.
pub(in crate::host::wasm) fn set_shared_data(
    key: &[u8],
    value: &[u8],
    mark: u32,
) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_set_shared_data(key.as_ptr(), key.len(), value.as_ptr(), value.len(), mark)
    };
    check("proxy_set_shared_data", status)
}

/// Attributes the further calls of this callback to another context. A context that has ended is a bad argument.
pub(in crate::host::wasm) fn set_effective_context(context: ContextId) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_set_effective_context", unsafe {
        import::proxy_set_effective_context(context.0)
    })
}

/// What the host knows of the effective context under this name; "not found" where it knows nothing.
pub(in crate::host::wasm) fn property(name: &[u8]) -> Result<Vec<u8>, Failure> {
    received("proxy_get_property", |data, size| {
        // SAFETY: the host reads the slice and writes both words during the call.
        unsafe { import::proxy_get_property(name.as_ptr(), name.len(), data, size) }
    })
}

/// Sets a property of the effective stream. All filters of its request see it, and the access log can show it as
/// `%FILTER_STATE(wasm.NAME:PLAIN)%`.
pub(in crate::host::wasm) fn set_property(name: &[u8], value: &[u8]) -> Result<(), Failure> {
    // SAFETY: the host reads both slices during the call.
    let status = unsafe {
        import::proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len())
    };
    check("proxy_set_property", status)
}

/// Calls a function that the host has beyond the ABI, and returns its result.
///
/// Envoy 1.36 to 1.40 ends with a segmentation fault if it can't allocate memory for the result. So the memory is
/// there before the call.
pub(in crate::host::wasm) fn call_foreign_function(
    name: &[u8],
    arguments: &[u8],
) -> Result<Vec<u8>, Failure> {
    reserve(LONGEST_RESULT);
    received("proxy_call_foreign_function", |data, size| {
        // SAFETY: the host reads both slices and writes both words during the call.
        unsafe {
            import::proxy_call_foreign_function(
                name.as_ptr(),
                name.len(),
                arguments.as_ptr(),
                arguments.len(),
                data,
                size,
            )
        }
    })
}

/// Defines a stat. A name means the same stat in every VM, but each VM has a number of its own for it.
pub(in crate::host::wasm) fn define_metric(
    kind: MetricKind,
    name: &[u8],
) -> Result<MetricId, Failure> {
    let mut id = 0;
    // SAFETY: the host reads the slice and writes one word during the call.
    let status = unsafe {
        import::proxy_define_metric(metric_number(kind), name.as_ptr(), name.len(), &raw mut id)
    };
    check("proxy_define_metric", status)?;
    Ok(MetricId(id))
}

/// Adds to a stat. Only a gauge takes less than zero.
pub(in crate::host::wasm) fn increment_metric(metric: MetricId, by: i64) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_increment_metric", unsafe {
        import::proxy_increment_metric(metric.0, by)
    })
}

/// Sets a gauge.
pub(in crate::host::wasm) fn record_metric(metric: MetricId, value: u64) -> Result<(), Failure> {
    // SAFETY: no pointer is involved.
    check("proxy_record_metric", unsafe {
        import::proxy_record_metric(metric.0, value)
    })
}

/// Random bytes, other ones on each call; zeros where the host gives none.
#[cfg(target_arch = "wasm32")]
fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    // SAFETY: the host writes as many bytes as there are, during the call. On a failure they stay as they are; the standard
    // library would panic there, and the operator may have restricted this call.
    let _ = unsafe { import::random_get(bytes.as_mut_ptr(), bytes.len()) };
    bytes
}

/// A variable of the VM's environment: what `vm_config.environment_variables` sets, and nothing of Envoy's own. `None`
/// where it isn't set, is no UTF-8, or may not be asked for: the standard library would end the VM there.
#[cfg(target_arch = "wasm32")]
pub(in crate::host::wasm) fn variable(name: &str) -> Option<String> {
    let (mut count, mut size) = (0, 0);
    // SAFETY: the host writes both words during the call.
    if unsafe { import::environ_sizes_get(&raw mut count, &raw mut size) } != 0 {
        return None;
    }
    let mut pointers = vec![null_mut::<u8>(); count];
    let mut text = vec![0_u8; size];
    // SAFETY: there is room for as many pointers and bytes as the host has just said that it writes.
    if unsafe { import::environ_get(pointers.as_mut_ptr(), text.as_mut_ptr()) } != 0 {
        return None;
    }
    let set = text
        .split(|byte| *byte == 0)
        .find_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    String::from_utf8(set.to_vec()).ok()
}
