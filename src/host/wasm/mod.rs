//! The driver of the Wasm module: what is proxy-wasm, and nothing that another way of loading the filter needs.
//!
//! The host calls our callbacks (`abi/export.rs`), which hand them to the VM of this thread; and [`Wasm`] makes the calls
//! that the VM asks for.

mod abi;
#[cfg(any(target_arch = "wasm32", test))]
mod compare;
mod foreign;
mod log;

use crate::crypto::SignatureCheck;
use crate::time::Timestamp;

use super::hostcalls::{Failure, Host, MapKind, MetricId, MetricKind};
use super::id::{CallToken, ContextId};

#[cfg(feature = "fake-host")]
pub(super) use self::foreign::arguments as signature_arguments;
pub(super) use self::log::install as install_log;

/// A proxy-wasm host.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wasm;

/// Each method is one raw call. They are inlined, so that the boundary costs nothing.
impl Host for Wasm {
    fn follow_log_level(&self) {
        log::follow_level();
    }

    fn now(&self) -> Result<Timestamp, Failure> {
        abi::now()
    }

    #[cfg(target_arch = "wasm32")]
    fn variable(&self, name: &str) -> Option<String> {
        abi::variable(name)
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn variable(&self, name: &str) -> Option<String> {
        super::fake::call::variable(name)
    }

    fn configuration(&self, start: usize, most: usize) -> Result<Vec<u8>, Failure> {
        abi::configuration(start, most)
    }

    fn set_tick_period(&self, milliseconds: u32) -> Result<(), Failure> {
        abi::set_tick_period(milliseconds)
    }

    #[inline]
    fn set_effective_context(&self, context: ContextId) -> Result<(), Failure> {
        abi::set_effective_context(context)
    }

    #[inline]
    fn headers(&self, map: MapKind) -> Result<Vec<u8>, Failure> {
        abi::header_map(map)
    }

    #[inline]
    fn recycle(&self, buffer: Vec<u8>) {
        abi::give_back(buffer);
    }

    #[inline]
    fn add_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        abi::add_header(map, name, value)
    }

    #[inline]
    fn replace_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        abi::replace_header(map, name, value)
    }

    #[inline]
    fn remove_header(&self, map: MapKind, name: &[u8]) -> Result<(), Failure> {
        abi::remove_header(map, name)
    }

    fn continue_request(&self) -> Result<(), Failure> {
        abi::continue_request()
    }

    fn send_local_response(
        &self,
        status: u16,
        headers: &[u8],
        body: &[u8],
        details: &[u8],
        grpc_status: Option<u8>,
    ) -> Result<(), Failure> {
        abi::send_local_response(status, headers, body, details, grpc_status)
    }

    fn property(&self, name: &[u8]) -> Result<Vec<u8>, Failure> {
        abi::property(name)
    }

    fn set_property(&self, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        abi::set_property(name, value)
    }

    fn send_callout(
        &self,
        cluster: &[u8],
        headers: &[u8],
        body: &[u8],
        timeout: u32,
    ) -> Result<CallToken, Failure> {
        abi::http_call(cluster, headers, body, timeout)
    }

    fn reply_body(&self, most: usize) -> Result<Vec<u8>, Failure> {
        abi::reply_body(most)
    }

    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Failure> {
        abi::shared_data(key)
    }

    fn set_shared_data(&self, key: &[u8], value: &[u8], token: u32) -> Result<(), Failure> {
        abi::set_shared_data(key, value, token)
    }

    fn verify_signature(&self, check: &SignatureCheck<'_>) -> Result<bool, Failure> {
        foreign::verify_signature(check)
    }

    fn define_metric(&self, kind: MetricKind, name: &[u8]) -> Result<MetricId, Failure> {
        abi::define_metric(kind, name)
    }

    fn increment_metric(&self, metric: MetricId, by: i64) -> Result<(), Failure> {
        abi::increment_metric(metric, by)
    }

    fn record_metric(&self, metric: MetricId, value: u64) -> Result<(), Failure> {
        abi::record_metric(metric, value)
    }
}
