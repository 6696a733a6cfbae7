//! The upstreams of the tests, without a network.

use std::collections::BTreeMap;

use crate::case::{UpstreamAnswer, answer_for, bytes};
use crate::outcome::{Pairs, UPSTREAM_ANSWER, UPSTREAM_HEADER, values};

/// The answer of the upstreams to this request, or Envoy's own instead. It has the status first.
pub(crate) fn upstream_answer(file: &BTreeMap<String, UpstreamAnswer>, request: &Pairs) -> Pairs {
    let path = values(request, b":path").concat();
    let own = answer_for(file, &path);
    let pair = |name: &str, value: &str| (bytes(name), bytes(value));
    if own.down {
        return vec![pair(":status", "503"), pair("content-type", "text/plain")];
    }
    let status = own.status.unwrap_or(200).to_string();
    let usual = UPSTREAM_ANSWER
        .iter()
        .map(|(name, value)| pair(name, value));
    let more = own.headers.iter().map(|(name, value)| pair(name, value));
    std::iter::once(pair(":status", &status))
        .chain(usual)
        .chain(more)
        .collect()
}

/// The cluster that Envoy's route selects.
pub(crate) fn upstream_of(request: &Pairs) -> Result<String, String> {
    match values(request, UPSTREAM_HEADER.as_bytes()).as_slice() {
        [] => Ok("default".to_owned()),
        [one] => Ok(String::from_utf8_lossy(one).into_owned()),
        _ => Err("two values of the routing header".into()),
    }
}
