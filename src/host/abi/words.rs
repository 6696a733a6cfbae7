//! The numbers that host and filter mean the same by.

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
pub(crate) struct MetricId(pub(super) u32);

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
