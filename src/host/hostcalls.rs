//! The boundary between the adapter and a driver: what the adapter asks of its proxy.
//!
//! A driver is what differs between the ways of loading the filter. It passes the proxy's callbacks to a [`Vm`](super::Vm)
//! and implements [`Host`] by the proxy's calls. `wasm` is the driver of the Wasm module.

use crate::crypto::SignatureCheck;
use crate::time::Timestamp;

use super::id::{CallToken, ContextId};

/// The calls of a proxy. All of them take effect in the order in which they are made.
///
/// Calls about a stream go to the *effective* context: the one of the callback, until [`Host::set_effective_context`] names
/// another. No method calls back into the [`Vm`](super::Vm), with one exception: [`Host::send_callout`] may hand over the
/// reply at once.
///
/// # Errors
/// Each call fails with the status that the proxy answers. A call that fails has done nothing.
#[expect(
    clippy::missing_errors_doc,
    reason = "the trait says for all of them when they fail"
)]
pub trait Host {
    /// Sets the level of the `log` crate to that of the proxy's log, so that a line that the proxy would drop isn't formatted.
    /// It is called on configuration and on ticks: an operator who changes the level sees the change by the next tick.
    fn follow_log_level(&self);

    /// The time now.
    fn now(&self) -> Result<Timestamp, Failure>;

    /// A variable of the filter's environment; `None` where it isn't set, isn't UTF-8 or can't be read.
    fn variable(&self, name: &str) -> Option<String>;

    /// Bytes of the configuration that [`Vm::on_configure`](super::Vm::on_configure) is called for: `most` bytes from `start`
    /// on, fewer where it ends.
    fn configuration(&self, start: usize, most: usize) -> Result<Vec<u8>, Failure>;

    /// Has the effective context's root ticked every so many milliseconds; zero ends the ticks.
    fn set_tick_period(&self, milliseconds: u32) -> Result<(), Failure>;

    /// Makes `context` the effective one until the callback returns. A context that has ended is
    /// [`Status::BAD_ARGUMENT`].
    fn set_effective_context(&self, context: ContextId) -> Result<(), Failure>;

    /// All headers of a map in the wire form of [`Headers`](crate::http::Headers); no bytes where there is no such map now.
    fn headers(&self, map: MapKind) -> Result<Vec<u8>, Failure>;

    /// Takes a buffer of [`Host::headers`] back, so that its memory serves again.
    fn recycle(&self, buffer: Vec<u8>) {
        drop(buffer);
    }

    /// Adds one more value of `name`.
    fn add_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure>;

    /// Replaces all values of `name` by one.
    fn replace_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure>;

    /// Removes all values of `name`.
    fn remove_header(&self, map: MapKind, name: &[u8]) -> Result<(), Failure>;

    /// Lets the held request of the effective stream go on.
    fn continue_request(&self) -> Result<(), Failure>;

    /// Answers the effective stream by a local response. The headers are in wire form; `details` are the response-code
    /// details, which the access log can show; `grpc_status` is for clients that speak gRPC.
    fn send_local_response(
        &self,
        status: u16,
        headers: &[u8],
        body: &[u8],
        details: &[u8],
        grpc_status: Option<u8>,
    ) -> Result<(), Failure>;

    /// What the proxy knows of the effective context under this name; [`Status::NOT_FOUND`] where it knows nothing.
    fn property(&self, name: &[u8]) -> Result<Vec<u8>, Failure>;

    /// Sets a property of the effective stream, which the access log can show.
    fn set_property(&self, name: &[u8], value: &[u8]) -> Result<(), Failure>;

    /// Sends a callout. The headers are in wire form; the proxy gives up after `timeout` milliseconds, at least one. The reply
    /// comes by [`Vm::on_http_call_response`](super::Vm::on_http_call_response), with this token.
    fn send_callout(
        &self,
        cluster: &[u8],
        headers: &[u8],
        body: &[u8],
        timeout: u32,
    ) -> Result<CallToken, Failure>;

    /// The first `most` bytes of the body of the reply that is being handed over.
    fn reply_body(&self, most: usize) -> Result<Vec<u8>, Failure>;

    /// The bytes under a key of the data that all VMs share, and their compare-and-swap token.
    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Failure>;

    /// Writes shared data. With a token other than zero only where the key still has that token, or doesn't exist; else it
    /// fails with [`Status::CAS_MISMATCH`].
    fn set_shared_data(&self, key: &[u8], value: &[u8], token: u32) -> Result<(), Failure>;

    /// Whether a signature is good. A proxy without such a function fails.
    fn verify_signature(&self, check: &SignatureCheck<'_>) -> Result<bool, Failure>;

    /// Defines a stat. All VMs share the stats of one name; the id is this VM's own.
    fn define_metric(&self, kind: MetricKind, name: &[u8]) -> Result<MetricId, Failure>;

    /// Adds to a stat. Only a gauge takes less than zero.
    fn increment_metric(&self, metric: MetricId, by: i64) -> Result<(), Failure>;

    /// Sets a gauge.
    fn record_metric(&self, metric: MetricId, value: u64) -> Result<(), Failure>;
}

/// What the proxy may do with a stream when its headers have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Action {
    /// Let it go on.
    Continue = 0,
    /// Hold it with its body until it is continued or answered. Safe after a local response too.
    Pause = 1,
}

/// A header map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name says it")]
pub enum MapKind {
    Request,
    Response,
    /// The reply to a callout.
    Reply,
}

/// What a stat does with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It has the value that was recorded last.
    Gauge,
}

/// The proxy's number for a stat, in one VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricId(pub u32);

/// What a call answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// Done.
    pub const OK: Self = Self(0);
    /// No such thing.
    pub const NOT_FOUND: Self = Self(1);
    /// An argument is wrong: an unknown cluster or context, a map that isn't there now.
    pub const BAD_ARGUMENT: Self = Self(2);
    /// Another VM wrote the shared data since they were read.
    pub const CAS_MISMATCH: Self = Self(8);
    /// It didn't work, or the operator doesn't allow it.
    pub const INTERNAL_FAILURE: Self = Self(10);
}

/// A call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} answered {status}", status = .status.0)]
pub struct Failure {
    /// The call's name, as an operator allows or restricts it.
    pub call: &'static str,
    /// What it answered.
    pub status: Status,
}
