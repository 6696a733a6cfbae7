//! The numbers of the proxy-wasm ABI.

use crate::host::hostcalls::{MapKind, MetricKind};

/// The levels of the host's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host::wasm) enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// The buffer with the body of a callout's reply.
pub(super) const REPLY_BODY: u32 = 4;

/// The buffer with the configuration of a root.
pub(super) const CONFIGURATION: u32 = 7;

pub(super) const fn map_number(map: MapKind) -> u32 {
    match map {
        MapKind::Request => 0,
        MapKind::Response => 2,
        MapKind::Reply => 6,
    }
}

pub(super) const fn metric_number(kind: MetricKind) -> u32 {
    match kind {
        MetricKind::Counter => 0,
        MetricKind::Gauge => 1,
    }
}

pub(super) const fn level_of(level: LogLevel) -> u32 {
    match level {
        LogLevel::Trace => 0,
        LogLevel::Debug => 1,
        LogLevel::Info => 2,
        LogLevel::Warn => 3,
        LogLevel::Error => 4,
    }
}

/// The level of a number. Envoy has one more above "error", for lines that nothing writes.
pub(super) const fn level(number: u32) -> LogLevel {
    match number {
        0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        _ => LogLevel::Error,
    }
}

#[cfg(target_arch = "wasm32")]
const _: () = {
    use crate::host::hostcalls::{Action, Status};
    use proxy_wasm::types as abi;
    assert!(Action::Pause as u32 == abi::Action::Pause as u32);
    assert!(map_number(MapKind::Response) == abi::MapType::HttpResponseHeaders as u32);
    assert!(map_number(MapKind::Reply) == abi::MapType::HttpCallResponseHeaders as u32);
    assert!(REPLY_BODY == abi::BufferType::HttpCallResponseBody as u32);
    assert!(CONFIGURATION == abi::BufferType::PluginConfiguration as u32);
    assert!(level_of(LogLevel::Error) == abi::LogLevel::Error as u32);
    assert!(metric_number(MetricKind::Counter) == abi::MetricType::Counter as u32);
    assert!(metric_number(MetricKind::Gauge) == abi::MetricType::Gauge as u32);
    assert!(Status::CAS_MISMATCH.0 == abi::Status::CasMismatch as u32);
    assert!(Status::INTERNAL_FAILURE.0 == abi::Status::InternalFailure as u32);
};
