//! A second driver: it calls the fake host directly, without the raw edge of proxy-wasm.

use crate::crypto::SignatureCheck;
use crate::host::{CallToken, ContextId, Failure, Host, MapKind, MetricId, MetricKind, Status};
use crate::time::Timestamp;

use super::call::{self, Answer};
use super::{foreign, stats};

/// The fake host of this thread.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Native;

/// What an answer says of a call.
fn check<T>(call: &'static str, answer: Answer<T>) -> Result<T, Failure> {
    answer.map_err(|status| Failure {
        call,
        status: Status(status),
    })
}

const fn number(map: MapKind) -> u32 {
    match map {
        MapKind::Request => 0,
        MapKind::Response => 2,
        MapKind::Reply => 6,
    }
}

impl Host for Native {
    fn follow_log_level(&self) {
        // The threads of a test program share the level, and each has a fake host that filters.
        let _ = call::log_level();
    }

    fn now(&self) -> Result<Timestamp, Failure> {
        let now = check("proxy_get_current_time_nanoseconds", call::now())?;
        Ok(Timestamp::from_nanos(now))
    }

    fn variable(&self, name: &str) -> Option<String> {
        call::variable(name)
    }

    fn configuration(&self, start: usize, most: usize) -> Result<Vec<u8>, Failure> {
        check("proxy_get_buffer_bytes", call::buffer(7, start, most))
    }

    fn set_tick_period(&self, milliseconds: u32) -> Result<(), Failure> {
        let set = call::set_tick_period(milliseconds);
        check("proxy_set_tick_period_milliseconds", set)
    }

    fn set_effective_context(&self, context: ContextId) -> Result<(), Failure> {
        let set = call::set_effective_context(context.0);
        check("proxy_set_effective_context", set)
    }

    fn headers(&self, map: MapKind) -> Result<Vec<u8>, Failure> {
        check("proxy_get_header_map_pairs", call::header_map(number(map)))
    }

    fn add_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        let added = call::add_header(number(map), name, value);
        check("proxy_add_header_map_value", added)
    }

    fn replace_header(&self, map: MapKind, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        let replaced = call::replace_header(number(map), name, value);
        check("proxy_replace_header_map_value", replaced)
    }

    fn remove_header(&self, map: MapKind, name: &[u8]) -> Result<(), Failure> {
        let removed = call::remove_header(number(map), name);
        check("proxy_remove_header_map_value", removed)
    }

    fn continue_request(&self) -> Result<(), Failure> {
        check("proxy_continue_stream", call::continue_stream(0))
    }

    fn send_local_response(
        &self,
        status: u16,
        headers: &[u8],
        body: &[u8],
        details: &[u8],
        grpc_status: Option<u8>,
    ) -> Result<(), Failure> {
        let grpc_status = grpc_status.map_or(-1, i32::from);
        let sent = call::send_local_response(status.into(), headers, body, details, grpc_status);
        check("proxy_send_local_response", sent)
    }

    fn property(&self, name: &[u8]) -> Result<Vec<u8>, Failure> {
        check("proxy_get_property", call::property(name))
    }

    fn set_property(&self, name: &[u8], value: &[u8]) -> Result<(), Failure> {
        check("proxy_set_property", call::set_property(name, value))
    }

    fn send_callout(
        &self,
        cluster: &[u8],
        headers: &[u8],
        body: &[u8],
        timeout: u32,
    ) -> Result<CallToken, Failure> {
        let sent = call::http_call(cluster, headers, body, timeout);
        check("proxy_http_call", sent).map(CallToken)
    }

    fn reply_body(&self, most: usize) -> Result<Vec<u8>, Failure> {
        check("proxy_get_buffer_bytes", call::buffer(4, 0, most))
    }

    fn shared_data(&self, key: &[u8]) -> Result<(Vec<u8>, u32), Failure> {
        check("proxy_get_shared_data", call::shared_data(key))
    }

    fn set_shared_data(&self, key: &[u8], value: &[u8], token: u32) -> Result<(), Failure> {
        let set = call::set_shared_data(key, value, token);
        check("proxy_set_shared_data", set)
    }

    fn verify_signature(&self, check: &SignatureCheck<'_>) -> Result<bool, Failure> {
        let verified = foreign::verify_signature(check);
        self::check("proxy_call_foreign_function", verified)
    }

    fn define_metric(&self, kind: MetricKind, name: &[u8]) -> Result<MetricId, Failure> {
        let kind = match kind {
            MetricKind::Counter => 0,
            MetricKind::Gauge => 1,
        };
        let defined = stats::define_metric(kind, name);
        check("proxy_define_metric", defined).map(MetricId)
    }

    fn increment_metric(&self, metric: MetricId, by: i64) -> Result<(), Failure> {
        let added = stats::increment_metric(metric.0, by);
        check("proxy_increment_metric", added)
    }

    fn record_metric(&self, metric: MetricId, value: u64) -> Result<(), Failure> {
        let set = stats::record_metric(metric.0, value);
        check("proxy_record_metric", set)
    }
}
